"""What does a page ask for? Labelled fields, and the choice of a card."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.objects.cards import PAGE_CARDS, Card, card_by_number, valid_number
from engine.sandbox.twin.values.types import Obj, Objs

from .html import Html, el

CARD_WORDS = {
    "visa": "Visa •••• 4242 (works)",
    "mastercard": "Mastercard •••• 4444 (works)",
    "requires_3ds": "Visa •••• 3184 (asks for 3D Secure)",
    "declines_on_charge": "Visa •••• 0341 (can be kept, then declines)",
    "insufficient_funds": "Visa •••• 9995 (insufficient funds)",
    "declined": "Visa •••• 0002 (declined)",
    "expired_card": "Visa •••• 0069 (expired)",
}
ON_FILE = "default"
_COUNTRIES = {
    "US": "United States", "GB": "United Kingdom", "DE": "Germany", "FR": "France", "ES": "Spain",
    "IT": "Italy", "NL": "Netherlands", "AT": "Austria", "CH": "Switzerland", "IE": "Ireland",
    "CA": "Canada", "AU": "Australia", "JP": "Japan",
}  # fmt: skip


def field(label: str, name: str, *, value: str | None = None, kind: str = "text", **more: str | bool) -> Html:
    """A labelled input."""
    id_ = name.replace("[", "-").replace("]", "")
    return el(
        "div",
        el("label", label, for_=id_),
        el("input", id=id_, name=name, type=kind, value=value, **more),
    )


def select(label: str, name: str, options: dict[str, str], chosen: str | None = None) -> Html:
    """A labelled choice of one."""
    id_ = name.replace("[", "-").replace("]", "")
    shown = [el("option", text, value=value, selected=value == chosen) for value, text in options.items()]
    return el("div", el("label", label, for_=id_), el("select", *shown, id=id_, name=name))


def check(
    label: str, name: str, *, checked: bool = False, kind: str = "checkbox", value: str = "yes"
) -> Html:
    """A box to tick."""
    box = el("input", type=kind, name=name, value=value, checked=checked)
    return el("label", box, el("span", label), class_="check")


def address(prefix: str, held: Obj | None, countries: list[str] | None = None) -> Html:
    """The fields of an address."""
    known = held or {}
    codes = countries if countries is not None else list(_COUNTRIES)
    named = {code: _COUNTRIES.get(code, code) for code in codes}
    return el(
        "div",
        select("Country", f"{prefix}[country]", named, known.get("country")),
        field("Address", f"{prefix}[line1]", value=known.get("line1")),
        el(
            "div",
            field("Postal code", f"{prefix}[postal_code]", value=known.get("postal_code")),
            field("City", f"{prefix}[city]", value=known.get("city")),
            class_="pair",
        ),
    )


def cards(saved: Objs, sent: Obj, *, on_file: bool = False) -> Html:
    """The cards to choose from: those on file, the test cards, or any test number."""
    options = {ON_FILE: "Card on file"} if on_file else {}
    options |= {card["id"]: f"Saved: {card_words(card)}" for card in saved}
    options |= CARD_WORDS
    return el(
        "fieldset",
        el("legend", "Payment method"),
        select("Card", "payment_method", options, sent.get("payment_method")),
        field(
            "Or a test card number",
            "card_number",
            value=sent.get("card_number"),
            inputmode="numeric",
            autocomplete="off",
            placeholder="4242 4242 4242 4242",
        ),
    )


def card_words(method: Obj) -> str:
    """A card in words: `Visa •••• 4242`."""
    card = method["card"]
    return f"{str(card['brand']).capitalize()} •••• {card['last4']}"


def chosen_card(sent: Obj, usual: str = "visa") -> Card | str:
    """The test card that the form names or types; an id of a card on file stays a text."""
    number = "".join(str(sent.get("card_number") or "").split())
    if number:
        return _by_number(number)
    name = str(sent.get("payment_method") or usual)
    if name == ON_FILE or name.startswith("pm_"):
        return name
    card = PAGE_CARDS.get(name)
    if card is None:
        known = ", ".join(PAGE_CARDS)
        raise invalid(f"Unknown card: {name}. The page knows {known}.", param="payment_method")
    return card


def _by_number(number: str) -> Card:
    if not valid_number(number):
        raise invalid("Your card number is invalid.", param="card_number", code="invalid_number")
    return card_by_number(number)
