"""What does a schedule do? Phases, their beginning on a subscription, and the schedule's end.

Source: Stripe docs, billing/subscriptions/subscription-schedules.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.schedules.describing import new_phase_item
from engine.sandbox.twin.schedules.settings import on_subscription
from engine.sandbox.twin.values.types import Obj, Objs, clone

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
        "billing_mode": {name: value for name, value in schedule["billing_mode"].items() if value},
        **({"trial_end": phase["trial_end"]} if phase["trial_end"] else {}),
    }
    if phase["start_date"] < world.now_of(customer):
        given["backdate_start_date"] = phase["start_date"]
    subscription = start(world, customer, given, by_schedule=True)
    subscription["schedule"] = schedule["id"]
    schedule["subscription"] = subscription["id"]
    schedule["status"] = "active"
    _set_current(schedule, phase)
    announce_end(world, schedule, subscription)
    world.emit("subscription_schedule.updated", schedule, before=before)


def _item(item: Obj) -> Obj:
    kept: Obj = {
        "price": item["price"],
        "metadata": item["metadata"] or {},
        "_held": True,
        **_reductions(item),
    }
    return {**kept, "quantity": item["quantity"]} if "quantity" in item else kept


def _reductions(item: Obj) -> Obj:
    """Discounts and tax rates of its own, as parameters."""
    discounts = [{kind: id_ for kind, id_ in each.items() if id_} for each in item["discounts"]]
    held: Objs = item["tax_rates"] or []
    rates = [rate["id"] for rate in held]
    return {**({"discounts": discounts} if discounts else {}), **({"tax_rates": rates} if rates else {})}


def catch_up(world: World, schedule: Obj, now: int) -> None:
    """A schedule that began in the past goes through the phases that are over already."""
    while schedule["status"] == "active" and schedule["current_phase"]["end_date"] <= now:
        end_phase(world, schedule, schedule["current_phase"]["end_date"])


def _settings(schedule: Obj, phase: Obj) -> Obj:
    """The fields that a phase, or else the schedule's defaults, sets on the subscription."""
    found = on_subscription(phase, schedule["default_settings"])
    if phase["_metadata"]:
        found["metadata"] = phase["_metadata"]
    if phase["_discounts"] is not None:
        found["discounts"] = clone(phase["_discounts"]) or "" or ""
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
    world: World,
    schedule: Obj,
    subscription: Obj,
    phase: Obj,
    proration: str,
    *,
    former: Obj | None = None,
) -> None:
    """Make the subscription what a phase says; `former` is the same phase before it was rewritten."""
    before = clone(schedule)
    _set_current(schedule, phase)
    given = {
        **_settings(schedule, phase),
        "items": item_changes(subscription, phase["items"]),
        "proration_behavior": proration,
        "add_invoice_items": [] if former else phase["_add_invoice_items"],
        "_by_schedule": former is None,
    }
    if former is not None and former["discounts"] == phase["discounts"]:
        given.pop("discounts", None)
    if phase["trial_end"] and phase["trial_end"] != subscription["trial_end"]:
        given["trial_end"] = phase["trial_end"]
    anchor = phase["billing_cycle_anchor"] or schedule["default_settings"]["billing_cycle_anchor"]
    if anchor == "phase_start" and former is None and not phase["trial_end"]:
        given["billing_cycle_anchor"] = {"type": "now"}
    was = clone(subscription)
    subscription["_silent"] = True
    apply_update(world, subscription, given)
    announce_end(world, schedule, subscription)
    subscription.pop("_silent", None)
    if former is None:
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
            change = {"id": present["id"], **_reductions(item)}
            if "quantity" in item:
                change["quantity"] = item["quantity"]
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
    return [_as_in_phase(item) for item in items_of(subscription)]


def _as_in_phase(item: Obj) -> Obj:
    shown = new_phase_item(item["price"]["id"], item.get("quantity"), item["metadata"])
    shown["tax_rates"] = clone(item["tax_rates"])
    shown["discounts"] = [
        {"coupon": None, "discount": discount, "promotion_code": None} for discount in item["discounts"]
    ]
    return shown
