"""How do the pages look on which a customer does one thing? Change the card, cancel, change the plan."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted import forms
from engine.sandbox.twin.hosted.html import Html, Part, brand, document, el, every, price_words, problem
from engine.sandbox.twin.hosted.invoice_page import day
from engine.sandbox.twin.invoicing.lines import product_name
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, inside

from .deeds import last_end
from .features import allowed_prices

_REASONS = {
    "too_expensive": "It is too expensive",
    "missing_features": "Features are missing",
    "switched_service": "I have switched to another service",
    "unused": "I do not use it",
    "customer_service": "The customer service was poor",
    "too_complex": "It is too complex",
    "low_quality": "The quality is low",
    "other": "Another reason",
}


def _page(title: str, back: str | None, error: str | None, *parts: Part) -> str:
    link = el("a", "← Back", href=back, class_="back") if back else None
    inner = (link, brand(), el("h2", title), problem(error), *parts)
    return document(title, el("section", *inner), narrow=True)


def change_card(session: Obj, sent: Obj, back: str | None, error: str | None = None) -> str:
    """The page on which a new card is told."""
    form = el(
        "form",
        forms.cards([], sent),
        el("button", "Save card"),
        method="post",
        action=f"/p/session/{session['id']}/payment-method",
    )
    return _page("Update your payment method", back, error, form)


def change_customer(
    session: Obj, customer: Obj, allowed: list[str], back: str | None, error: str | None = None
) -> str:
    """The page on which customers tell of themselves."""
    parts: list[Part] = []
    kinds = {"email": "email", "name": "text", "phone": "tel"}
    for name, kind in kinds.items():
        if name in allowed:
            parts.append(forms.field(name.capitalize(), name, kind=kind, value=customer[name]))
    if "address" in allowed:
        held = forms.address("address", customer["address"])
        parts.append(el("fieldset", el("legend", "Address"), held))
    if "shipping" in allowed:
        shipping = inside(customer, "shipping")
        parts.append(
            el(
                "fieldset",
                el("legend", "Shipping"),
                forms.field("Recipient", "shipping[name]", value=shipping.get("name")),
                forms.address("shipping[address]", inside(shipping, "address")),
            )
        )
    form = el(
        "form", *parts, el("button", "Save"), method="post", action=f"/p/session/{session['id']}/customer"
    )
    return _page("Update your information", back, error, form)


def cancel(
    world: World,
    subscription: Obj,
    features: Obj,
    at: str,
    back: str | None,
    coupon: Obj | None,
    error: str | None,
) -> str:
    """The page that asks whether to cancel, why, and whether an offer would help."""
    how = features["subscription_cancel"]
    now = how["mode"] == "immediately"
    when = "at once" if now else f"on {day(last_end(subscription))}"
    reasons = how["cancellation_reason"]
    asked: list[Part] = []
    if reasons["enabled"]:
        options = {"": "Choose"} | {name: _REASONS[name] for name in reasons["options"] if name in _REASONS}
        asked = [
            forms.select("Why do you cancel?", "feedback", options),
            forms.field("Anything to add?", "comment"),
        ]
    return _page(
        "Cancel your plan",
        back,
        error,
        *_items(world, subscription),
        el("p", f"Your plan will be canceled {when}.", class_="note"),
        _offer(coupon, at),
        el(
            "form", *asked, el("button", "Cancel plan", class_="danger"), method="post", action=f"{at}/cancel"
        ),
    )


def pause(
    world: World, subscription: Obj, features: Obj, at: str, back: str | None, error: str | None
) -> str:
    """The page that asks whether to pause, and for how long where that is offered."""
    duration = features["subscription_pause"]["duration"]
    spans: list[Part] = []
    if duration["type"] == "interval_options":
        options = {str(place): every(span) for place, span in enumerate(duration["interval_options"])}
        spans = [forms.select("Pause for", "duration", options)]
    form = el("form", *spans, el("button", "Pause plan"), method="post", action=f"{at}/pause")
    return _page("Pause your plan", back, error, *_items(world, subscription), form)


def _items(world: World, subscription: Obj) -> list[Part]:
    return [
        el("p", product_name(world, item["price"]), el("small", price_words(item["price"])))
        for item in subscription["items"]["data"]
    ]


def _offer(coupon: Obj | None, at: str) -> Html | None:
    if coupon is None:
        return None
    off = (
        f"{coupon['percent_off']:g}%"
        if coupon["percent_off"]
        else money(coupon["amount_off"], coupon["currency"])
    )
    button = el("button", f"Stay with {off} off")
    return el("form", button, method="post", action=f"{at}/stay", style="margin-bottom:10px")


def change_plan(
    world: World, subscription: Obj, features: Obj, at: str, back: str | None, error: str | None = None
) -> str:
    """The page with the prices to choose from."""
    item = subscription["items"]["data"][0]
    held, allowed = item["price"]["id"], features["subscription_update"]["default_allowed_updates"]
    boxes: list[Part] = []
    adjusts = False
    for id_, entry in allowed_prices(features).items():
        price = world.shelf.peek(id_)
        if price is None or price["currency"] != subscription["currency"]:
            continue
        adjusts = adjusts or entry["adjustable_quantity"]["enabled"]
        if "price" in allowed or id_ == held:
            words = f"{product_name(world, price)}: {price_words(price)}{' (current)' if id_ == held else ''}"
            boxes.append(forms.check(words, "price", kind="radio", value=id_, checked=id_ == held))
    if adjusts and "quantity" in allowed:
        count = str(item.get("quantity") or 1)
        boxes.append(forms.field("Quantity", "quantity", kind="number", value=count, min="0"))
    if "promotion_code" in allowed:
        boxes.append(forms.field("Promotion code", "promotion_code"))
    form = el("form", *boxes, el("button", "Continue"), method="post", action=f"{at}/update")
    return _page("Update your plan", back, error, form)


def confirm(
    world: World,
    subscription: Obj,
    wanted: Obj,
    due: int | None,
    at: str,
    back: str | None,
    more: Obj,
    error: str | None,
) -> str:
    """The page that says what the change costs and asks to confirm it."""
    price = world.shelf.peek(wanted["price"]) or {}
    count = wanted.get("quantity") or 1
    words = f"{count} \u00d7 " if count > 1 else ""
    told = "Nothing is due today."
    if due:
        told = f"{money(due, subscription['currency'])} is due today."
    hidden = {"price": wanted["price"], "quantity": wanted.get("quantity"), "confirmed": "yes", **more}
    kept = [
        el("input", type="hidden", name=name, value=value)
        for name, value in hidden.items()
        if value is not None
    ]
    return _page(
        "Confirm your update",
        back,
        error,
        el("p", f"{words}{product_name(world, price)}", el("small", price_words(price))),
        el("p", told, class_="note"),
        el("form", *kept, el("button", "Confirm"), method="post", action=f"{at}/update"),
    )


def done(text: str, back: str | None) -> str:
    """The page after a flow that ends with a confirmation."""
    link = el("a", "Return", href=back, class_="button plain") if back else None
    return _page("Done", None, None, el("p", text, class_="note"), link)


def login(error: str | None = None) -> str:
    """The page on which a customer asks for a way in."""
    form = el(
        "form",
        forms.field("Email", "email", kind="email", required=True),
        el("button", "Continue"),
        method="post",
    )
    return _page("Log in to your billing", None, error, form)
