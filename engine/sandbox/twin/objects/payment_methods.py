"""What is paid with? Cards: made from test ids, attached to customers, detached."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError, invalid, missing, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import kinds
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .cards import CARDS, DECLINES, WORKS, Card, card_by_number, card_by_token

_FINGERPRINT_LENGTH = 16


def new_card(world: World, card: Card, *, clock: str | None = None, customer: str | None = None) -> Obj:
    """A payment method of its own for a test card."""
    method = new_of_kind(world, "card", _card_details(world, card), clock=clock, customer=customer)
    method["_behaviour"] = card.behaviour
    method["_attachable"] = card.can_be_attached
    return method


def new_of_kind(
    world: World, kind: str, details: Obj, *, clock: str | None = None, customer: str | None = None
) -> Obj:
    """A payment method of any kind."""
    fields: Obj = {
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": _no_address(),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "customer": customer,
        "metadata": {},
        "type": kind,
        "_behaviour": WORKS,
        "_attachable": True,
    }
    return world.new("payment_method", "pm", {**fields, kind: details}, clock=clock)


def _no_address() -> Obj:
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def _card_details(world: World, card: Card) -> Obj:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": world.ids.token(_FINGERPRINT_LENGTH),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def create(call: Call) -> Obj:
    """A card from a test token or number, attached to nobody."""
    world, params = call.world, call.params
    if params.get("type", "card") != "card":
        return _described(params, new_of_kind(world, *kinds.new_details(world, params)))
    given: Any = params.get("card") or {}
    token = given.get("token")
    card = card_by_token(token) if token else card_by_number(given.get("number", "4242"))
    if card is None:
        raise no_such("token", given["token"], param="card[token]", status=400)
    return _described(params, new_card(world, card))


def _described(params: Params, method: Obj) -> Obj:
    """The payment method with what a client says about any of them."""
    assign(method, params, "allow_redisplay")
    given: Obj = params.whole("billing_details") or {}
    address: Obj = {**method["billing_details"]["address"], **(given.pop("address", None) or {})}
    method["billing_details"].update({**given, "address": address})
    merge_metadata(method, params)
    return method


def resolve(world: World, id_: str, param: str, status: int = 400, clock: str | None = None) -> Obj:
    """The payment method with this id; a test id such as `pm_card_visa` becomes a new one."""
    card = CARDS.get(id_)
    return (
        new_card(world, card, clock=clock)
        if card
        else world.fetch("payment_method", id_, param=param, status=status)
    )


def of_customer(world: World, id_: str, customer: Obj, param: str) -> Obj:
    """A payment method of this customer; raises 400 when it is another's or nobody's."""
    method = world.shelf.take(id_)
    if method is None and id_ not in CARDS:
        raise no_such("PaymentMethod", id_, param=param, status=400)
    if method is None or method.get("customer") != customer["id"]:
        text = (
            f"The customer does not have a payment method with the ID {id_}."
            " The payment method must be attached to the customer."
        )
        raise invalid(text, param=param, code="resource_missing")
    return method


def attach_to(world: World, id_: str, customer: Obj, param: str, status: int = 400) -> Obj:
    """Attach a card; one that declines its check answers 402 and stays off."""
    method = resolve(world, id_, param, status, customer["_clock"])
    if method["customer"] == customer["id"]:
        return method
    if method["customer"] is not None:
        text = "The payment method you provided has already been attached to a customer."
        raise invalid(text, code="payment_method_unexpected_state")
    kinds.refuse_to_pay(method)
    if not method["_attachable"]:
        raise decline_error(method)
    method["_clock"] = customer["_clock"]
    world.shelf.own(method, customer["id"])
    world.emit("payment_method.attached", method)
    return method


def decline_error(method: Obj) -> StripeError:
    """The 402 of a card that fails the check when it is attached."""
    decline = DECLINES[method["_behaviour"]]
    return StripeError(
        decline.message,
        status=PAYMENT_REQUIRED,
        kind="card_error",
        code=decline.code,
        param="",
        decline_code=decline.decline_code,
        advice_code=decline.advice,
        network_decline_code="01",
    )


def attach(call: Call) -> Obj:
    """Attach a card to a customer; a test id gives a new payment method."""
    world = call.world
    if "customer" not in call.params:
        raise missing("customer")
    customer = world.refer("customer", call.params["customer"], "customer")
    return attach_to(world, call.id, customer, "payment_method", 404)


def detach(call: Call) -> Obj:
    """Take a card from its customer, and from whatever names it as default."""
    world = call.world
    method = world.fetch("payment_method", call.id, param="payment_method")
    if method["customer"] is None:
        text = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(text, code="payment_method_unexpected_state")
    before = clone(method)
    customer = world.fetch("customer", method["customer"])
    if customer.get("invoice_settings", {}).get("default_payment_method") == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
    for held in world.shelf.find(
        "subscription", customer=customer["id"], default_payment_method=method["id"]
    ):
        held["default_payment_method"] = None
    world.shelf.own(method, None)
    world.emit("payment_method.detached", method, before=before)
    return method


def retrieve(call: Call) -> Obj:
    """One card."""
    return resolve(call.world, call.id, "payment_method", 404)


def update(call: Call) -> Obj:
    """Change billing details or metadata."""
    method = call.world.fetch("payment_method", call.id, param="payment_method")
    before = clone(method)
    assign(method, call.params, "allow_redisplay")
    method["billing_details"].update(call.params.get("billing_details") or {})
    merge_metadata(method, call.params)
    call.world.emit("payment_method.updated", method, before=before)
    return method


def list_all(call: Call) -> Obj:
    """The cards of a customer, newest first."""
    params = call.params
    customer = params.get("customer")
    found = [] if customer is None else call.world.shelf.find("payment_method", customer=customer)
    kind = params.get("type")
    found = [method for method in found if kind in {None, method["type"]}]
    return page("/v1/payment_methods", params, found)


def retrieve_of_customer(call: Call) -> Obj:
    """One card of a customer."""
    method = call.world.fetch("payment_method", call.id, param="payment_method")
    if method["customer"] != call.path["customerId"]:
        raise no_such("PaymentMethod", call.id, param="payment_method")
    return method


ROUTES: Routes = {
    "POST /v1/payment_methods": create,
    "GET /v1/payment_methods": list_all,
    "GET /v1/payment_methods/{id}": retrieve,
    "POST /v1/payment_methods/{id}": update,
    "POST /v1/payment_methods/{id}/attach": attach,
    "POST /v1/payment_methods/{id}/detach": detach,
    "GET /v1/customers/{customerId}/payment_methods/{id}": retrieve_of_customer,
}
