"""What is announced before it happens? Renewals, due dates and the ends of schedules."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

from .upcoming import next_invoice

_EXPIRING_DAYS = 7


def upcoming_dues(world: World, subscription: Obj) -> list[Due]:
    """A subscription that is charged by itself and goes on is announced some days before its next invoice."""
    days = world.settings.upcoming_days
    at = min(int(item["current_period_end"]) for item in items_of(subscription))
    ends = subscription["cancel_at"] is not None and subscription["cancel_at"] <= at
    automatic = subscription["collection_method"] == "charge_automatically"
    if not days or not automatic or ends or subscription.get("_upcoming_told") == at:
        return []
    return [Due(max(at - days * DAY, world.now_of(subscription)), 4, "renewal_upcoming")]


def will_be_due_dues(world: World, invoice: Obj) -> list[Due]:
    """A sent invoice is announced some days before it is due."""
    days = world.settings.will_be_due_days
    sent = invoice["status"] == "open" and invoice["collection_method"] == "send_invoice"
    if not days or not sent or not invoice["due_date"] or invoice.get("_due_told"):
        return []
    return [Due(invoice["due_date"] - days * DAY, 4, "will_be_due")]


def expiring_dues(schedule: Obj) -> list[Due]:
    """A schedule is announced a week before the end of its last phase."""
    end = schedule["phases"][-1]["end_date"]
    if schedule.get("_expiring_told") == end:
        return []
    return [Due(end - _EXPIRING_DAYS * DAY, 1, "schedule_expiring")]


def _tell_of_renewal(world: World, subscription: Obj, _at: int) -> None:
    at = min(int(item["current_period_end"]) for item in items_of(subscription))
    subscription["_upcoming_told"] = at
    world.emit("invoice.upcoming", next_invoice(world, subscription))


def _tell_of_due_date(world: World, invoice: Obj, _at: int) -> None:
    invoice["_due_told"] = True
    world.emit("invoice.will_be_due", invoice)


def _tell_of_schedule(world: World, schedule: Obj, _at: int) -> None:
    schedule["_expiring_told"] = schedule["phases"][-1]["end_date"]
    world.emit("subscription_schedule.expiring", schedule)


HAPPENINGS: Happenings = {
    "renewal_upcoming": _tell_of_renewal,
    "will_be_due": _tell_of_due_date,
    "schedule_expiring": _tell_of_schedule,
}
