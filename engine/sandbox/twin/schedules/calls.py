"""Which calls make and change subscription schedules?"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.render import fits_range, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.lifecycle import ending, phases
from engine.sandbox.twin.terms.modes import flexible_mode
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone

from .describing import blank_phase, described_phases
from .settings import blank_defaults, write_settings

_ALONE = {"from_subscription", "expand", "metadata"}
_LIVE = {"not_started", "active"}
_ENDS = {"cancel", "release"}
_FURTHEST = 5 * 366 * DAY
_DATES = ("canceled_at", "completed_at", "released_at")


def create(call: Call) -> Obj:
    """A schedule: of a running subscription alone, or of one that it starts."""
    world, params = call.world, call.params
    source = params.get("from_subscription")
    if source is not None:
        others = sorted(set(params) - _ALONE)
        if others:
            raise invalid(f"You cannot set `{others[0]}` if `from_subscription` is set.", param=others[0])
        schedule = _of_subscription(world, world.refer("subscription", source, "from_subscription"))
    else:
        schedule = of_customer(world, params)
    merge_metadata(schedule, params)
    world.emit("subscription_schedule.created", schedule)
    now = world.now_of(schedule)
    if schedule["status"] == "not_started" and schedule["phases"][0]["start_date"] <= now:
        phases.begin(world, schedule)
        phases.catch_up(world, schedule, now)
    return schedule


def _new(world: World, customer: Obj, **about: object) -> Obj:
    return world.new(
        "subscription_schedule",
        "sub_sched",
        {
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
            "customer": customer["id"],
            "default_settings": blank_defaults(),
            "end_behavior": "release",
            "metadata": {},
            "test_clock": customer["test_clock"],
            **about,
        },
        clock=customer["_clock"],
    )


def _of_subscription(world: World, subscription: Obj) -> Obj:
    """One phase: what runs now, until its period ends."""
    if subscription["schedule"]:
        raise invalid("You cannot migrate a subscription that is already attached to a schedule.")
    if subscription["status"] in {"canceled", "incomplete_expired", "incomplete", "paused"}:
        raise invalid(f"You cannot migrate a subscription with the status `{subscription['status']}`.")
    before = clone(subscription)
    customer = world.fetch("customer", subscription["customer"])
    ends = subscription["cancel_at"]
    items = items_of(subscription)
    phase = blank_phase(subscription["currency"])
    phase |= {
        "items": phases.phase_items(subscription),
        "start_date": max(int(item["current_period_start"]) for item in items),
        "end_date": ends or min(int(item["current_period_end"]) for item in items),
        "trial_end": subscription["trial_end"] if subscription["status"] == "trialing" else None,
        "discounts": [_phase_discount(discount) for discount in subscription["discounts"]],
        "default_tax_rates": clone(subscription["default_tax_rates"]),
    }
    schedule = _new(world, customer, phases=[phase], status="active", subscription=subscription["id"])
    schedule["billing_mode"] = clone(subscription["billing_mode"])
    _take_settings(schedule["default_settings"], subscription)
    schedule["end_behavior"] = "cancel" if ends else "release"
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    subscription["schedule"] = schedule["id"]
    subscription["_ends_by_schedule"] = bool(ends)
    world.emit("customer.subscription.updated", subscription, before=before)
    return schedule


def _take_settings(defaults: Obj, subscription: Obj) -> None:
    """What the subscription is set to holds on as the schedule's default."""
    for name in (
        "application_fee_percent", "collection_method", "default_payment_method", "description",
        "on_behalf_of", "transfer_data",
    ):  # fmt: skip
        defaults[name] = clone(subscription[name])
    held = {name: value for name, value in subscription["invoice_settings"].items() if value is not None}
    defaults["invoice_settings"] |= {**clone(held), "days_until_due": subscription["days_until_due"]}


def _phase_discount(discount: str) -> Obj:
    return {"coupon": None, "discount": discount, "promotion_code": None}


def of_customer(world: World, params: Params) -> Obj:
    """A schedule that starts a subscription, now or later, or in the past as if it had run since then."""
    if params.get("customer_account"):
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    for name in ("customer", "phases", "start_date"):
        if name not in params:
            raise missing(name)
    customer = world.refer("customer", params["customer"], "customer")
    now = world.now_of(customer)
    start = now if params["start_date"] == "now" else int(params["start_date"])
    if not 0 <= start <= now + _FURTHEST:
        text = "Invalid timestamp: can be no more than five years in the future."
        raise invalid(text, param="start_date")
    schedule = _new(world, customer, status="not_started")
    _write(world, schedule, params)
    _set_mode(schedule, params, now)
    schedule["phases"] = described_phases(world, schedule, params["phases"], start, now)
    if not schedule["phases"] or schedule["phases"][-1]["end_date"] <= now:
        raise invalid("The phases must end in the future.", param="phases")
    return schedule


def _set_mode(schedule: Obj, params: Params, now: int) -> None:
    """The billing mode that the subscription will have."""
    given: Obj | None = params.whole("billing_mode")
    if given is None:
        return
    flexible = flexible_mode(given, now)["flexible"] if given["type"] == "flexible" else None
    schedule["billing_mode"] = {"type": given["type"], "flexible": flexible}


def _write(world: World, schedule: Obj, params: Params) -> None:
    """How it ends, and what holds for every phase that says nothing else."""
    wanted = params.get("end_behavior", schedule["end_behavior"])
    if wanted not in _ENDS:
        text = "Invalid end_behavior: must be one of cancel or release"
        raise invalid(text, param="end_behavior")
    schedule["end_behavior"] = wanted
    customer = world.fetch("customer", schedule["customer"])
    settings: Obj = params.get("default_settings") or {}
    write_settings(world, customer, schedule["default_settings"], settings, "default_settings")


def update(call: Call) -> Obj:
    """Rewrite the current and future phases, or what holds for all of them."""
    world, params = call.world, call.params
    schedule = live(world, call.id, "update")
    before = clone(schedule)
    merge_metadata(schedule, params)
    change(world, schedule, params)
    world.emit("subscription_schedule.updated", schedule, before=before)
    return schedule


def change(world: World, schedule: Obj, params: Params) -> None:
    """Let a schedule and its subscription become what the parameters say."""
    before = clone(schedule)
    _write(world, schedule, params)
    proration = params.get("proration_behavior", "create_prorations")
    if "phases" in params:
        _rewrite(world, schedule, params["phases"], proration)
    elif schedule["status"] == "active":
        _apply_defaults(world, schedule, before, proration)


def _apply_defaults(world: World, schedule: Obj, before: Obj, proration: str) -> None:
    """New defaults reach the subscription at once, where its phase says nothing else."""
    subscription = world.fetch("subscription", schedule["subscription"])
    running = phases.current(schedule)
    if running is not None and schedule["default_settings"] != before["default_settings"]:
        phases.enter(world, schedule, subscription, running, proration, former=running)
    phases.announce_end(world, schedule, subscription)


def _rewrite(world: World, schedule: Obj, given: Objs, proration: str) -> None:
    now = world.now_of(schedule)
    if not given or "start_date" not in given[0]:
        raise missing("phases[0][start_date]")
    running = phases.current(schedule)
    first = now if given[0]["start_date"] == "now" else given[0]["start_date"]
    known = [phase["start_date"] for phase in schedule["phases"]]
    if running is not None and first not in {now, *known}:
        text = "You can not modify the start date of the current phase. You must pass it again."
        raise invalid(text, param="phases[0][start_date]")
    if running is None and first < now:
        raise invalid("The first phase must not start in the past.", param="phases[0][start_date]")
    past = [phase for phase in schedule["phases"] if phase["end_date"] <= min(now, first)]
    schedule["phases"] = [*past, *described_phases(world, schedule, given, first, now)]
    if schedule["status"] != "active":
        _begin_if_due(world, schedule, now)
        return
    present = [phase for phase in schedule["phases"] if phase["start_date"] <= now < phase["end_date"]]
    if not present:
        raise invalid("The phases must contain the current time.", param="phases")
    subscription = world.fetch("subscription", schedule["subscription"])
    former = running if _same_start(running, present[0]) else None
    phases.enter(world, schedule, subscription, present[0], proration, former=former)


def _begin_if_due(world: World, schedule: Obj, now: int) -> None:
    if not schedule["phases"]:
        raise invalid("The phases must end in the future.", param="phases")
    if schedule["phases"][0]["start_date"] <= now:
        phases.begin(world, schedule)


def _same_start(running: Obj | None, phase: Obj) -> bool:
    return running is not None and running["start_date"] == phase["start_date"]


def live(world: World, id_: str, verb: str) -> Obj:
    """The schedule with this id; raises where it is over."""
    schedule = world.fetch("subscription_schedule", id_, param="schedule")
    if schedule["status"] not in _LIVE:
        text = (
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}`"
            " status. It must be in one of the following statuses: not_started, active."
        )
        raise invalid(text)
    return schedule


def release(call: Call) -> Obj:
    """Let the subscription live on without the schedule."""
    world, params = call.world, call.params
    schedule = live(world, call.id, "release")
    keep = params.get("preserve_cancel_date", False)
    if schedule["status"] == "active":
        subscription = world.fetch("subscription", schedule["subscription"])
        phases.let_go(world, schedule, subscription, preserve_cancel_date=keep)
        return schedule
    schedule["status"] = "released"
    schedule["released_at"] = world.now_of(schedule)
    world.emit("subscription_schedule.released", schedule)
    return schedule


def cancel(call: Call) -> Obj:
    """Cancel the schedule and its subscription; prorates and invoices unless told otherwise."""
    world, params = call.world, call.params
    schedule = live(world, call.id, "cancel")
    invoice_now, prorate = params.get("invoice_now", True), params.get("prorate", True)
    if schedule["status"] == "active":
        subscription = world.fetch("subscription", schedule["subscription"])
        ending.cancel(world, subscription, prorate=prorate, invoice_now=invoice_now)
        return schedule
    schedule["status"] = "canceled"
    schedule["canceled_at"] = world.now_of(schedule)
    world.emit("subscription_schedule.canceled", schedule)
    return schedule


def retrieve(call: Call) -> Obj:
    """One schedule."""
    return call.world.fetch("subscription_schedule", call.id, param="schedule")


def list_all(call: Call) -> Obj:
    """Schedules, newest first."""
    params = call.params
    customer, scheduled = params.get("customer"), params.get("scheduled")
    params.ignore("customer_account")
    ranges = {name: params.get(name) for name in _DATES}
    found = [
        schedule
        for schedule in call.world.shelf.kind("subscription_schedule")
        if customer in {None, schedule["customer"]}
        and (scheduled is None or scheduled == (schedule["status"] == "not_started"))
        and all(fits_range(schedule[name], wanted) for name, wanted in ranges.items())
    ]
    return page("/v1/subscription_schedules", params, found)


ROUTES: Routes = {
    "POST /v1/subscription_schedules": create,
    "GET /v1/subscription_schedules": list_all,
    "GET /v1/subscription_schedules/{id}": retrieve,
    "POST /v1/subscription_schedules/{id}": update,
    "POST /v1/subscription_schedules/{id}/release": release,
    "POST /v1/subscription_schedules/{id}/cancel": cancel,
}
