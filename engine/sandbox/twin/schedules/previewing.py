"""What would a schedule bill next? Its phases played in a dry run, up to the next invoice."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.errors import not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.lifecycle import cycle, phases
from engine.sandbox.twin.lifecycle.upcoming import none_upcoming
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, inside

from . import calls


def invoice_of_schedule(world: World, params: Params) -> Obj:
    """The next invoice of the schedule that is named or described; only to be called in a dry run."""
    details: Obj = params.get("schedule_details") or {}
    if details.get("pause_schedules"):
        raise not_covered("schedule_details[pause_schedules]")
    if params.get("schedule"):
        schedule = calls.live(world, params["schedule"], "preview")
        latest = _latest(world, schedule)
        if details:
            calls.change(world, schedule, Params(details))
        if _latest(world, schedule) != latest:
            return world.fetch("invoice", str(_latest(world, schedule)))
    else:
        schedule = calls.of_customer(world, _described(params, details))
    return _next(world, schedule)


def _described(params: Params, details: Obj) -> Params:
    """The parameters of a schedule that does not exist."""
    given = dict(details)
    given.pop("proration_behavior", None)
    first = inside(given["phases"][0]) if given.get("phases") else {}
    start = first.get("start_date", "now")
    return Params({**given, "customer": params.get("customer") or "", "start_date": start})


def _latest(world: World, schedule: Obj) -> str | None:
    subscription = world.shelf.peek(schedule["subscription"] or "") or {}
    return subscription.get("latest_invoice")


def _next(world: World, schedule: Obj) -> Obj:
    """Go to the next instant at which the schedule bills."""
    if schedule["status"] == "not_started":
        _go_to(world, schedule, schedule["phases"][0]["start_date"])
        phases.begin(world, schedule)
        return _made(world, schedule, None)
    subscription = world.fetch("subscription", schedule["subscription"])
    before = subscription["latest_invoice"]
    renewal = min(int(item["current_period_end"]) for item in items_of(subscription))
    ends = schedule["current_phase"]["end_date"]
    _go_to(world, schedule, min(renewal, ends))
    if ends <= renewal:
        phases.end_phase(world, schedule, ends)
    if subscription["status"] == "active" and renewal <= ends:
        cycle.renew(world, subscription, renewal)
    return _made(world, schedule, before)


def _made(world: World, schedule: Obj, before: str | None) -> Obj:
    id_ = schedule["subscription"] or schedule["released_subscription"]
    subscription = world.fetch("subscription", id_)
    if subscription["latest_invoice"] in {None, before}:
        raise none_upcoming(subscription["customer"])
    return world.fetch("invoice", subscription["latest_invoice"])


def _go_to(world: World, schedule: Obj, at: int) -> None:
    """Move the schedule's clock on; the dry run brings it back."""
    clock = world.shelf.take(schedule["_clock"] or "")
    if clock is not None:
        clock["frozen_time"] = max(at, clock["frozen_time"])
    else:
        world.live = max(at, world.now())
