"""What was paid for what? Invoice payments, intents, charges and refunds, for reading and confirming."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.books import movements
from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import payment_methods, payments
from engine.sandbox.twin.values.types import Obj, Objs, clone, public

from . import paying
from .lines import money


def payments_of(world: World, invoice: Obj) -> Objs:
    """The invoice payments of an invoice."""
    held = world.shelf.peek(invoice.get("_payment") or "")
    return [] if held is None else [held]


def retrieve_invoice_payment(call: Call) -> Obj:
    """One invoice payment."""
    return call.world.fetch("invoice_payment", call.id)


def list_invoice_payments(call: Call) -> Obj:
    """The payments of an invoice, or what a PaymentIntent paid."""
    params = call.params
    invoice, status = params.get("invoice"), params.get("status")
    payment: Obj = params.get("payment") or {}
    intent, kind = payment.get("payment_intent"), payment.get("type")
    shelf = call.world.shelf
    one = payments_of(call.world, shelf.peek(invoice) or {}) if invoice else None
    found = [
        held
        for held in (shelf.kind("invoice_payment") if one is None else one)
        if kind in {None, held["payment"]["type"]}
        and status in {None, held["status"]}
        and intent in {None, held["payment"].get("payment_intent")}
    ]
    return page("/v1/invoice_payments", params, found)


def create_intent(call: Call) -> Obj:
    """A PaymentIntent of its own, confirmed at once where asked."""
    world, params = call.world, call.params
    if params["amount"] < 1:
        text = "This value must be greater than or equal to 1."
        raise invalid(text, param="amount", code="parameter_invalid_integer")
    named = params.get("customer")
    customer = world.refer("customer", named, "customer") if named else None
    intent = payments.new_intent(world, customer, params["amount"], params["currency"])
    assign(intent, params, "automatic_payment_methods", "description", "receipt_email", "setup_future_usage")
    merge_metadata(intent, params)
    params.ignore("return_url", "off_session", "error_on_requires_action", "allowed_payment_method_types")
    if params.get("payment_method"):
        method = payment_methods.resolve(world, params["payment_method"], "payment_method")
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    if params.get("confirm"):
        _confirm(world, intent)
    return intent


def confirm_intent(call: Call) -> Obj:
    """Confirm with a card; the intent of an invoice pays that invoice."""
    world, params = call.world, call.params
    intent = world.fetch("payment_intent", call.id, param="intent")
    params.ignore("return_url", "off_session", "use_stripe_sdk", "error_on_requires_action")
    if params.get("payment_method"):
        method = payment_methods.resolve(world, params["payment_method"], "payment_method")
        intent["payment_method"] = method["id"]
    _confirm(world, intent)
    return intent


def _confirm(world: World, intent: Obj) -> None:
    if intent["status"] in {"succeeded", "canceled"}:
        text = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously"
            " confirmed."
            if intent["status"] == "succeeded"
            else "This PaymentIntent could not be confirmed because it has a status of canceled."
        )
        code = "payment_intent_unexpected_state"
        raise invalid(text, code=code)
    method = _card_of(world, intent)
    invoice = world.shelf.take(intent.get("_invoice") or "")
    if invoice is not None:
        result = paying.charge(world, invoice, method, authenticated=False, automatic=False)
    else:
        result = payments.attempt(world, intent, method, authenticated=False)
    if result.error is not None:
        raise payments.card_error(result.error, keeps_state=True, payment_intent=public(intent))


def _card_of(world: World, intent: Obj) -> Obj:
    chosen = intent["payment_method"]
    invoice = world.shelf.peek(intent.get("_invoice") or "")
    method = world.shelf.take(chosen) if chosen else paying.method_for(world, invoice) if invoice else None
    if method is None:
        text = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
            " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
            " directly with a payment method."
        )
        raise invalid(text, code="payment_intent_unexpected_state")
    return method


def cancel_intent(call: Call) -> Obj:
    """Cancel an intent that is not an invoice's."""
    world = call.world
    intent = world.fetch("payment_intent", call.id, param="intent")
    if intent.get("_invoice"):
        text = "You cannot cancel a PaymentIntent created by an Invoice; instead, void the Invoice."
        raise invalid(text, code="payment_intent_unexpected_state")
    payments.cancel_intent(world, intent, call.params.get("cancellation_reason"))
    return intent


def retrieve_intent(call: Call) -> Obj:
    """One PaymentIntent."""
    call.params.ignore("client_secret")
    return call.world.fetch("payment_intent", call.id, param="intent")


def retrieve_charge(call: Call) -> Obj:
    """One charge."""
    return call.world.fetch("charge", call.id)


def _listed(call: Call, kind: str, url: str, *names: str) -> Obj:
    """A list filtered by equal fields."""
    wanted: dict[str, Any] = {name: call.params.get(name) for name in names}
    found = [
        held
        for held in call.world.shelf.kind(kind)
        if all(value in {None, held[name]} for name, value in wanted.items())
    ]
    return page(url, call.params, found)


def list_intents(call: Call) -> Obj:
    """PaymentIntents, newest first."""
    return _listed(call, "payment_intent", "/v1/payment_intents", "customer")


def list_charges(call: Call) -> Obj:
    """Charges, newest first."""
    return _listed(call, "charge", "/v1/charges", "customer", "payment_intent")


def list_refunds(call: Call) -> Obj:
    """Refunds, newest first."""
    return _listed(call, "refund", "/v1/refunds", "charge", "payment_intent")


def retrieve_refund(call: Call) -> Obj:
    """One refund."""
    return call.world.fetch("refund", call.id)


def create_refund(call: Call) -> Obj:
    """Give back all or part of a charge."""
    world, params = call.world, call.params
    charge_id = params.get("charge")
    if params.get("payment_intent"):
        charge_id = world.refer("payment_intent", params["payment_intent"], "payment_intent")["latest_charge"]
    if charge_id is None:
        raise missing("charge")
    charge = world.refer("charge", charge_id, "charge")
    refund = refund_charge(world, charge, params.get("amount"), params.get("reason"))
    merge_metadata(refund, params)
    return refund


def refund_charge(world: World, charge: Obj, amount: int | None, reason: str | None) -> Obj:
    """A refund that succeeds at once; never more than what is left of the charge."""
    left = int(charge["amount"] - charge["amount_refunded"])
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    back = left if amount is None else amount
    if back > left or not charge["paid"]:
        shown, rest = money(back, charge["currency"]), money(left, charge["currency"])
        text = f"Refund amount ({shown}) is greater than unrefunded amount on charge ({rest})"
        raise invalid(text, param="amount")
    refund = world.new(
        "refund",
        "re",
        {
            "amount": back,
            "charge": charge["id"],
            "currency": charge["currency"],
            "customer": charge["customer"],
            "destination_details": {"type": "card", "card": {"type": "refund"}},
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": reason,
            "status": "succeeded",
        },
        clock=charge["_clock"],
    )
    movements.give_back(world, refund)
    before = clone(charge)
    charge["amount_refunded"] += back
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.emit("charge.refunded", charge, before=before)
    world.emit("refund.created", refund)
    return refund


ROUTES: Routes = {
    "GET /v1/invoice_payments": list_invoice_payments,
    "GET /v1/invoice_payments/{id}": retrieve_invoice_payment,
    "POST /v1/payment_intents": create_intent,
    "GET /v1/payment_intents": list_intents,
    "GET /v1/payment_intents/{id}": retrieve_intent,
    "POST /v1/payment_intents/{id}/confirm": confirm_intent,
    "POST /v1/payment_intents/{id}/cancel": cancel_intent,
    "GET /v1/charges": list_charges,
    "GET /v1/charges/{id}": retrieve_charge,
    "POST /v1/refunds": create_refund,
    "GET /v1/refunds": list_refunds,
    "GET /v1/refunds/{id}": retrieve_refund,
}
