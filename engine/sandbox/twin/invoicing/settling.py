"""How does an invoice leave its draft? Finalized against the balance, then open until it is paid."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.credits.applying import apply_credits
from engine.sandbox.twin.objects.customers import move_balance
from engine.sandbox.twin.objects.payments import new_intent
from engine.sandbox.twin.transfers.invoice_shares import shares
from engine.sandbox.twin.usage.lines import refresh
from engine.sandbox.twin.values.amounts import MINIMUM_CHARGE
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, clone

from .drafts import lines_of, retotal
from .paying import mark_paid

_WORDS = {"subscription_create": "Subscription creation", "subscription_update": "Subscription update"}
"""Billing reasons that keep the card for later, and how their payment is described."""


def finalize(world: World, invoice: Obj) -> str:
    """Number it, settle it against the balance, ask for the rest; answers `paid` when nothing is due."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    refresh(world, lines_of(world, invoice))
    retotal(world, invoice)
    if apply_credits(world, invoice, lines_of(world, invoice)):
        retotal(world, invoice)
    now = world.now_of(invoice)
    customer = world.fetch("customer", invoice["customer"])
    _number(invoice, customer)
    invoice["status"] = "open"
    invoice["effective_at"] = invoice["effective_at"] or now
    invoice["automatically_finalizes_at"] = None
    invoice["status_transitions"]["finalized_at"] = now
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        invoice["due_date"] = now + (invoice["_days_until_due"] or 0) * DAY
    invoice["hosted_invoice_url"] = f"{world.base_url}/i/{invoice['id']}"
    invoice["invoice_pdf"] = f"{world.base_url}/i/{invoice['id']}/pdf"
    customer["currency"] = customer["currency"] or invoice["currency"]
    _settle_balance(world, invoice, customer)
    world.emit("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        invoice["attempted"] = True
        mark_paid(world, invoice, charged=False)
        return "paid"
    _ask_for_payment(world, invoice, customer)
    return "open"


def _number(invoice: Obj, customer: Obj) -> None:
    if invoice["number"]:
        return
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1


def _settle_balance(world: World, invoice: Obj, customer: Obj) -> None:
    """Credit is used up, a negative total becomes credit, a sum too small to charge is carried on."""
    starting = customer["balance"]
    wanted = invoice["total"] + starting
    due = wanted if wanted >= MINIMUM_CHARGE else 0
    invoice["starting_balance"] = starting
    invoice["ending_balance"] = wanted - due
    invoice["amount_due"] = invoice["amount_remaining"] = due
    moved = invoice["ending_balance"] - starting
    if moved:
        before = clone(customer)
        move_balance(world, customer, moved, "applied_to_invoice", invoice=invoice["id"])
        world.emit("customer.updated", customer, before=before)


def _ask_for_payment(world: World, invoice: Obj, customer: Obj) -> None:
    """The PaymentIntent of an open invoice, tied to it by an invoice payment."""
    words = _WORDS.get(invoice["billing_reason"])
    intent = new_intent(
        world,
        customer,
        invoice["amount_due"],
        invoice["currency"],
        description=words or "Payment for Invoice",
        payment_details={"customer_reference": None, "order_reference": invoice["id"]},
        payment_method=None,
        payment_method_types=list(world.settings.invoice_payment_method_types),
        setup_future_usage="off_session" if words else None,
        _invoice=invoice["id"],
        **shares(world, invoice),
    )
    payment = world.new(
        "invoice_payment",
        "inpay",
        {
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
        },
        clock=invoice["_clock"],
    )
    invoice["_payment"] = payment["id"]
    invoice["_intent"] = intent["id"]
