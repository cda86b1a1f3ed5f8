"""What does a schedule do? Phases, their beginning on a subscription, and the schedule's end.

Source: Stripe docs, billing/subscriptions/subscription-schedules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from . import ending

_SPLITS = {"items", "discounts", "trial_end", "add_invoice_items", "default_tax_rates"}


def begin(world: World, schedule: Obj) -> None:
    """Start the subscription with the first phase; its first invoice stays a draft for an hour."""
    phase = schedule["phases"][0]
    customer = world.fetch("customer", schedule["customer"])
    before = clone(schedule)
    given = {
        **_settings(schedule, phase),
        "items": [_item(item) for item in phase["items"]],
        "add_invoice_items": phase["_add_invoice_items"],
        "proration_behavior": "none",
        **({"trial_end": phase["trial_end"]} if phase["trial_end"] else {}),
    }
    subscription = start(world, customer, given, by_schedule=True)
    subscription["schedule"] = schedule["id"]
    schedule["subscription"] = subscription["id"]
    schedule["status"] = "active"
    _set_current(schedule, phase)
    announce_end(world, schedule, subscription)
    world.emit("subscription_schedule.updated", schedule, before=before)


def _item(item: Obj) -> Obj:
    kept: Obj = {"price": item["price"], "metadata": item["metadata"] or {}}
    return {**kept, "quantity": item["quantity"]} if "quantity" in item else kept


def _settings(schedule: Obj, phase: Obj) -> Obj:
    """The fields that a phase, or else the schedule's defaults, sets on the subscription."""
    defaults = schedule["default_settings"]
    found: Obj = {}
    for name in ("collection_method", "default_payment_method", "description"):
        value = phase[name] or defaults[name]
        if value is not None:
            found[name] = value
    days = inside(phase, "invoice_settings").get("days_until_due")
    if days is not None:
        found["days_until_due"] = days
    if phase["metadata"]:
        found["metadata"] = phase["metadata"]
    if phase["_discounts"] is not None:
        found["discounts"] = phase["_discounts"] or ""
    return found


def _set_current(schedule: Obj, phase: Obj | None) -> None:
    dates = None if phase is None else {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    schedule["current_phase"] = dates


def current(schedule: Obj) -> Obj | None:
    """The phase that runs."""
    running = schedule["current_phase"]
    for phase in schedule["phases"]:
        if running is not None and phase["start_date"] == running["start_date"]:
            return phase  # type: ignore[no-any-return] # JSON of our own making
    return None


def announce_end(world: World, schedule: Obj, subscription: Obj) -> None:
    """With `end_behavior=cancel` the last phase shows when the subscription ends."""
    last = schedule["phases"][-1]
    running = schedule["current_phase"]
    ends = schedule["end_behavior"] == "cancel" and running["end_date"] == last["end_date"]
    subscription["cancel_at"] = last["end_date"] if ends else None
    subscription["canceled_at"] = world.now_of(subscription) if ends else None
    subscription["_ends_by_schedule"] = ends


def end_phase(world: World, schedule: Obj, at: int) -> None:
    """One phase is over: the next begins, or the schedule ends as it says."""
    following = [phase for phase in schedule["phases"] if phase["start_date"] >= at]
    subscription = world.fetch("subscription", schedule["subscription"])
    if following:
        enter(world, schedule, subscription, following[0], following[0]["proration_behavior"])
        return
    if schedule["end_behavior"] == "cancel":
        schedule["status"] = "completed"
        schedule["completed_at"] = at
        _set_current(schedule, None)
        world.emit("subscription_schedule.completed", schedule)
        ending.end_at_date(world, subscription)
        return
    let_go(world, schedule, subscription, preserve_cancel_date=True)


def enter(
    world: World, schedule: Obj, subscription: Obj, phase: Obj, proration: str, *, again: bool = False
) -> None:
    """Make the subscription what a phase says; `again` where the same phase was only rewritten."""
    before = clone(schedule)
    _set_current(schedule, phase)
    given = {
        **_settings(schedule, phase),
        "items": item_changes(subscription, phase["items"]),
        "proration_behavior": proration,
        "add_invoice_items": [] if again else phase["_add_invoice_items"],
        "_by_schedule": not again,
    }
    if phase["trial_end"] and phase["trial_end"] != subscription["trial_end"]:
        given["trial_end"] = phase["trial_end"]
    if phase["billing_cycle_anchor"] == "phase_start" and not again:
        given["billing_cycle_anchor"] = {"type": "now"}
    was = clone(subscription)
    subscription["_silent"] = True
    apply_update(world, subscription, given)
    announce_end(world, schedule, subscription)
    subscription.pop("_silent", None)
    if not again:
        world.emit("subscription_schedule.updated", schedule, before=before)
    if subscription != was:
        world.emit("customer.subscription.updated", subscription, before=was)


def item_changes(subscription: Obj, wanted: Objs) -> Objs:
    """The `items` of an update that makes the subscription's items those of a phase, matched by price."""
    held = {item["price"]["id"]: item for item in items_of(subscription)}
    changes: Objs = []
    for item in wanted:
        present = held.pop(item["price"], None)
        change = _item(item)
        if present is not None:
            change = {"id": present["id"], **({"quantity": item["quantity"]} if "quantity" in item else {})}
            if item["metadata"]:
                change["metadata"] = item["metadata"]
        changes.append(change)
    return [*changes, *({"id": item["id"], "deleted": True} for item in held.values())]


def let_go(world: World, schedule: Obj, subscription: Obj, *, preserve_cancel_date: bool) -> None:
    """Release: the subscription lives on, the rest of the schedule is dropped."""
    before = clone(subscription)
    schedule["status"] = "released"
    schedule["released_at"] = world.now_of(schedule)
    schedule["released_subscription"] = subscription["id"]
    schedule["subscription"] = None
    _set_current(schedule, None)
    subscription["schedule"] = None
    if subscription.get("_ends_by_schedule") and not preserve_cancel_date:
        subscription["cancel_at"] = subscription["canceled_at"] = None
    world.emit("subscription_schedule.released", schedule)
    world.emit("customer.subscription.updated", subscription, before=before)


def before_direct_change(world: World, subscription: Obj, given: Obj) -> Callable[[], None]:
    """What to do after a direct change of a scheduled subscription: its running phase is split in two."""
    schedule = world.shelf.take(subscription["schedule"] or "")
    if schedule is None or not set(given) & _SPLITS or subscription["status"] == "canceled":
        return lambda: None

    def split() -> None:
        phase = current(schedule)
        now = world.now_of(subscription)
        if phase is None:
            return
        before = clone(schedule)
        rest: Obj = {**clone(phase), "start_date": now, "items": phase_items(subscription)}
        place = schedule["phases"].index(phase)
        phase["end_date"] = now
        schedule["phases"].insert(place + 1, rest)
        if phase["start_date"] == now:
            schedule["phases"].remove(phase)
        _set_current(schedule, rest)
        world.emit("subscription_schedule.updated", schedule, before=before)

    return split


def phase_items(subscription: Obj) -> Objs:
    """The subscription's items as a phase lists them."""
    return [
        new_phase_item(item["price"]["id"], item.get("quantity"), item["metadata"])
        for item in items_of(subscription)
    ]


def new_phase_item(price: str, quantity: Any, metadata: Obj) -> Obj:
    """An item of a phase."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": dict(metadata),
        "plan": price,
        "price": price,
        **({} if quantity is None else {"quantity": quantity}),
        "tax_rates": [],
    }
