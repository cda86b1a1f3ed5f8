"""What was charged? The endpoints of charges, old ones without a PaymentIntent among them."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.ranges import currency_named
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import payments
from engine.sandbox.twin.objects.cards import DECLINES, NEEDS_ACTION, WORKS
from engine.sandbox.twin.objects.payment_methods import new_card
from engine.sandbox.twin.transfers.rules import account_named, receiver_named
from engine.sandbox.twin.values.types import Obj, clone

from . import charging, disputes
from .capturing import capture
from .card_input import card_of_token
from .intent_fields import chargeable, shipping_of

_DESCRIBING = (
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def retrieve(call: Call) -> Obj:
    """One charge."""
    return call.world.fetch("charge", call.id)


def list_all(call: Call) -> Obj:
    """Charges, newest first."""
    names = ("customer", "payment_intent", "transfer_group")
    wanted: dict[str, Any] = {name: call.params.get(name) for name in names}
    found = [
        charge
        for charge in call.world.shelf.kind("charge")
        if all(value in {None, charge[name]} for name, value in wanted.items())
    ]
    return page("/v1/charges", call.params, found)


def update(call: Call) -> Obj:
    """Change what describes a charge."""
    world, params = call.world, call.params
    charge = world.fetch("charge", call.id)
    before = clone(charge)
    assign(charge, params, "description", "receipt_email", "transfer_group")
    merge_metadata(charge, params)
    if "shipping" in params:
        charge["shipping"] = shipping_of(params.whole("shipping"))
    report = params.whole("fraud_details")
    if report is not None:
        value = report["user_report"]
        charge["fraud_details"] = {"user_report": value} if value else {}
    if "customer" in params:
        customer = world.refer("customer", params["customer"], "customer")
        if charge["customer"] not in {None, customer["id"]}:
            text = "This charge already has a customer, which cannot be changed."
            raise invalid(text, param="customer")
        world.shelf.own(charge, customer["id"])
    world.emit("charge.updated", charge, before=before)
    return charge


def capture_charge(call: Call) -> Obj:
    """Take the money that a charge holds."""
    world, params = call.world, call.params
    charge = world.fetch("charge", call.id)
    if charge["captured"]:
        text = f"Charge {charge['id']} has already been captured."
        raise invalid(text, code="charge_already_captured")
    if charge.get("_capture_before") is None:
        text = f"Charge {charge['id']} cannot be captured: it is no longer authorized."
        raise invalid(text, code="charge_expired_for_capture")
    assign(charge, params, *(name for name in _DESCRIBING if name != "description"))
    _share(world, charge, call)
    intent = world.shelf.take(charge["payment_intent"] or "") or _asked(charge)
    capture(world, intent, charge, params.get("amount"), "amount")
    return charge


def _share(world: World, charge: Obj, call: Call) -> None:
    params = call.params
    fee = params.get("application_fee_amount", params.get("application_fee"))
    data: Obj = params.whole("transfer_data") or {}
    old = params.whole("destination")
    if old is not None:
        data = {"destination": old["account"], "amount": old.get("amount")}
    if data and not charge["transfer_data"] and "destination" not in data:
        raise invalid("This charge was created without transfer_data.", param="transfer_data")
    if data:
        held: Obj = {"amount": None, **(charge["transfer_data"] or {}), **data}
        receiver_named(world, held["destination"], "transfer_data[destination]")
        charge["transfer_data"] = {name: held[name] for name in ("amount", "destination")}
    for param, part in (("application_fee_amount", fee), ("transfer_data[amount]", data.get("amount"))):
        if part is not None and not 0 <= part <= charge["amount"]:
            raise invalid("It must be between 0 and the amount of the charge.", param=param)
    if fee is not None:
        if world.account is None and not charge["transfer_data"]:
            text = "Can only apply an application fee to a charge for a connected account."
            raise invalid(text, param="application_fee_amount")
        charge["application_fee_amount"] = fee


def _asked(charge: Obj) -> Obj:
    """What a PaymentIntent says, for a charge that has none."""
    return {"object": "nothing", "id": None, "_clock": charge["_clock"]}


def create(call: Call) -> Obj:
    """A charge of the old kind: a token, or the customer's card, is charged at once."""
    world, params = call.world, call.params
    for name in ("amount", "currency"):
        if name not in params:
            raise missing(name)
    currency = currency_named(params["currency"])
    amount = chargeable(params["amount"], currency)
    if "destination" in params and "transfer_data" in params:
        raise exclusive("destination", "transfer_data")
    method, customer = _paid_with(call)
    names = ("customer", "description", "on_behalf_of", "transfer_group", "receipt_email")
    asked: Obj = {
        **{name: params.get(name) for name in (*names, *_DESCRIBING)},
        "id": None,
        "amount": amount,
        "currency": currency,
        "metadata": {},
        "shipping": shipping_of(params.whole("shipping")),
        "_clock": customer["_clock"] if customer else None,
    }
    if asked["on_behalf_of"] is not None:
        account_named(world, asked["on_behalf_of"], "on_behalf_of")
    params.ignore("radar_options")
    merge_metadata(asked, params)
    return _try(call, asked, method)


def _paid_with(call: Call) -> tuple[Obj, Obj | None]:
    world, params = call.world, call.params
    named, source = params.get("customer"), params.get("source")
    customer = world.refer("customer", named, "customer") if named else None
    if customer is None and source is None:
        text = "Must provide source or customer."
        raise invalid(text, code="parameter_missing")
    clock = customer["_clock"] if customer else None
    if customer is None or (source or "").startswith("tok_"):
        return new_card(world, card_of_token(source or "", "source"), clock=clock), customer
    chosen = source or customer["default_source"]
    if chosen is None:
        text = "Cannot charge a customer that has no active card"
        raise invalid(text, code="missing", param="card")
    held = world.shelf.take(chosen)
    if held is None or held.get("customer") != customer["id"]:
        text = f"Customer {customer['id']} does not have a linked source with ID {chosen}."
        raise (
            no_such("source", chosen, param="source", status=400)
            if held is None
            else invalid(text, code="missing", param="source")
        )
    return held, customer


def _try(call: Call, asked: Obj, method: Obj) -> Obj:
    world = call.world
    behaviour = method["_behaviour"]
    if behaviour == NEEDS_ACTION:
        asks = payments.asks_for_action(method, off_session=True)
        behaviour = "authentication_required" if asks else method["_after_action"]
    if behaviour != WORKS:
        raise _declined(world, asked, method, behaviour)
    held = call.params.get("capture", True) is False
    fields: Obj = {
        "amount_captured": 0 if held else asked["amount"],
        "captured": not held,
        "outcome": charging.approved(method["_risk"]),
        "paid": True,
        "status": "succeeded",
    }
    charge = charging.charge_for(world, asked, method, fields, authenticated=False)
    charge["receipt_url"] = f"{world.base_url}/receipts/{charge['id']}"
    _share(world, charge, call)
    if held:
        charging.hold(world, charge)
    else:
        payments.settle(world, asked, charge)
    world.emit("charge.succeeded", charge)
    disputes.follow(world, charge)
    return charge


def _declined(world: World, asked: Obj, method: Obj, behaviour: str) -> Exception:
    decline = DECLINES[behaviour]
    fields: Obj = {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": charging.declined(decline, method["_risk"]),
        "status": "failed",
    }
    charge = charging.charge_for(world, asked, method, fields, authenticated=False)
    world.emit("charge.failed", charge)
    error = {
        "advice_code": decline.advice,
        "charge": charge["id"],
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "network_decline_code": decline.network,
    }
    return payments.card_error(error, keeps_state=True)


ROUTES: Routes = {
    "GET /v1/charges": list_all,
    "GET /v1/charges/{id}": retrieve,
    "POST /v1/charges": create,
    "POST /v1/charges/{id}": update,
    "POST /v1/charges/{id}/capture": capture_charge,
}
