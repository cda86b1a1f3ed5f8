"""How does the front page of the portal look? Plans, the card, what is known of the customer, invoices."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted import forms
from engine.sandbox.twin.hosted.html import Html, Part, badge, brand, document, el, price_words, problem
from engine.sandbox.twin.hosted.invoice_page import day
from engine.sandbox.twin.invoicing.lines import product_name
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, inside

from .deeds import default_card, last_end, live_subscriptions

_MOST_INVOICES = 12
_STATES = {"active": "good", "trialing": "good", "past_due": "bad", "unpaid": "bad", "incomplete": "bad"}
_INVOICE_STATES = {"paid": "good", "open": None, "void": "bad", "uncollectible": "bad"}


def home(world: World, session: Obj, features: Obj, profile: Obj, error: str | None = None) -> str:
    """The front page."""
    base = f"/p/session/{session['id']}"
    customer = world.shelf.peek(session["customer"]) or {}
    back = session["return_url"]
    links = [
        el("a", text, href=profile[name], style="margin-right:14px")
        for name, text in (("privacy_policy_url", "Privacy"), ("terms_of_service_url", "Terms"))
        if profile[name]
    ]
    return document(
        "Billing",
        el(
            "section",
            el("a", "← Return", href=back, class_="back") if back else None,
            brand(),
            el("h2", profile["headline"] or "Manage your billing"),
            problem(error),
            el("h1", "Current plans"),
            _plans(world, session, features, base),
        ),
        _card(world, customer, features, base),
        _customer(customer, features, base),
        _invoices(world, session) if features["invoice_history"]["enabled"] else None,
        el("section", *links) if links else None,
    )


def _plans(world: World, session: Obj, features: Obj, base: str) -> Part:
    found = live_subscriptions(world, session["customer"])
    if not found:
        return el("p", "You have no plan.")
    return [_plan(world, held, features, f"{base}/subscriptions/{held['id']}") for held in found]


def _plan(world: World, held: Obj, features: Obj, at: str) -> Html:
    rows: list[Part] = []
    for item in held["items"]["data"]:
        count = item.get("quantity") or 1
        words = f"{count} \u00d7 " if count > 1 else ""
        rows.append(el("div", el("strong", f"{words}{product_name(world, item['price'])}")))
        rows.append(el("small", price_words(item["price"])))
    state = badge(held["status"].replace("_", " "), _STATES.get(held["status"]))
    head = el("div", el("div", *rows), state, class_="head")
    return el("div", head, el("small", _what_comes(held)), _actions(held, features, at), class_="item")


def _what_comes(held: Obj) -> str:
    if held["cancel_at"] is not None:
        return f"Your plan will be canceled on {day(held['cancel_at'])}."
    if held["status"] == "trialing":
        return f"Your trial ends on {day(held['trial_end'])}."
    if held["status"] == "paused":
        return "Your plan is paused."
    return f"Your plan renews on {day(last_end(held))}."


def _actions(held: Obj, features: Obj, at: str) -> Html:
    parts: list[Part] = []
    updates = features["subscription_update"]["enabled"] and len(held["items"]["data"]) == 1
    if updates and held["cancel_at"] is None:
        parts.append(el("a", "Update plan", href=f"{at}/update", class_="button plain small"))
    if features["subscription_cancel"]["enabled"] and held["cancel_at"] is None:
        parts.append(el("a", "Cancel plan", href=f"{at}/cancel", class_="button plain small"))
    pauses = features["subscription_pause"]["enabled"]
    if held["status"] == "paused":
        resume = el("button", "Resume plan", class_="plain small")
        parts.append(el("form", resume, method="post", action=f"{at}/resume"))
    elif pauses and held["cancel_at"] is None:
        parts.append(el("a", "Pause plan", href=f"{at}/pause", class_="button plain small"))
    if held["cancel_at"] is not None:
        renew = el("button", "Don't cancel plan", class_="plain small")
        parts.append(el("form", renew, method="post", action=f"{at}/renew"))
    return el("div", *parts, class_="actions")


def _card(world: World, customer: Obj, features: Obj, base: str) -> Html:
    held = default_card(world, customer)
    expires = ""
    if held is not None:
        expires = f" expires {held['card']['exp_month']:02}/{held['card']['exp_year']}"
    words = f"{forms.card_words(held)}{expires}" if held is not None else "No card is kept."
    update = el("a", "Update card", href=f"{base}/payment-method", class_="button plain small")
    enabled = features["payment_method_update"]["enabled"]
    return el("section", el("h1", "Payment method"), el("p", words), update if enabled else None)


def _customer(customer: Obj, features: Obj, base: str) -> Html:
    facts = {"Name": customer["name"], "Email": customer["email"], "Phone": customer["phone"]}
    address = inside(customer, "address")
    order = ("line1", "line2", "postal_code", "city", "country")
    facts["Address"] = ", ".join(str(address[name]) for name in order if address.get(name)) or None
    shown = [(el("dt", name), el("dd", str(value))) for name, value in facts.items() if value]
    update = el("a", "Update information", href=f"{base}/customer", class_="button plain small")
    enabled = features["customer_update"]["enabled"]
    return el("section", el("h1", "Billing information"), el("dl", *shown), update if enabled else None)


def _invoices(world: World, session: Obj) -> Html:
    found = world.shelf.find("invoice", customer=session["customer"])
    shown = [held for held in reversed(found) if held["status"] != "draft"][:_MOST_INVOICES]
    rows = [
        el(
            "tr",
            el(
                "td",
                el("a", day(held["created"]), href=held["hosted_invoice_url"]),
                el("small", held["number"]),
            ),
            el("td", badge(held["status"], _INVOICE_STATES.get(held["status"]))),
            el("td", money(held["total"], held["currency"])),
        )
        for held in shown
    ]
    table: Part = el("table", *rows) if rows else el("p", "There are no invoices.")
    return el("section", el("h1", "Invoice history"), table)
