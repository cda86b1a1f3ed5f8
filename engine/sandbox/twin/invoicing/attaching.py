"""How is an invoice paid in parts? By PaymentIntents attached to it, each credited once it succeeds.

Source: Stripe docs, invoicing/partial-payments.
"""

from __future__ import annotations

from engine.sandbox.twin.books.postings import payment_attached
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.customers import move_balance
from engine.sandbox.twin.values.types import Obj, clone

from .paying import close_payment, mark_paid

_OPEN = {"open", "uncollectible"}


def attach(call: Call) -> Obj:
    """Attach a PaymentIntent to an open invoice; one that succeeded already is credited at once."""
    world, params = call.world, call.params
    invoice = world.fetch("invoice", call.id, param="invoice")
    if params.get("payment_record") and params.get("payment_intent"):
        raise exclusive("payment_intent", "payment_record")
    if params.get("payment_record"):
        raise no_such("payment_record", params["payment_record"], param="payment_record", status=400)
    if not params.get("payment_intent"):
        raise missing("payment_intent")
    if invoice["status"] not in _OPEN:
        text = f"Payments can only be attached to open invoices. This invoice is {invoice['status']}."
        raise invalid(text)
    intent = world.refer("payment_intent", params["payment_intent"], "payment_intent")
    _refuse_unfit(invoice, intent)
    payment = world.new(
        "invoice_payment",
        "inpay",
        {
            "amount_requested": intent["amount"],
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": False,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
        },
        clock=invoice["_clock"],
    )
    invoice["_attached"] = [*invoice.get("_attached", []), payment["id"]]
    intent["_attached_as"] = payment["id"]
    if intent["status"] == "succeeded":
        credit(world, intent)
    return invoice


def _refuse_unfit(invoice: Obj, intent: Obj) -> None:
    """Raise where the intent is of another customer or currency, or belongs somewhere already."""
    param = "payment_intent"
    if intent["customer"] != invoice["customer"] or intent["currency"] != invoice["currency"]:
        raise invalid(
            "The PaymentIntent must have the customer and the currency of the invoice.", param=param
        )
    if intent.get("_invoice") or intent.get("_attached_as"):
        raise invalid("The PaymentIntent is attached to an invoice already.", param=param)
    if intent["status"] == "canceled":
        raise invalid("A canceled PaymentIntent cannot be attached to an invoice.", param=param)


def credit(world: World, intent: Obj) -> None:
    """The money of an attached intent came: it counts for the invoice, what is too much for the customer."""
    payment = world.shelf.take(intent.get("_attached_as") or "")
    if payment is None or payment["status"] != "open":
        return
    invoice = world.fetch("invoice", payment["invoice"])
    payment["status"] = "paid"
    payment["amount_paid"] = intent["amount_received"]
    payment["status_transitions"]["paid_at"] = world.now_of(invoice)
    before = clone(invoice)
    counted = min(intent["amount_received"], invoice["amount_remaining"])
    invoice["amount_paid"] += counted
    invoice["amount_remaining"] -= counted
    payment_attached(world, intent, invoice, counted)
    _give_rest(world, invoice, intent["amount_received"] - counted)
    world.emit("invoice_payment.paid", payment)
    if invoice["status"] in _OPEN and not invoice["amount_remaining"]:
        close_payment(world, invoice)
        mark_paid(world, invoice, charged=False)
        return
    _ask_for_less(world, invoice)
    world.emit("invoice.updated", invoice, before=before)


def _give_rest(world: World, invoice: Obj, rest: int) -> None:
    """What was paid too much is the customer's credit."""
    customer = world.fetch("customer", invoice["customer"])
    if rest and not customer.get("deleted"):
        invoice["amount_overpaid"] += rest
        move_balance(world, customer, -rest, "invoice_overpaid", invoice=invoice["id"])


def _ask_for_less(world: World, invoice: Obj) -> None:
    """The invoice's own PaymentIntent asks for what is left."""
    intent = world.shelf.take(invoice.get("_intent") or "")
    payment = world.shelf.take(invoice.get("_payment") or "")
    if intent is not None and payment is not None and payment["status"] == "open":
        intent["amount"] = payment["amount_requested"] = invoice["amount_remaining"]


ROUTES: Routes = {"POST /v1/invoices/{id}/attach_payment": attach}
