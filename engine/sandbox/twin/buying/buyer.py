"""What does the buyer tell on the page? Checked, then kept with the session and the customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.customers import tax_ids
from engine.sandbox.twin.objects.cards import Card
from engine.sandbox.twin.objects.customers import new_customer
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


@dataclass(frozen=True, slots=True)
class Submission:
    """What the buyer sent: a card, whether the bank was satisfied, quantities, and the form's texts."""

    card: Card | None = None
    saved: str | None = None
    authenticated: bool = False
    quantities: dict[str, int] = field(default_factory=dict[str, int])
    form: Obj = field(default_factory=dict[str, Any])

    def text(self, name: str) -> str | None:
        """A text of the form; nothing where it was left empty."""
        value = self.form.get(name)
        return value.strip() or None if isinstance(value, str) else None


def listen(session: Obj, sent: Submission) -> None:
    """Keep what the buyer told with the session; raises for what is missing or wrong."""
    details: Obj = session["customer_details"] or {}
    blank = dict.fromkeys(
        ("address", "business_name", "individual_name", "email", "name", "phone", "tax_ids")
    )
    session["customer_details"] = details = {**blank, "tax_exempt": "none", **details}
    details["email"] = session["customer_email"] or details["email"] or sent.text("email")
    if details["email"] is None:
        raise _required("Email", "email")
    _listen_to_contact(session, details, sent)
    _listen_to_shipping(session, sent)
    _listen_to_custom_fields(session, inside(sent.form, "custom"))
    _listen_to_consent(session, sent)


def _required(label: str, param: str) -> StripeError:
    return invalid(f"{label} is required.", param=param)


def _listen_to_contact(session: Obj, details: Obj, sent: Submission) -> None:
    details["name"] = sent.text("name") or details["name"]
    if session["phone_number_collection"]["enabled"]:
        details["phone"] = sent.text("phone") or details["phone"]
        if details["phone"] is None:
            raise _required("Phone number", "phone")
    for kind, given in inside(session, "name_collection").items():
        named = sent.text(f"{kind}_name")
        if given["enabled"] and named is None and not given.get("optional"):
            raise _required(f"{kind.capitalize()} name", f"{kind}_name")
        details[f"{kind}_name"] = session["collected_information"][f"{kind}_name"] = named
    address = _address(inside(sent.form, "address"))
    if session["billing_address_collection"] == "required" and (not address or not address["country"]):
        raise _required("Billing address", "address")
    if address:
        details["address"] = address
    _listen_to_tax_id(session, details, inside(sent.form, "tax_id"))


def _address(given: Obj) -> Obj | None:
    shown = {name: str(given.get(name) or "").strip() or None for name in _ADDRESS}
    return shown if any(shown.values()) else None


def _listen_to_tax_id(session: Obj, details: Obj, given: Obj) -> None:
    if not session["tax_id_collection"]["enabled"]:
        return
    value = str(given.get("value") or "").strip()
    details["tax_ids"] = [{"type": str(given.get("type") or "eu_vat"), "value": value}] if value else []


def _listen_to_shipping(session: Obj, sent: Submission) -> None:
    asked = session["shipping_address_collection"]
    if not asked:
        return
    collected = session["collected_information"]
    told = inside(sent.form, "shipping")
    address = _address(inside(told, "address"))
    if address:
        name = str(told.get("name") or "").strip() or session["customer_details"]["name"] or ""
        collected["shipping_details"] = {"address": address, "name": name}
    held = collected["shipping_details"]
    if not held or not held["address"]["line1"] or not held["name"]:
        raise _required("Shipping address", "shipping")
    if held["address"]["country"] not in asked["allowed_countries"]:
        raise invalid("We do not ship to this country.", param="shipping[address][country]")


def _listen_to_custom_fields(session: Obj, told: Obj) -> None:
    fields: Objs = session["custom_fields"]
    for asked in fields:
        about = asked[asked["type"]]
        value = str(told.get(asked["key"]) or "").strip() or None
        where = f"custom[{asked['key']}]"
        if value is None:
            if not asked["optional"]:
                raise _required(str(asked["label"]["custom"]), where)
        elif not _is_fit(asked["type"], about, value):
            raise invalid(f"{asked['label']['custom']} is not valid.", param=where)
        about["value"] = value


def _is_fit(kind: str, about: Obj, value: str) -> bool:
    if kind == "dropdown":
        return any(option["value"] == value for option in about["options"])
    least, most = about["minimum_length"] or 0, about["maximum_length"] or len(value)
    return least <= len(value) <= most and (kind == "text" or value.isdigit())


def _listen_to_consent(session: Obj, sent: Submission) -> None:
    asked = session["consent_collection"]
    if not asked:
        return
    accepted = sent.text("terms") == "yes"
    terms = asked["terms_of_service"] == "required"
    if terms and not accepted:
        raise invalid("You must accept the terms of service.", param="terms")
    told = "opt_in" if sent.text("promotions") == "yes" else "opt_out"
    promotions = told if asked["promotions"] == "auto" else None
    session["consent"] = {"promotions": promotions, "terms_of_service": "accepted" if terms else None}


def customer_of(world: World, session: Obj) -> Obj | None:
    """The customer of the session, a new one, or nobody: then the buyer is a guest."""
    details: Obj = session["customer_details"]
    if session["customer"]:
        customer = world.refer("customer", session["customer"], "customer")
        _update(world, session, customer, details)
        _keep_tax_ids(world, customer, details)
        return customer
    wanted = session["customer_creation"] == "always" or inside(session, "invoice_creation").get("enabled")
    if not wanted:
        return None
    about = {name: clone(details[name]) for name in ("address", "name", "phone")}
    customer = new_customer(world, details["email"], **about, shipping=_shipping(session))
    world.shelf.own(session, customer["id"])
    _keep_tax_ids(world, customer, details)
    return customer


def _keep_tax_ids(world: World, customer: Obj, details: Obj) -> None:
    """The tax ids that were told become the customer's, those that they have already excepted."""
    held = {(each["type"], each["value"]) for each in world.shelf.owned("tax_id", customer["id"])}
    for told in details["tax_ids"] or ():
        if (told["type"], told["value"]) not in held:
            tax_ids.add(world, told["type"], told["value"], customer, param="tax_id[value]")


def _shipping(session: Obj) -> Obj | None:
    held = session["collected_information"]["shipping_details"]
    return {"phone": session["customer_details"]["phone"], **clone(held)} if held else None


def _update(world: World, session: Obj, customer: Obj, details: Obj) -> None:
    """Bring the customer up to date where the session may."""
    before = clone(customer)
    may: Obj = session["_customer_update"]
    customer["email"] = customer["email"] or details["email"]
    if may.get("address") == "auto" and details["address"]:
        customer["address"] = clone(details["address"])
    if may.get("name") == "auto" and details["name"]:
        customer["name"] = details["name"]
    if may.get("shipping") == "auto" and _shipping(session):
        customer["shipping"] = _shipping(session)
    if session["phone_number_collection"]["enabled"]:
        customer["phone"] = details["phone"]
    if customer != before:
        world.emit("customer.updated", customer, before=before)
