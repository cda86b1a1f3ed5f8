"""How does the page of a Checkout Session look? The order, and what the buyer has to tell."""

from __future__ import annotations

from engine.sandbox.twin.buying.choices import saved_cards
from engine.sandbox.twin.buying.completion import asks_for_card
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, inside

from . import forms
from .html import Html, Part, document, el, message, problem
from .order_page import order

_VERBS = {"auto": "Pay", "pay": "Pay", "book": "Book", "donate": "Donate", "subscribe": "Subscribe"}
_CODE_PARAM = "promotion_code"


def checkout(
    world: World, session: Obj, sent: Obj, error: str | None = None, param: str | None = None
) -> str:
    """The page of an open session; after a refusal with what is wrong and what was typed."""
    in_order = param == _CODE_PARAM or (param or "").startswith("q[")
    left = order(world, session, problem(error if in_order else None))
    hidden = el("button", "Continue", class_="default", tabindex="-1", aria_hidden="true")
    right = el(
        "section",
        problem(None if in_order else error),
        *_contact(session, sent),
        *_custom_fields(session, sent),
        forms.cards(saved_cards(world, session), sent) if asks_for_card(session) else None,
        *_consent(session),
        _words(session, "submit"),
        el("button", _button(session)),
        _words(session, "after_submit"),
        el("p", "Test mode: no card is charged. Try a card that declines.", class_="fine"),
    )
    # The hidden button comes first, so that the enter key pays instead of updating the order.
    form = el("form", hidden, el("main", left, right, class_="two"), method="post")
    return document("Checkout", form, bare=True)


def ended(session: Obj) -> str:
    """The page of a session that is over."""
    back = session["cancel_url"] or session["success_url"]
    link = el("a", "Return", href=back, class_="button plain") if session["cancel_url"] else None
    return message("Checkout", f"This session is {session['status']}.", link)


def thanks() -> str:
    """Where the buyer stays when the session has nowhere to lead to."""
    return message("Thank you", "Everything went through. You can close this page.")


def _button(session: Obj) -> str:
    if session["mode"] == "setup":
        return "Save card"
    if session["mode"] == "subscription":
        trial = {"trial_period_days", "trial_end"} & session["_subscription_data"].keys()
        usual = "Start trial" if trial else "Subscribe"
        return _VERBS.get(session["submit_type"] or "", usual)
    verb = _VERBS.get(session["submit_type"] or "auto", "Pay")
    return f"{verb} {money(session['amount_total'], session['currency'])}"


def _contact(session: Obj, sent: Obj) -> list[Part]:
    details: Obj = session["customer_details"] or {}
    parts: list[Part] = [el("h2", "Contact")]
    known = session["customer_email"] or details.get("email")
    if known:
        parts.append(el("p", str(known), class_="note"))
    else:
        parts.append(
            forms.field(
                "Email", "email", kind="email", value=sent.get("email"), required=True, autocomplete="email"
            )
        )
    name = sent.get("name") or details.get("name")
    if session["mode"] != "setup":
        parts.append(forms.field("Name", "name", value=name, autocomplete="name"))
    if session["phone_number_collection"]["enabled"]:
        phone = sent.get("phone") or details.get("phone")
        parts.append(forms.field("Phone number", "phone", kind="tel", value=phone, required=True))
    for kind, asked in inside(session, "name_collection").items():
        if asked["enabled"]:
            label, needed = f"{kind.capitalize()} name", not asked.get("optional")
            typed = sent.get(f"{kind}_name")
            parts.append(forms.field(label, f"{kind}_name", value=typed, required=needed))
    return parts + _addresses(session, sent, details)


def _addresses(session: Obj, sent: Obj, details: Obj) -> list[Part]:
    parts: list[Part] = []
    if session["billing_address_collection"] == "required":
        held = inside(sent, "address") or details.get("address")
        parts.append(el("fieldset", el("legend", "Billing address"), forms.address("address", held)))
    shipping = session["shipping_address_collection"]
    if shipping:
        told = inside(sent, "shipping")
        fields = forms.address("shipping[address]", inside(told, "address"), shipping["allowed_countries"])
        parts.append(
            el(
                "fieldset",
                el("legend", "Shipping address"),
                _words(session, "shipping_address"),
                forms.field("Recipient", "shipping[name]", value=told.get("name")),
                fields,
            )
        )
    if session["tax_id_collection"]["enabled"]:
        told = inside(sent, "tax_id")
        kinds = {"eu_vat": "EU VAT", "gb_vat": "GB VAT", "us_ein": "US EIN", "ch_vat": "CH VAT"}
        kind = forms.select("Tax ID type", "tax_id[type]", kinds, told.get("type"))
        value = forms.field("Tax ID", "tax_id[value]", value=told.get("value"))
        parts.append(el("div", kind, value, class_="pair"))
    return parts


def _custom_fields(session: Obj, sent: Obj) -> list[Part]:
    told = inside(sent, "custom")
    parts: list[Part] = []
    for asked in session["custom_fields"]:
        about = asked[asked["type"]]
        label = f"{asked['label']['custom']}{' (optional)' if asked['optional'] else ''}"
        name, value = f"custom[{asked['key']}]", told.get(asked["key"]) or about["default_value"]
        if asked["type"] == "dropdown":
            options = {"": "Choose"} | {option["value"]: option["label"] for option in about["options"]}
            parts.append(forms.select(label, name, options, value))
        else:
            parts.append(forms.field(label, name, value=value, required=not asked["optional"]))
    return parts


def _consent(session: Obj) -> list[Part]:
    asked: Obj = session["consent_collection"] or {}
    parts: list[Part] = []
    if inside(session, "saved_payment_method_options").get("payment_method_save") == "enabled":
        parts.append(forms.check("Save my card for the next time", "save_card"))
    if asked.get("promotions") == "auto":
        parts.append(forms.check("Send me news and offers", "promotions"))
    if asked.get("terms_of_service") == "required":
        own = inside(session, "custom_text", "terms_of_service_acceptance").get("message")
        parts.append(forms.check(own or "I accept the terms of service", "terms"))
    return parts


def _words(session: Obj, name: str) -> Html | None:
    text = inside(session, "custom_text", name).get("message")
    return el("p", str(text), class_="fine", style="margin:0 0 14px") if text else None
