"""What is the course of a subscription? Its events in order, and what is due for it and around it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, inside

_WORDS = {
    "customer.subscription.created": "created",
    "customer.subscription.deleted": "ended",
    "customer.subscription.paused": "paused",
    "customer.subscription.resumed": "resumed",
    "customer.subscription.trial_will_end": "trial will end (notice)",
    "customer.subscription.pending_update_applied": "pending update applied",
    "customer.subscription.pending_update_expired": "pending update expired",
    "invoice.created": "invoice drafted",
    "invoice.finalized": "invoice finalized",
    "invoice.paid": "invoice paid",
    "invoice.payment_failed": "payment failed",
    "invoice.payment_action_required": "payment needs 3D Secure",
    "invoice.voided": "invoice voided",
    "invoice.marked_uncollectible": "invoice uncollectible",
    "invoice.overdue": "invoice overdue",
    "invoice.upcoming": "renewal announced",
    "renewal": "renews",
    "renewal_upcoming": "renewal is announced",
    "trial_ends": "trial ends",
    "trial_will_end": "trial end is announced",
    "cancel_at": "ends as told",
    "retry": "payment is tried again",
    "draft_hour": "draft is finalized",
    "overdue": "invoice is overdue",
    "will_be_due": "due date is announced",
    "incomplete_expires": "expires unpaid",
    "pending_update_expires": "pending update expires",
    "collection_resumes": "collection resumes",
    "pending_items_are_billed": "pending items are billed",
    "phase_ends": "phase of the schedule ends",
    "schedule_starts": "schedule starts",
    "clock_lapse": "test clock is deleted",
    "send_webhook": "webhook is sent again",
}
_KINDS = {
    "customer.subscription.created": "good",
    "customer.subscription.deleted": "end",
    "invoice.paid": "good",
    "invoice.payment_failed": "bad",
    "invoice.voided": "bad",
    "invoice.marked_uncollectible": "bad",
    "invoice.overdue": "bad",
    "invoice.payment_action_required": "waiting",
    "cancel_at": "end",
    "incomplete_expires": "end",
}
_UNTOLD = frozenset({"invoice.updated", "invoice.payment_succeeded", "invoice.sent"})
_OPEN = frozenset({"draft", "open"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on the way of a subscription: when, what, how it went, where to read more."""

    at: int
    what: str
    kind: str
    id: str
    type: str
    status: str | None = None


def invoices_of(world: World, subscription: Obj) -> Objs:
    """Its invoices, oldest first."""
    owned = world.shelf.owned("invoice", str(subscription.get("customer")))
    found = [held for held in owned if subscription_of(held) == subscription["id"]]
    return sorted(found, key=lambda held: int(held["_n"]))


def subscription_of(invoice: Obj) -> str | None:
    """The subscription that an invoice bills."""
    return inside(invoice, "parent", "subscription_details").get("subscription")


def happened(world: World, subscription: Obj) -> list[Mark]:
    """What happened, oldest first."""
    return [
        _mark(event)
        for event in world.shelf.everywhere("event")
        if event["type"] not in _UNTOLD and _is_of(event, subscription["id"])
    ]


def to_come(world: World, subscription: Obj) -> list[Mark]:
    """What is due for it, its open invoices and its schedule, soonest first."""
    schedule = world.shelf.peek(subscription.get("schedule") or "")
    unpaid = [held for held in invoices_of(world, subscription) if held["status"] in _OPEN]
    around = [subscription, *unpaid, *([schedule] if schedule else [])]
    dues = sorted((due, str(held["id"])) for held in around for due in world.dues(world, held))
    # What ends the subscription takes back whatever else was due for it from then on.
    end = next((due for due, _ in dues if _KINDS.get(due.kind) == "end"), None)
    return [
        Mark(due.at, words(due.kind), _KINDS.get(due.kind, "next"), id_, due.kind)
        for due, id_ in dues
        if end is None or due <= end or id_ != subscription["id"]
    ]


def words(kind: str) -> str:
    """A happening in words."""
    return _WORDS.get(kind, kind.replace("_", " ").replace(".", " "))


def _is_of(event: Obj, id_: str) -> bool:
    about = event["data"]["object"]
    if about["object"] == "invoice":
        return subscription_of(about) == id_
    return bool(about["object"] == "subscription" and about["id"] == id_)


def _mark(event: Obj) -> Mark:
    about, type_ = event["data"]["object"], str(event["type"])
    status = about["status"] if about["object"] == "subscription" else None
    what = _update(event) if type_ == "customer.subscription.updated" else words(type_)
    return Mark(event["created"], what, _KINDS.get(type_, "plain"), event["id"], type_, status)


def _update(event: Obj) -> str:
    """What an update changed; a change of status says from what to what."""
    former: Obj = event["data"].get("previous_attributes") or {}
    if "status" in former:
        return f"{former['status']} → {event['data']['object']['status']}"
    if "latest_invoice" in former and "items" in former:
        return "renewed"
    changed = ", ".join(sorted(name.replace("_", " ") for name in former if name != "latest_invoice"))
    return f"updated: {changed}" if changed else "updated"
