"""How does a schedule end with its subscription? Canceled, or aborted where nobody paid."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

_LIVE = {"active", "not_started"}


def leave_schedule(world: World, subscription: Obj, *, aborted: bool = False) -> None:
    """End the schedule of a subscription that is over."""
    schedule = world.shelf.take(subscription["schedule"] or "")
    if schedule is None or schedule["status"] not in _LIVE:
        return
    schedule["status"] = "canceled"
    schedule["canceled_at"] = world.now_of(subscription)
    schedule["current_phase"] = None
    world.emit(f"subscription_schedule.{'aborted' if aborted else 'canceled'}", schedule)
