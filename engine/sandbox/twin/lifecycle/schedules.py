"""Which calls make and change subscription schedules?"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of, price_for
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, not_covered
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.usage.items import wanted_quantity
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

from . import ending, phases

_MOST_PHASES = 10
_ALONE = {"from_subscription", "expand", "metadata"}
_LIVE = {"not_started", "active"}


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
        schedule = _of_customer(world, params)
    merge_metadata(schedule, params)
    world.emit("subscription_schedule.created", schedule)
    if schedule["status"] == "not_started" and schedule["phases"][0]["start_date"] <= world.now_of(schedule):
        phases.begin(world, schedule)
    return schedule


def _new(world: World, customer: Obj, **about: object) -> Obj:
    settings: Obj = {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": _invoice_settings(),
        "on_behalf_of": None,
        "transfer_data": None,
    }
    return world.new(
        "subscription_schedule",
        "sub_sched",
        {
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
            "customer": customer["id"],
            "default_settings": settings,
            "end_behavior": "release",
            "metadata": {},
            "test_clock": customer["test_clock"],
            **about,
        },
        clock=customer["_clock"],
    )


def _invoice_settings() -> Obj:
    names = ("account_tax_ids", "custom_fields", "days_until_due", "description", "footer")
    return {**dict.fromkeys(names), "issuer": {"type": "self"}}


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
    phase = _blank_phase(subscription["currency"])
    phase |= {
        "items": phases.phase_items(subscription),
        "start_date": max(int(item["current_period_start"]) for item in items),
        "end_date": ends or min(int(item["current_period_end"]) for item in items),
        "trial_end": subscription["trial_end"] if subscription["status"] == "trialing" else None,
        "discounts": [_phase_discount(discount) for discount in subscription["discounts"]],
    }
    schedule = _new(world, customer, phases=[phase], status="active", subscription=subscription["id"])
    schedule["billing_mode"] = clone(subscription["billing_mode"])
    for name in ("collection_method", "default_payment_method"):
        schedule["default_settings"][name] = subscription[name]
    schedule["end_behavior"] = "cancel" if ends else "release"
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    subscription["schedule"] = schedule["id"]
    subscription["_ends_by_schedule"] = bool(ends)
    world.emit("customer.subscription.updated", subscription, before=before)
    return schedule


def _phase_discount(discount: str) -> Obj:
    return {"coupon": None, "discount": discount, "promotion_code": None}


def _of_customer(world: World, params: Params) -> Obj:
    """A schedule that starts a subscription, now or later."""
    for name in ("customer", "phases", "start_date"):
        if name not in params:
            raise missing(name)
    customer = world.refer("customer", params["customer"], "customer")
    now = world.now_of(customer)
    start = now if params["start_date"] == "now" else int(params["start_date"])
    if start < now:
        raise not_covered("start_date")
    schedule = _new(world, customer, status="not_started")
    schedule["phases"] = _phases(world, params["phases"], start, now)
    schedule["end_behavior"] = params.get("end_behavior", "release")
    schedule["default_settings"].update(params.get("default_settings") or {})
    params.ignore("billing_mode")
    return schedule


def _blank_phase(currency: str) -> Obj:
    return {
        **dict.fromkeys(
            (
                "application_fee_percent", "billing_cycle_anchor", "billing_thresholds", "collection_method",
                "default_payment_method", "description", "invoice_settings", "on_behalf_of", "transfer_data",
                "trial_end",
            )
        ),
        "add_invoice_items": [],
        "currency": currency,
        "discounts": [],
        "items": [],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "_add_invoice_items": [],
        "_discounts": None,
    }  # fmt: skip


def _phases(world: World, given: Objs, start: int, now: int) -> Objs:
    """The phases as described, each beginning where the former ends."""
    if len(given) > _MOST_PHASES:
        raise invalid(f"You can only have up to {_MOST_PHASES} current and future phases.", param="phases")
    made: Objs = []
    begin = start
    for index, described in enumerate(given):
        phase = _phase(world, described, begin, now, f"phases[{index}]")
        made.append(phase)
        begin = phase["end_date"]
    return [phase for phase in made if phase["end_date"] > phase["start_date"]]


def _phase(world: World, given: Obj, begin: int, now: int, where: str) -> Obj:
    items: Objs = given.get("items") or []
    if not items:
        raise missing(f"{where}[items]")
    prices = [
        price_for(world, item, f"{where}[items][{index}]", recurring=True) for index, item in enumerate(items)
    ]
    phase = _blank_phase(prices[0]["currency"])
    start = given.get("start_date", begin)
    phase["start_date"] = now if start == "now" else start
    phase["items"] = [
        phases.new_phase_item(price["id"], wanted_quantity(price, item), texts(item.get("metadata")))
        for price, item in zip(prices, items, strict=True)
    ]
    phase["end_date"] = _end_of(given, phase["start_date"], prices[0], now, where)
    for name in ("billing_cycle_anchor", "collection_method", "default_payment_method", "description"):
        phase[name] = given.get(name) or None
    phase["proration_behavior"] = given.get("proration_behavior", "create_prorations")
    phase["metadata"] = texts(given.get("metadata"))
    if given.get("invoice_settings"):
        phase["invoice_settings"] = {**_invoice_settings(), **given["invoice_settings"]}
    _set_extras(phase, given)
    return phase


def _set_extras(phase: Obj, given: Obj) -> None:
    """Trial, one-time items and discounts of a phase."""
    trial_end = given.get("trial_end")
    phase["trial_end"] = phase["end_date"] if given.get("trial") else trial_end
    extra: Objs = given.get("add_invoice_items") or []
    phase["_add_invoice_items"] = extra
    period = {"start": {"type": "max_item_period_start"}, "end": {"type": "min_item_period_end"}}
    phase["add_invoice_items"] = [
        {
            "discountable": item.get("discountable"),
            "discounts": [],
            "metadata": texts(item.get("metadata")),
            "period": item.get("period") or period,
            "price": item.get("price"),
            "quantity": item.get("quantity", 1),
            "tax_rates": [],
        }
        for item in extra
    ]
    if "discounts" in given:
        named: Objs = given["discounts"] or []
        phase["_discounts"] = named
        blank = {"coupon": None, "discount": None, "promotion_code": None}
        phase["discounts"] = [{**blank, **discount} for discount in named]


def _end_of(given: Obj, start: int, price: Obj, now: int, where: str) -> int:
    end = given.get("end_date")
    if end == "now":
        return now
    if end is not None:
        if end <= start:
            raise invalid(
                "The end date must be after the start date of the phase.", param=f"{where}[end_date]"
            )
        return int(end)
    length = inside(given, "duration") or price["recurring"]
    return calendar.instant(start, length["interval"], length.get("interval_count", 1), 1)


def update(call: Call) -> Obj:
    """Rewrite the current and future phases."""
    world, params = call.world, call.params
    schedule = _live(world, call.id, "update")
    before = clone(schedule)
    merge_metadata(schedule, params)
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    schedule["default_settings"].update(params.get("default_settings") or {})
    proration = params.get("proration_behavior", "create_prorations")
    if "phases" in params:
        _rewrite(world, schedule, params["phases"], proration)
    elif schedule["status"] == "active":
        subscription = world.fetch("subscription", schedule["subscription"])
        phases.announce_end(world, schedule, subscription)
    world.emit("subscription_schedule.updated", schedule, before=before)
    return schedule


def _rewrite(world: World, schedule: Obj, given: Objs, proration: str) -> None:
    now = world.now_of(schedule)
    if "start_date" not in given[0]:
        raise missing("phases[0][start_date]")
    running = phases.current(schedule)
    first = now if given[0]["start_date"] == "now" else given[0]["start_date"]
    if running is not None and first != running["start_date"] and first > now:
        text = "You can not modify the start date of the current phase. You must pass it again."
        raise invalid(text, param="phases[0][start_date]")
    past = [phase for phase in schedule["phases"] if phase["end_date"] <= now and phase["end_date"] <= first]
    schedule["phases"] = [*past, *_phases(world, given, first, now)]
    if schedule["status"] != "active":
        return
    present = [phase for phase in schedule["phases"] if phase["start_date"] <= now < phase["end_date"]]
    if not present:
        raise invalid("The phases must contain the current time.", param="phases")
    subscription = world.fetch("subscription", schedule["subscription"])
    phases.enter(world, schedule, subscription, present[0], proration, again=_same_start(running, present[0]))


def _same_start(running: Obj | None, phase: Obj) -> bool:
    return running is not None and running["start_date"] == phase["start_date"]


def _live(world: World, id_: str, verb: str) -> Obj:
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
    schedule = _live(world, call.id, "release")
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
    schedule = _live(world, call.id, "cancel")
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
    found = [
        schedule
        for schedule in call.world.shelf.kind("subscription_schedule")
        if customer in {None, schedule["customer"]}
        and (scheduled is None or scheduled == (schedule["status"] == "not_started"))
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
