"""How is money asked for? The endpoints of PaymentIntents."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.core.ranges import amount_within, currency_named
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.objects import payments
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

from .capturing import capture
from .confirming import confirm, refuse_unless_confirmable, refuse_without_confirm
from .intent_fields import chargeable, choose_method, unexpected, write

_CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_ALWAYS_CHANGEABLE = frozenset({"description", "metadata", "expand", "receipt_email", "shipping"})
_INVOICES_OWN = (
    "amount",
    "currency",
    "customer",
    "application_fee_amount",
    "transfer_data",
    "capture_method",
)


def create(call: Call) -> Obj:
    """A PaymentIntent, confirmed at once where asked."""
    world, params = call.world, call.params
    currency = currency_named(params["currency"])
    named = params.get("customer")
    customer = world.refer("customer", named, "customer") if named else None
    refuse_without_confirm(params)
    intent = payments.new_intent(
        world,
        customer,
        chargeable(params["amount"], currency),
        currency,
        confirmation_method=params.get("confirmation_method", "automatic"),
        automatic_payment_methods=_automatic(params),
        _use_stripe_sdk=params.get("use_stripe_sdk", False),
    )
    params.ignore("radar_options")
    write(world, intent, params)
    _choose(call, intent)
    if params.get("confirm"):
        confirm(world, intent, params)
    return intent


def _automatic(params: Params) -> Obj:
    """Stripe chooses the kinds of payment, unless that is turned off."""
    given = params.whole("automatic_payment_methods") or {"enabled": True}
    return {"allow_redirects": "always", **given}


def _choose(call: Call, intent: Obj) -> None:
    """Take a method, and go to the status that follows from having one."""
    if "payment_method" in call.params and "payment_method_data" in call.params:
        raise exclusive("payment_method", "payment_method_data")
    before = intent["payment_method"]
    choose_method(call.world, intent, call.params)
    if intent["payment_method"] != before:
        intent["next_action"] = None
        waits = intent["payment_method"] is None
        intent["status"] = "requires_payment_method" if waits else "requires_confirmation"


def update(call: Call) -> Obj:
    """Change what was sent; once it is paid only what describes it."""
    world, params = call.world, call.params
    intent = world.fetch("payment_intent", call.id, param="intent")
    sent = set(params.keys())
    if intent["status"] not in _CHANGEABLE:
        for name in sorted(sent - _ALWAYS_CHANGEABLE):
            text = (
                f"This PaymentIntent's {name} could not be updated because it has a status of"
                f" {intent['status']}. You may only update the {name} of a PaymentIntent with one of the"
                f" following statuses: {', '.join(_CHANGEABLE)}."
            )
            raise unexpected(text, intent, param=name)
    _refuse_for_invoice(intent, sent)
    if "customer" in params:
        customer = world.refer("customer", params["customer"], "customer")
        if intent["customer"] not in {None, customer["id"]}:
            text = "You cannot modify `customer` on a PaymentIntent once it already has been set."
            raise unexpected(text, intent, param="customer")
        intent["_clock"] = customer["_clock"]
        world.shelf.own(intent, customer["id"])
    write(world, intent, params)
    _choose(call, intent)
    return intent


def _refuse_for_invoice(intent: Obj, sent: set[str]) -> None:
    for name in _INVOICES_OWN:
        if intent.get("_invoice") and name in sent:
            text = f"You cannot update `{name}` on a PaymentIntent that was created by an invoice."
            raise unexpected(text, intent, param=name)


def confirm_intent(call: Call) -> Obj:
    """Confirm with a card; the intent of an invoice pays that invoice."""
    world, params = call.world, call.params
    intent = world.fetch("payment_intent", call.id, param="intent")
    refuse_unless_confirmable(intent)
    if params.get("amount_to_confirm", intent["amount"]) != intent["amount"]:
        text = "The amount_to_confirm does not match the amount of the PaymentIntent."
        raise invalid(text, param="amount_to_confirm")
    write(world, intent, params)
    _choose(call, intent)
    confirm(world, intent, params)
    return intent


def capture_intent(call: Call) -> Obj:
    """Take the money that was held, or a part of it."""
    world, params = call.world, call.params
    intent = world.fetch("payment_intent", call.id, param="intent")
    if intent["status"] != "requires_capture":
        text = (
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a"
            " PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        raise unexpected(text, intent)
    if not params.get("final_capture", True):
        text = "This PaymentIntent does not support multicapture, so final_capture cannot be false."
        raise invalid(text, param="final_capture")
    charge = world.fetch("charge", intent["latest_charge"])
    write(world, intent, params)
    for name in ("application_fee_amount", "statement_descriptor", "statement_descriptor_suffix"):
        if name in params:
            charge[name] = intent[name]
    capture(world, intent, charge, params.get("amount_to_capture"), "amount_to_capture")
    return intent


def cancel_intent(call: Call) -> Obj:
    """Cancel an intent that is not an invoice's; money that was held goes back."""
    world = call.world
    intent = world.fetch("payment_intent", call.id, param="intent")
    if intent.get("_invoice"):
        text = "You cannot cancel a PaymentIntent created by an Invoice; instead, void the Invoice."
        raise unexpected(text, intent)
    if intent["status"] in {"succeeded", "canceled"}:
        text = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a"
            " PaymentIntent with one of the following statuses may be canceled: requires_payment_method,"
            " requires_capture, requires_reauthorization, requires_confirmation, requires_action, processing."
        )
        raise unexpected(text, intent)
    payments.cancel_intent(world, intent, call.params.get("cancellation_reason"))
    return intent


def increment_authorization(call: Call) -> Obj:
    """Refused: no test card's bank raises an authorization."""
    intent = call.world.fetch("payment_intent", call.id, param="intent")
    amount_within(call.params["amount"], "amount")
    text = "This PaymentIntent does not support incremental authorization."
    raise unexpected(text, intent)


def apply_customer_balance(call: Call) -> Obj:
    """Refused: a card is not paid from a cash balance."""
    intent = call.world.fetch("payment_intent", call.id, param="intent")
    text = (
        "You can only apply a customer's cash balance to a PaymentIntent that accepts `customer_balance` as a"
        " payment method type."
    )
    raise unexpected(text, intent)


def verify_microdeposits(call: Call) -> Obj:
    """Refused: only a bank account is verified by small deposits."""
    intent = call.world.fetch("payment_intent", call.id, param="intent")
    text = (
        "This PaymentIntent could not be verified because it does not have a payment method that is verified"
        " with microdeposits."
    )
    raise unexpected(text, intent)


def retrieve(call: Call) -> Obj:
    """One PaymentIntent; a client secret must be its own."""
    intent = call.world.fetch("payment_intent", call.id, param="intent")
    if call.params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise no_such("payment_intent", call.id, param="intent")
    return intent


def list_all(call: Call) -> Obj:
    """PaymentIntents, newest first."""
    params = call.params
    if "customer_account" in params:
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    customer: Any = params.get("customer")
    found = [
        intent for intent in call.world.shelf.kind("payment_intent") if customer in {None, intent["customer"]}
    ]
    return page("/v1/payment_intents", params, found)


def list_amount_lines(call: Call) -> Obj:
    """The line items of which an amount is made, in the order in which they were given."""
    intent = call.world.fetch("payment_intent", call.id, param="intent")
    url = f"/v1/payment_intents/{call.id}/amount_details_line_items"
    return page(url, call.params, intent.get("_amount_lines", []), newest_first=False)


ROUTES: Routes = {
    "POST /v1/payment_intents": create,
    "GET /v1/payment_intents": list_all,
    "GET /v1/payment_intents/{id}": retrieve,
    "POST /v1/payment_intents/{id}": update,
    "POST /v1/payment_intents/{id}/confirm": confirm_intent,
    "POST /v1/payment_intents/{id}/capture": capture_intent,
    "POST /v1/payment_intents/{id}/cancel": cancel_intent,
    "POST /v1/payment_intents/{id}/increment_authorization": increment_authorization,
    "POST /v1/payment_intents/{id}/apply_customer_balance": apply_customer_balance,
    "POST /v1/payment_intents/{id}/verify_microdeposits": verify_microdeposits,
    "GET /v1/payment_intents/{id}/amount_details_line_items": list_amount_lines,
}
