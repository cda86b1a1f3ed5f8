"""What does an invoice's fate do to its subscription?

Source: Stripe docs, billing/subscriptions/overview (statuses) and billing/invoices/subscription (voiding).
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.pausing.standing import go_on, stay_paused
from engine.sandbox.twin.schedules.leaving import leave_schedule
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from .pending import apply_pending_update, drop_pending_update

_LATE = {"past_due", "unpaid"}


def _subscription(world: World, invoice: Obj) -> Obj | None:
    return world.shelf.take(inside(invoice, "parent", "subscription_details").get("subscription", ""))


def change_status(world: World, subscription: Obj, status: str, **more: object) -> None:
    """Set a status and tell about it."""
    if subscription["status"] == status:
        return
    before = clone(subscription)
    subscription["status"] = status
    subscription.update(more)
    if not subscription.get("_silent"):
        world.emit("customer.subscription.updated", subscription, before=before)


def invoice_paid(world: World, invoice: Obj) -> None:
    """First invoice: it begins; latest invoice: it recovers; one of a pending update: the update applies."""
    subscription = _subscription(world, invoice)
    if subscription is None:
        return
    _keep_method(subscription, invoice)
    if invoice.get("_pending_update"):
        apply_pending_update(world, subscription, invoice)
        return
    status = subscription["status"]
    if status == "incomplete":
        change_status(world, subscription, "active")
    elif _is_resumption(subscription, invoice):
        go_on(world, subscription, "active")
    elif status in _LATE and subscription["latest_invoice"] in {invoice["id"], None}:
        change_status(world, subscription, "active")


def _is_resumption(subscription: Obj, invoice: Obj) -> bool:
    """Whether a paused subscription waits for this very invoice."""
    return bool(subscription["status"] == "paused" and subscription.get("_resume_invoice") == invoice["id"])


def _keep_method(subscription: Obj, invoice: Obj) -> None:
    settings: Obj = subscription["payment_settings"] or {}
    paid_with = invoice.get("_paid_with")
    if paid_with and settings.get("save_default_payment_method") == "on_subscription":
        subscription["default_payment_method"] = paid_with


def invoice_unpaid(world: World, invoice: Obj) -> None:
    """A failed or missing payment makes a running subscription late; the last retry may end it."""
    subscription = _subscription(world, invoice)
    if subscription is None or invoice.get("_pending_update"):
        return
    if subscription["status"] in {"active", "trialing"}:
        change_status(world, subscription, "past_due")
    if _is_resumption(subscription, invoice) and invoice["_resumes"] == "resume_on_payment_attempt":
        go_on(world, subscription, "past_due")
    if invoice.get("_retries_over") and subscription["status"] == "past_due":
        _give_up(world, subscription)


def _give_up(world: World, subscription: Obj) -> None:
    """What the account set for the end of the retries."""
    match world.settings.after_last_retry:
        case "cancel":
            leave_schedule(world, subscription, aborted=True)
            end_subscription(world, subscription, "payment_failed")
        case "unpaid":
            change_status(world, subscription, "unpaid")
        case _:
            return


def end_subscription(world: World, subscription: Obj, reason: str | None, *, at: int | None = None) -> None:
    """The subscription is canceled; its open invoices are not collected automatically any more.

    Without a reason it came to the end that was set, which it goes on to show.
    """
    now = world.now_of(subscription) if at is None else at
    subscription["status"] = "canceled"
    subscription["ended_at"] = now
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription.pop("status_details", None)
    stay_paused(subscription)
    if reason is not None:
        subscription["cancel_at"] = None
        subscription["cancel_at_period_end"] = False
        subscription["cancellation_details"]["reason"] = (
            subscription["cancellation_details"]["reason"] or reason
        )
    drop_pending_update(world, subscription)
    for invoice in invoices_of(world, subscription):
        if invoice["status"] in {"draft", "open"}:
            invoice["auto_advance"] = False
            invoice["next_payment_attempt"] = None
            invoice["automatically_finalizes_at"] = None
    world.emit("customer.subscription.deleted", subscription)


def invoices_of(world: World, subscription: Obj) -> Objs:
    """The invoices of a subscription, oldest first; they may be changed."""
    id_ = subscription["id"]
    own = [
        invoice
        for invoice in world.shelf.owned("invoice", subscription["customer"])
        if inside(invoice, "parent", "subscription_details").get("subscription") == id_
    ]
    own.sort(key=lambda invoice: int(invoice["_n"]))
    taken = [world.shelf.take(invoice["id"]) for invoice in own]
    return [invoice for invoice in taken if invoice is not None]


def invoice_voided(world: World, invoice: Obj) -> None:
    """The first invoice voided ends an incomplete subscription; a late one looks at what is left."""
    subscription = _subscription(world, invoice)
    if subscription is None:
        return
    if invoice.get("_pending_update"):
        drop_pending_update(world, subscription)
    elif subscription["status"] == "incomplete":
        change_status(world, subscription, "incomplete_expired", ended_at=world.now_of(subscription))
    elif _is_resumption(subscription, invoice):
        stay_paused(subscription)
    elif subscription["status"] in _LATE:
        change_status(world, subscription, _standing(world, subscription))


def _standing(world: World, subscription: Obj) -> str:
    """The status by the newest invoice that was not voided."""
    for invoice in reversed(invoices_of(world, subscription)):
        if invoice["status"] in {"void", "draft"}:
            continue
        if invoice["status"] in {"paid", "uncollectible"}:
            return "active"
        return _status_under(world, subscription, invoice)
    return "active"


def _status_under(world: World, subscription: Obj, invoice: Obj) -> str:
    """The status while an older invoice is open: as its retries or its due date left it."""
    if invoice.get("_retries_over"):
        return "unpaid" if world.settings.after_last_retry == "unpaid" else "past_due"
    if invoice["collection_method"] == "send_invoice":
        return "past_due" if invoice.get("_overdue") else "active"
    return str(subscription["status"])


def invoice_uncollectible(world: World, invoice: Obj) -> None:
    """Given up counts as settled for the subscription."""
    subscription = _subscription(world, invoice)
    if subscription is None:
        return
    if _is_resumption(subscription, invoice):
        go_on(world, subscription, "active")
    elif subscription["status"] in _LATE:
        change_status(world, subscription, _standing(world, subscription))
