"""Which change of plan waits for the end of the period? One that a condition of the configuration names.

Source: Stripe docs, customer-management/configure-portal (downgrades at the end of the period).
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.schedules import calls
from engine.sandbox.twin.schedules.describing import described_phases
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone


def waits(world: World, subscription: Obj, wanted: Obj, features: Obj) -> bool:
    """Whether the change costs less, or comes round sooner, and the configuration lets that wait."""
    conditions: Objs = features["subscription_update"]["schedule_at_period_end"]["conditions"] or []
    item = subscription["items"]["data"][0]
    price = world.refer("price", wanted["price"], "price")
    count = wanted.get("quantity", item.get("quantity"))
    fits = {
        "decreasing_item_amount": amount_of(price, count or 0)
        < amount_of(item["price"], item.get("quantity") or 0),
        "shortening_interval": _length(price) < _length(item["price"]),
    }
    return any(fits[condition["type"]] for condition in conditions)


def _length(price: Obj) -> int:
    rhythm = price["recurring"]
    return calendar.instant(0, rhythm["interval"], rhythm["interval_count"], 1)


def schedule_change(world: World, subscription: Obj, wanted: Obj, discounts: Objs) -> None:
    """Let a schedule change the plan when the period ends, and go away after that."""
    if subscription["schedule"]:
        raise invalid("This plan is already set to change.")
    if subscription["cancel_at"] is not None:
        raise invalid("This plan is set to be canceled.")
    schedule = calls.create(Call(world, {}, Params({"from_subscription": subscription["id"]})))
    before = clone(schedule)
    present, held = schedule["phases"][0], subscription["items"]["data"][0]
    item: Obj = {"price": wanted["price"], "metadata": present["items"][0]["metadata"]}
    count = wanted.get("quantity", present["items"][0].get("quantity"))
    if count is not None:
        item["quantity"] = count
    phase: Obj = {"items": [item], "proration_behavior": "none"}
    if discounts:
        phase["discounts"] = discounts
    if _length(world.refer("price", wanted["price"], "price")) != _length(held["price"]):
        phase["billing_cycle_anchor"] = "phase_start"
    now = world.now_of(subscription)
    schedule["phases"] += described_phases(world, schedule, [phase], present["end_date"], now)
    world.emit("subscription_schedule.updated", schedule, before=before)
