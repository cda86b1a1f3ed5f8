"""How do the old card sources work? Each is a payment method that these endpoints show as a card."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import customers, payment_methods
from engine.sandbox.twin.payments.card_input import card_of_token, expiry_sent
from engine.sandbox.twin.values.types import Obj, Objs, clone

_BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
_ADDRESS = {
    "address_city": "city",
    "address_country": "country",
    "address_line1": "line1",
    "address_line2": "line2",
    "address_state": "state",
    "address_zip": "postal_code",
}


def add(world: World, token: str, customer: Obj, *, validate: bool = True) -> Obj:
    """Keep the card of a token as a source; the first one is what the customer pays with."""
    card = card_of_token(token, "source")
    method = payment_methods.new_card(world, card, clock=customer["_clock"], id_=world.ids.new("card"))
    if validate and not method["_attachable"]:
        raise payment_methods.decline_error(method)
    method["_is_source"] = True
    world.shelf.own(method, customer["id"])
    if customer["default_source"] is None:
        customer["default_source"] = method["id"]
    world.emit("customer.source.created", shown(method))
    return method


def shown(method: Obj) -> Obj:
    """A payment method as the card object of old."""
    card, bill = method["card"], method["billing_details"]
    address: Obj = bill["address"] or {}
    copied = ("country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status")
    return {
        "id": method["id"],
        "object": "card",
        **{old: address.get(new) for old, new in _ADDRESS.items()},
        "address_line1_check": card["checks"]["address_line1_check"],
        "address_zip_check": card["checks"]["address_postal_code_check"],
        "brand": _BRANDS[card["brand"]],
        "customer": method["customer"],
        "cvc_check": card["checks"]["cvc_check"],
        "dynamic_last4": None,
        "metadata": clone(method["metadata"]),
        "name": bill["name"],
        "tokenization_method": None,
        **{name: card[name] for name in copied},
        "_account": method["_account"],
        "_clock": method["_clock"],
    }


def _all(world: World, customer: str) -> Objs:
    return world.shelf.find("payment_method", customer=customer, _is_source=True)


def _find(call: Call) -> Obj:
    method = call.world.shelf.take(call.id)
    if method is None or not method.get("_is_source") or method["customer"] != call.path["customerId"]:
        raise no_such("source", call.id)
    return method


def create(call: Call) -> Obj:
    """Keep the card of a token."""
    world, params = call.world, call.params
    customer = customers.fetch(world, call.id, "customer")
    before = clone(customer)
    method = add(world, params["source"], customer, validate=params.get("validate", True))
    merge_metadata(method, params)
    if customer != before:
        world.emit("customer.updated", customer, before=before)
    return shown(method)


def retrieve(call: Call) -> Obj:
    """One card."""
    return shown(_find(call))


def list_all(call: Call) -> Obj:
    """The cards of a customer, newest first; bank accounts there are none."""
    customers.fetch(call.world, call.id, "customer")
    kind = call.params.get("object", "card")
    found = [shown(method) for method in _all(call.world, call.id)] if kind == "card" else []
    return page(f"/v1/customers/{call.id}/sources", call.params, found)


def update(call: Call) -> Obj:
    """Change name, address, expiry or metadata of a card."""
    world, params = call.world, call.params
    method = _find(call)
    before = shown(method)
    for name in ("account_holder_name", "account_holder_type", "owner"):
        if name in params:
            raise invalid(f"You cannot update `{name}` of a card.", param=name)
    address: Obj = method["billing_details"]["address"]
    for old, new in _ADDRESS.items():
        if old in params:
            address[new] = params[old] or None
    if "name" in params:
        method["billing_details"]["name"] = params["name"] or None
    _update_expiry(world, method, params)
    merge_metadata(method, params)
    world.emit("customer.source.updated", shown(method), before=before)
    return shown(method)


def _update_expiry(world: World, method: Obj, params: Any) -> None:
    asked: Obj = params.hand_on("exp_month", "exp_year")
    for name, value in asked.items():
        if not (value.isascii() and value.isdigit()):
            raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    if asked:
        present = {name: method["card"][name] for name in ("exp_month", "exp_year")}
        method["card"].update(expiry_sent(world, {**present, **asked}, "card"))


def delete(call: Call) -> Obj:
    """Take a card away; the newest that is left becomes the default."""
    world = call.world
    method = _find(call)
    customer = world.fetch("customer", method["customer"])
    before = clone(customer)
    gone = shown(method)
    was_default = customer["default_source"] == method["id"]
    payment_methods.detach_from_all(world, method, told=False)
    world.emit("customer.source.deleted", gone)
    left = _all(world, customer["id"])
    if was_default:
        customer["default_source"] = left[-1]["id"] if left else None
        world.emit("customer.updated", customer, before=before)
    return {"id": method["id"], "object": "card", "deleted": True}


def verify(call: Call) -> Obj:
    """Refused: only bank accounts are verified."""
    _find(call)
    raise invalid("Only a bank account can be verified, not a card.", param="id")


def shown_with(world: World, customer: Obj) -> Obj:
    """The list that `expand` puts into a customer."""
    found = [shown(method) for method in reversed(_all(world, customer["id"]))]
    return listing(f"/v1/customers/{customer['id']}/sources", found)


def default_of(world: World, customer: Obj) -> Obj | None:
    """The default source as `expand` shows it."""
    method = world.shelf.peek(customer.get("default_source") or "")
    return method and shown(method)


ROUTES: Routes = {
    "POST /v1/customers/{id}/sources": create,
    "GET /v1/customers/{id}/sources": list_all,
    "GET /v1/customers/{customerId}/sources/{id}": retrieve,
    "POST /v1/customers/{customerId}/sources/{id}": update,
    "DELETE /v1/customers/{customerId}/sources/{id}": delete,
    "POST /v1/customers/{customerId}/sources/{id}/verify": verify,
}
