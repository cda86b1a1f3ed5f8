"""How is an open invoice settled? By a card, out of band, or not at all."""

from __future__ import annotations

from engine.sandbox.twin.billing import reactions
from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.credits.applying import give_back
from engine.sandbox.twin.dunning.retries import plan_retry
from engine.sandbox.twin.objects.cards import HARD_DECLINES
from engine.sandbox.twin.objects.customers import move_balance
from engine.sandbox.twin.objects.payments import Attempt, Result, attempt, cancel_intent, card_error
from engine.sandbox.twin.values.types import Obj, clone, inside, public

from .drafts import lines_of

NO_METHOD = (
    "This customer has no attached payment source or default payment method. Please consider adding a default"
    " payment method. For more information, visit"
    " https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
)


def method_for(world: World, invoice: Obj) -> Obj | None:
    """What an invoice is charged to: its own card, its subscription's, its customer's, then its source."""
    customer = world.shelf.peek(invoice["customer"]) or {}
    parent = inside(invoice, "parent", "subscription_details")
    subscription = world.shelf.peek(parent.get("subscription", "")) or {}
    chosen = (
        invoice["default_payment_method"]
        or subscription.get("default_payment_method")
        or inside(customer, "invoice_settings").get("default_payment_method")
        or customer.get("default_source")
    )
    return world.shelf.take(chosen) if chosen else None


def mark_paid(world: World, invoice: Obj, *, charged: bool) -> None:
    """The invoice is paid: what hangs on it goes on."""
    before = clone(invoice)
    invoice["status"] = "paid"
    invoice["amount_paid"] = invoice["amount_due"]
    invoice["amount_remaining"] = 0
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = world.now_of(invoice)
    customer = world.shelf.take(invoice["customer"])
    if customer is not None and not customer.get("deleted"):
        customer["delinquent"] = False
    payment = world.shelf.take(invoice.get("_payment") or "")
    if payment is not None:
        payment["status"] = "paid" if charged else "canceled"
        payment["amount_paid"] = payment["amount_requested"] if charged else None
        moment = "paid_at" if charged else "canceled_at"
        payment["status_transitions"][moment] = world.now_of(invoice)
    if charged:
        world.emit("invoice.updated", invoice, before=before)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)
    if payment is not None and charged:
        world.emit("invoice_payment.paid", payment)
    reactions.invoice_paid(world, invoice)


def charge(world: World, invoice: Obj, method: Obj, *, authenticated: bool, automatic: bool) -> Attempt:
    """Try to charge a card for an open invoice and note what came of it."""
    intent = world.fetch("payment_intent", invoice["_intent"])
    before = clone(invoice)
    result = attempt(world, intent, method, authenticated=authenticated)
    needs_action = result.result is Result.REQUIRES_ACTION
    invoice["attempted"] = True
    if (automatic or not invoice["attempt_count"]) and not needs_action:
        invoice["attempt_count"] += 1
    if result.result is Result.SUCCEEDED:
        invoice["_paid_with"] = method["id"]
        mark_paid(world, invoice, charged=True)
        return result
    if automatic:
        plan_retry(world, invoice)
    invoice["_hard"] = method["id"] if _hard(result) else None
    world.emit("invoice.updated", invoice, before=before)
    if needs_action:
        world.emit("invoice.payment_action_required", invoice)
    world.emit("invoice.payment_failed", invoice)
    reactions.invoice_unpaid(world, invoice)
    _end_of_retries(world, invoice)
    return result


def _hard(result: Attempt) -> bool:
    return result.error is not None and result.error["decline_code"] in HARD_DECLINES


def collect_automatically(world: World, invoice: Obj) -> None:
    """What Stripe does by itself with a finalized invoice that is charged automatically."""
    if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
        return
    method = method_for(world, invoice)
    if method is not None and method["id"] != invoice.get("_hard"):
        charge(world, invoice, method, authenticated=False, automatic=True)
        return
    before = clone(invoice)
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    plan_retry(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    if method is None:
        world.emit("invoice.payment_failed", invoice)
    reactions.invoice_unpaid(world, invoice)
    _end_of_retries(world, invoice)


def _end_of_retries(world: World, invoice: Obj) -> None:
    """After the last retry the invoice stays open, or is given up, as the account set it."""
    gives_up = world.settings.invoice_after_last_retry == "uncollectible"
    if invoice.get("_retries_over") and gives_up and invoice["status"] == "open":
        give_up(world, invoice, "max_payment_attempts")


def fall_overdue(world: World, invoice: Obj) -> None:
    """A sent invoice was not paid by its due date."""
    world.emit("invoice.overdue", invoice)
    reactions.invoice_unpaid(world, invoice)


def refuse_unless_payable(invoice: Obj) -> None:
    """Raise unless the invoice is open or uncollectible."""
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("You cannot pay a voided invoice.")
    if invoice["status"] == "draft":
        raise invalid("You must finalize the invoice before paying it.")


def pay_or_raise(world: World, invoice: Obj, method: Obj, *, authenticated: bool = False) -> None:
    """Pay now; a decline or a bank that wants to see the buyer is a 402 and what happened stays."""
    result = charge(world, invoice, method, authenticated=authenticated, automatic=False)
    intent = public(world.shelf.peek(invoice["_intent"]) or {})
    match result.result:
        case Result.SUCCEEDED:
            return
        case Result.REQUIRES_ACTION:
            raise requires_action("invoice_payment_intent_requires_action", intent, keeps_state=True)
        case Result.FAILED:
            raise card_error(result.error or {}, keeps_state=True, payment_intent=intent)


def requires_action(code: str, intent: Obj, *, keeps_state: bool) -> StripeError:
    """The 402 answer for a payment that the buyer must confirm with the bank."""
    text = (
        "This payment requires additional user action before it can be completed successfully."
        " Payment can be completed using the PaymentIntent associated with the invoice."
    )
    return StripeError(
        text,
        status=PAYMENT_REQUIRED,
        kind="card_error",
        code=code,
        keeps_state=keeps_state,
        payment_intent=intent,
    )


def void(world: World, invoice: Obj) -> None:
    """Void: nothing is owed, what was taken from the balance comes back."""
    invoice["status"] = "void"
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["voided_at"] = world.now_of(invoice)
    _return_balance(world, invoice)
    give_back(world, invoice, lines_of(world, invoice))
    world.emit("invoice.voided", invoice)
    close_payment(world, invoice)
    reactions.invoice_voided(world, invoice)


def _return_balance(world: World, invoice: Obj) -> None:
    customer = world.fetch("customer", invoice["customer"])
    moved = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
    if moved and not customer.get("deleted"):
        move_balance(world, customer, -moved, "unapplied_from_invoice", invoice=invoice["id"])


def close_payment(world: World, invoice: Obj) -> None:
    """Cancel what still waits to be paid for an invoice."""
    intent = world.shelf.take(invoice.get("_intent") or "")
    payment = world.shelf.take(invoice.get("_payment") or "")
    if intent is not None:
        cancel_intent(world, intent, "void_invoice")
    if payment is not None and payment["status"] == "open":
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = world.now_of(invoice)


def mark_uncollectible(world: World, invoice: Obj, reason: str = "user_forgiven") -> None:
    """Give up on an open invoice; for its subscription that counts as settled."""
    give_up(world, invoice, reason)
    reactions.invoice_uncollectible(world, invoice)


def give_up(world: World, invoice: Obj, reason: str) -> None:
    """Mark an open invoice as uncollectible and say why."""
    invoice["status_details"] = {"uncollectible": {"reason": reason}}
    invoice["status"] = "uncollectible"
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["marked_uncollectible_at"] = world.now_of(invoice)
    world.emit("invoice.marked_uncollectible", invoice)
