"""What is paid with? Cards: made from test ids and numbers, attached to customers, detached."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import (
    PAYMENT_REQUIRED,
    StripeError,
    invalid,
    missing,
    no_such,
)
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import kinds
from engine.sandbox.twin.payments.card_input import (
    card_sent,
    expiry_sent,
    refuse_customer_account,
    refuse_spent,
)
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside

from .cards import CARDS, DECLINES, WORKS, Card

_FINGERPRINT_LENGTH = 16
_NOT_COPIED = frozenset({"_account", "_clock", "_n", "_spent", "_is_source"})
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def new_card(
    world: World,
    card: Card,
    *,
    clock: str | None = None,
    customer: str | None = None,
    id_: str | None = None,
) -> Obj:
    """A payment method of its own for a test card."""
    about: Obj = {
        "card": _card_details(world, card),
        "customer": customer,
        "_behaviour": card.behaviour,
        "_attachable": card.can_be_attached,
        "_after_action": card.after_action,
        "_set_up_use": card.set_up,
        "_afterwards": card.afterwards,
        "_risk": card.risk,
    }
    return _new_method(world, "card", about, clock, id_)


def _new_method(world: World, kind: str, about: Obj, clock: str | None, id_: str | None = None) -> Obj:
    blank: Obj = {"email": None, "name": None, "phone": None, "tax_id": None}
    return world.new(
        "payment_method",
        "pm",
        {
            "allow_redisplay": "unspecified",
            "billing_details": {"address": dict.fromkeys(_ADDRESS), **blank},
            "metadata": {},
            "type": kind,
            **about,
        },
        clock=clock,
        id_=id_,
    )


def _card_details(world: World, card: Card) -> Obj:
    checks = {
        "address_line1_check": None,
        "address_postal_code_check": None,
        "cvc_check": card.cvc_check or None,
    }
    return {
        "brand": card.brand,
        "checks": checks,
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": world.ids.token(_FINGERPRINT_LENGTH),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.three_d_secure},
        "wallet": None,
    }


def create(call: Call) -> Obj:
    """A payment method from a test token, a card number or a bank account, attached to nobody."""
    params = call.params
    if "payment_method" in params or "customer" in params:
        return _shared(call)
    return method_of(call.world, params, clock=None)


def _shared(call: Call) -> Obj:
    """A copy of the platform's payment method, made on a connected account."""
    world, params = call.world, call.params
    if world.account is None or "payment_method" not in params:
        text = "You can only clone a PaymentMethod to a connected account."
        raise invalid(text, param="payment_method" if "payment_method" in params else "customer")
    with world.acting_as(None):
        held = resolve(world, params["payment_method"], "payment_method")
    if held["customer"] is not None and params.get("customer") != held["customer"]:
        text = "The payment method is attached to a customer; provide that customer too."
        raise invalid(text, param="customer")
    names = ("allow_redisplay", "billing_details", "type", held["type"])
    hidden = {name: value for name, value in held.items() if name[:1] == "_" and name not in _NOT_COPIED}
    return world.new(
        "payment_method", "pm", {**{name: held[name] for name in names}, **hidden, "metadata": {}}
    )


def method_of(world: World, params: Params, *, clock: str | None, where: str = "") -> Obj:
    """The payment method that `payment_method_data`, or a call of its own, describes."""
    kind = params.get("type", "card" if "card" in params else None)
    if kind is None:
        raise missing(f"{where}[type]" if where else "type")
    within = f"{where}[{kind}]" if where else kind
    if kind == "card":
        method = _card_method(world, params, within, clock)
    else:
        kind, given = kinds.new_details(world, params)
        method = _new_method(world, kind, {kind: given, "_behaviour": WORKS, "_attachable": True}, clock)
    assign(method, params, "allow_redisplay")
    _bill_to(method, params)
    params.ignore("radar_options")
    merge_metadata(method, params)
    return method


def _card_method(world: World, params: Params, where: str, clock: str | None) -> Obj:
    given: Any = params.get("card")
    if given is None:
        raise missing(where)
    card, about = card_sent(world, given, where)
    method = new_card(world, card, clock=clock)
    method["card"].update(about)
    _prefer_network(method, given)
    return method


def _prefer_network(method: Obj, given: Obj) -> None:
    preferred: str | None = inside(given.get("networks")).get("preferred")
    if preferred and preferred not in method["card"]["networks"]["available"]:
        text = f"The card does not support the preferred network {preferred}."
        raise invalid(text, param="card[networks][preferred]")
    if preferred is not None:
        method["card"]["networks"]["preferred"] = preferred or None


def _bill_to(method: Obj, params: Params) -> None:
    """Take over what was said of the holder; an empty value unsets."""
    given: Obj = params.whole("billing_details") or {}
    address: Any = given.pop("address", None)
    method["billing_details"].update({name: value or None for name, value in given.items()})
    if address == "":
        method["billing_details"]["address"] = dict.fromkeys(_ADDRESS)
    elif address is not None:
        held = method["billing_details"]["address"] or dict.fromkeys(_ADDRESS)
        new = {name: value or None for name, value in inside(address).items()}
        method["billing_details"]["address"] = {**held, **new}


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
    if id_ not in CARDS and (
        method is None or method["object"] != "payment_method" or method["_account"] != world.account
    ):
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
    refuse_spent(method)
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
        network_decline_code=decline.network,
    )


def attach(call: Call) -> Obj:
    """Attach a card to a customer; a test id gives a new payment method."""
    world = call.world
    refuse_customer_account(call.params)
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
    detach_from_all(world, method)
    return method


def detach_from_all(world: World, method: Obj, *, told: bool = True) -> None:
    """Nobody pays with this method any more."""
    before = clone(method)
    customer = world.fetch("customer", method["customer"])
    if customer.get("invoice_settings", {}).get("default_payment_method") == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
    if customer.get("default_source") == method["id"]:
        customer["default_source"] = None
    for held in world.shelf.find(
        "subscription", customer=customer["id"], default_payment_method=method["id"]
    ):
        held["default_payment_method"] = None
    method["_spent"] = True
    world.shelf.own(method, None)
    if told:
        world.emit("payment_method.detached", method, before=before)


def retrieve(call: Call) -> Obj:
    """One card."""
    return resolve(call.world, call.id, "payment_method", 404)


def update(call: Call) -> Obj:
    """Change the expiry, billing details or metadata of what a customer has."""
    world, params = call.world, call.params
    method = world.fetch("payment_method", call.id, param="payment_method")
    if method["customer"] is None:
        text = "You must save this PaymentMethod to a customer before you can update it."
        raise invalid(text, code="payment_method_unexpected_state")
    before = clone(method)
    for kind in ("card", "us_bank_account"):
        if kind in params and kind != method["type"]:
            text = f"You cannot update `{kind}` on a PaymentMethod of type {method['type']}."
            raise invalid(text, param=kind)
    if params.get("card"):
        _update_card(world, method, params["card"])
    if params.get("us_bank_account"):
        method["us_bank_account"].update(params.whole("us_bank_account"))
    assign(method, params, "allow_redisplay")
    _bill_to(method, params)
    merge_metadata(method, params)
    world.emit("payment_method.updated", method, before=before)
    return method


def _update_card(world: World, method: Obj, given: Params) -> None:
    present = {name: method["card"][name] for name in ("exp_month", "exp_year")}
    asked = given.hand_on("exp_month", "exp_year")
    if asked:
        method["card"].update(expiry_sent(world, {**present, **asked}, "card"))
    _prefer_network(method, given)


def list_all(call: Call) -> Obj:
    """The payment methods of a customer, newest first."""
    params = call.params
    customer = params.get("customer")
    refuse_customer_account(params)
    if customer is not None:
        call.world.refer("customer", customer, "customer")
    found = [] if customer is None else call.world.shelf.find("payment_method", customer=customer)
    return page("/v1/payment_methods", params, fitting(found, params))


def fitting(found: list[Obj], params: Params) -> list[Obj]:
    """Those of the type and with the `allow_redisplay` that a list asks for."""
    kind, shown = params.get("type"), params.get("allow_redisplay")
    return [
        method
        for method in found
        if kind in {None, method["type"]} and shown in {None, method["allow_redisplay"]}
    ]


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
