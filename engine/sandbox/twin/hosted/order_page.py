"""What does the buyer see of the order? The left side of the checkout page: lines, codes, shipping, sums."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.sandbox.twin.checkout.lines import bounds_of
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import product_name
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, Objs, inside

from . import forms
from .html import Html, Part, amount_row, brand, el, every, price_words

_TITLES = {"subscription": "Subscribe", "payment": "Pay", "setup": "Save your payment details"}


def order(world: World, session: Obj, problem: Part) -> Html:
    """The side of the page that says what is bought."""
    branding: Obj = session.get("branding_settings") or {"display_name": "Wallstreet"}
    cancel = session["cancel_url"]
    seller = str(branding["display_name"])
    return el(
        "section",
        el("a", "← Back", href=cancel, class_="back") if cancel else None,
        brand(seller),
        el("h1", _TITLES[session["mode"]]),
        _headline(session),
        problem,
        _lines(session) if session["_lines"] else None,
        _optional(world, session),
        _code(session) if session["allow_promotion_codes"] else None,
        _shipping(world, session),
        _sums(world, session) if session["_lines"] else None,
    )


def _headline(session: Obj) -> Part:
    if not session["_lines"]:
        return None
    total = money(session["amount_total"], session["currency"])
    return [el("p", total, class_="total"), el("p", _afterwards(session), class_="after")]


def _afterwards(session: Obj) -> str:
    """What follows the first payment: the trial, the rhythm."""
    recurring: Objs = [line for line in session["_lines"] if line["price"]["recurring"]]
    if not recurring:
        return "One payment"
    rhythm = " and ".join(
        dict.fromkeys(f"every {every(line['price']['recurring'])}" for line in recurring)
    ).replace("every 1 ", "every ")
    data: Obj = session["_subscription_data"]
    if data.get("trial_period_days"):
        return f"{data['trial_period_days']} days free, then billed {rhythm}"
    if data.get("trial_end"):
        until = datetime.fromtimestamp(data["trial_end"], UTC)
        return f"Free until {until:%B} {until.day}, {until:%Y}, then billed {rhythm}"
    return f"Due today, then billed {rhythm}"


def _lines(session: Obj) -> Html:
    adjusts = any(inside(line, "adjustable_quantity").get("enabled") for line in session["_lines"])
    rows = [_line(line, session["currency"]) for line in session["_lines"]]
    update = el(
        "button",
        "Update quantities",
        name="action",
        value="update",
        class_="plain small",
        formnovalidate=True,
    )
    return el("div", el("table", *rows), update if adjusts else None)


def _line(line: Obj, currency: str) -> Html:
    price = price_words(line["price"])
    adjusts = inside(line, "adjustable_quantity").get("enabled")
    words = price if adjusts or line["quantity"] == 1 else f"{line['quantity']} \u00d7 {price}"
    return el(
        "tr",
        el(
            "td",
            str(line["description"] or ""),
            el("small", words),
            _quantity(line) if adjusts else None,
        ),
        el("td", money(line["amount_subtotal"], currency)),
    )


def _quantity(line: Obj) -> Html:
    least, most = bounds_of(line)
    name = f"q[{line['id']}]"
    label = f"Quantity of {line['description']}"
    typed = el(
        "input", type="number", name=name, value=line["quantity"], min=least, max=most, aria_label=label
    )
    return el("div", el("small", "Quantity"), typed, class_="row")


def _optional(world: World, session: Obj) -> Part:
    added = {line.get("_optional") for line in session["_lines"]}
    rows: list[Part] = []
    offered: Objs = session.get("optional_items") or []
    for item in offered:
        price = world.shelf.peek(item["price"]) or {}
        isin = item["price"] in added
        words = f"{product_name(world, price)} - {price_words(price)}"
        rows.append(
            el(
                "div",
                el("span", words, style="flex:1"),
                el(
                    "button",
                    "Remove" if isin else "Add",
                    name=f"optional[{item['price']}]",
                    value="no" if isin else "yes",
                    class_="plain small",
                    formnovalidate=True,
                    aria_label=f"{'Remove' if isin else 'Add'} {product_name(world, price)}",
                ),
                class_="row item",
            )
        )
    return [el("h2", "Add to your order", style="margin-top:20px"), *rows] if rows else None


def _code(session: Obj) -> Html:
    if session["_discounts"]:
        remove = el(
            "button",
            "Remove code",
            name="action",
            value="remove_code",
            class_="plain small",
            formnovalidate=True,
        )
        return el("div", remove, style="margin-top:14px")
    typed = el(
        "input",
        name="promotion_code",
        aria_label="Promotion code",
        placeholder="Promotion code",
        autocomplete="off",
    )
    apply = el(
        "button", "Apply", name="action", value="apply_code", class_="plain small", formnovalidate=True
    )
    return el("div", typed, apply, class_="row", style="margin-top:14px")


def _shipping(world: World, session: Obj) -> Part:
    options: Objs = session["shipping_options"]
    if not options:
        return None
    chosen = inside(session, "shipping_cost").get("shipping_rate")
    boxes: list[Part] = []
    for option in options:
        rate = world.shelf.peek(option["shipping_rate"]) or {"display_name": "Shipping"}
        words = f"{rate['display_name']} - {money(option['shipping_amount'], session['currency'])}"
        picked = option["shipping_rate"] == chosen
        value = option["shipping_rate"]
        boxes.append(forms.check(words, "shipping_rate", checked=picked, kind="radio", value=value))
    update = el(
        "button", "Update shipping", name="action", value="update", class_="plain small", formnovalidate=True
    )
    return el("fieldset", el("legend", "Shipping"), *boxes, update if len(options) > 1 else None)


def _sums(world: World, session: Obj) -> Html:
    details, currency = session["total_details"], session["currency"]
    rows: list[Part] = [amount_row("Subtotal", session["amount_subtotal"], currency, "sum first")]
    if details["amount_discount"]:
        rows.append(amount_row(_discount_words(world, session), -details["amount_discount"], currency))
    if session["shipping_cost"]:
        rows.append(amount_row("Shipping", details["amount_shipping"], currency))
    if details["amount_tax"]:
        rows.append(amount_row("Tax", details["amount_tax"], currency))
    rows.append(amount_row("Total due today", session["amount_total"], currency, "sum due"))
    return el("table", *rows, style="margin-top:14px")


def _discount_words(world: World, session: Obj) -> str:
    given: Obj = session["_discounts"][0]
    code = world.shelf.peek(given.get("promotion_code") or "")
    if code is not None:
        return f"Discount ({code['code']})"
    coupon = world.shelf.peek(given.get("coupon") or "") or {}
    return f"Discount ({coupon['name']})" if coupon.get("name") else "Discount"
