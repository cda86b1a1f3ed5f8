"""Subscription schedules: phases that begin at their instants, and what a schedule forbids."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import (
    FEB_1,
    HOUR,
    JAN_1,
    JAN_16,
    MAR_1,
    Clock,
    Twin,
    amounts,
    unix,
)


def subscribe(clock: Clock, *prices: str, **more: Any) -> Any:
    items = [{"price": price} for price in prices]
    return clock.twin.v1.subscriptions.create({"customer": clock.customer(), "items": items, **more})


def schedule_change(twin: Twin, subscription: Any, new: str, **last: Any) -> Any:
    """What runs now until its end, then the new price."""
    schedule = twin.v1.subscription_schedules.create({"from_subscription": subscription.id})
    first = schedule.phases[0]
    old = [{"price": item.price, "quantity": item.quantity} for item in first["items"]]
    dates = {"start_date": first.start_date, "end_date": first.end_date}
    phases = [
        {**dates, "items": old, "proration_behavior": "none"},
        {
            "items": [{"price": new}],
            "duration": {"interval": "month"},
            "proration_behavior": "none",
            **last,
        },
    ]
    given = {"phases": phases, "end_behavior": "release", "proration_behavior": "none"}
    return twin.v1.subscription_schedules.update(schedule.id, given)


def latest(twin: Twin, subscription: Any) -> Any:
    return twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


def test_a_downgrade_at_the_end_of_the_period(twin: Twin, clock: Clock) -> None:
    pro, basic = twin.price(5000), twin.price(2000)
    subscription = subscribe(clock, pro)
    clock.advance(JAN_16)
    schedule = schedule_change(twin, subscription, basic)
    assert schedule.status == "active"
    assert (schedule.current_phase.start_date, schedule.current_phase.end_date) == (JAN_1, FEB_1)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert (held.schedule, held.items.data[0].price.id) == (schedule.id, pro)

    mark = clock.mark()
    clock.advance(FEB_1)
    types = [name for name in clock.types(mark) if not name.startswith("test_helpers.")]
    assert types == [
        "subscription_schedule.updated",
        "customer.subscription.updated",
        "customer.subscription.updated",
        "invoice.created",
    ]
    held = twin.v1.subscriptions.retrieve(subscription.id)
    item = held.items.data[0]
    assert (item.price.id, item.current_period_start, item.current_period_end) == (basic, FEB_1, MAR_1)
    invoice = latest(twin, subscription)
    assert amounts(invoice) == [2000]
    assert (invoice.billing_reason, invoice.status) == ("subscription_cycle", "draft")

    clock.advance(MAR_1)
    done = twin.v1.subscription_schedules.retrieve(schedule.id)
    assert (done.status, done.subscription, done.released_subscription) == ("released", None, subscription.id)
    assert twin.v1.subscriptions.retrieve(subscription.id).schedule is None
    assert amounts(latest(twin, subscription)) == [2000]


def test_another_interval_at_the_end_of_a_year(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(20000, "year"))
    monthly = twin.price(2000)
    schedule_change(twin, subscription, monthly)
    clock.advance(unix("2027-01-01"))
    item = twin.v1.subscriptions.retrieve(subscription.id).items.data[0]
    assert (item.price.id, item.current_period_end) == (monthly, unix("2027-02-01"))
    assert amounts(latest(twin, subscription)) == [2000]


def test_a_phase_may_move_the_anchor(twin: Twin, clock: Clock) -> None:
    """A year that begins with its phase is billed whole, on the draft of the cycle."""
    subscription = subscribe(clock, twin.price(2000))
    year = twin.price(20000, "year")
    schedule_change(
        twin, subscription, year, billing_cycle_anchor="phase_start", duration={"interval": "year"}
    )
    clock.advance(FEB_1)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert held.billing_cycle_anchor == FEB_1
    assert held.items.data[0].current_period_end == unix("2027-02-01")
    assert amounts(latest(twin, subscription)) == [20000]


def test_a_year_on_the_old_grid_is_not_billed_without_proration(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    before = latest(twin, subscription).id
    schedule_change(twin, subscription, twin.price(20000, "year"), duration={"interval": "year"})
    clock.advance(FEB_1 + HOUR)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert held.items.data[0].current_period_end == unix("2027-01-01")
    assert held.latest_invoice == before


def test_an_end_in_the_last_phase(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    schedule = schedule_change(twin, subscription, twin.price(1000))
    twin.v1.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
    assert twin.v1.subscriptions.retrieve(subscription.id).cancel_at is None
    clock.advance(FEB_1)
    assert twin.v1.subscriptions.retrieve(subscription.id).cancel_at == MAR_1
    clock.advance(MAR_1)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.v1.subscription_schedules.retrieve(schedule.id).status == "completed"


def test_what_a_schedule_forbids(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    schedule = schedule_change(twin, subscription, twin.price(1000))
    for given in ({"cancel_at_period_end": True}, {"cancel_at": FEB_1}):
        with pytest.raises(
            stripe.InvalidRequestError, match="managed by the subscription schedule"
        ) as refused:
            twin.v1.subscriptions.update(subscription.id, given)
        assert refused.value.http_status == 400
        assert schedule.id in str(refused.value)
    with pytest.raises(stripe.InvalidRequestError, match="already attached"):
        twin.v1.subscription_schedules.create({"from_subscription": subscription.id})
    alone = {"from_subscription": subscription.id, "end_behavior": "cancel"}
    with pytest.raises(stripe.InvalidRequestError, match="if `from_subscription` is set"):
        twin.v1.subscription_schedules.create(alone)


def test_release_drops_the_rest(twin: Twin, clock: Clock) -> None:
    price = twin.price(2000)
    subscription = subscribe(clock, price)
    schedule = schedule_change(twin, subscription, twin.price(1000))
    released = twin.v1.subscription_schedules.release(schedule.id)
    assert (released.status, released.released_subscription) == ("released", subscription.id)
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.subscription_schedules.release(schedule.id)
    clock.advance(FEB_1 + HOUR)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert (held.schedule, held.items.data[0].price.id) == (None, price)


def test_cancel_ends_the_subscription_too(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    schedule = schedule_change(twin, subscription, twin.price(1000))
    clock.advance(JAN_16)
    assert twin.v1.subscription_schedules.cancel(schedule.id).status == "canceled"
    assert amounts(latest(twin, subscription)) == [-1032]
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_deleting_the_subscription_cancels_its_schedule(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    schedule = schedule_change(twin, subscription, twin.price(1000))
    twin.v1.subscriptions.cancel(subscription.id)
    assert twin.v1.subscription_schedules.retrieve(schedule.id).status == "canceled"


def test_a_direct_change_splits_the_running_phase(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    schedule = schedule_change(twin, subscription, twin.price(1000))
    clock.advance(JAN_16)
    item = subscription.items.data[0].id
    given = {"items": [{"id": item, "quantity": 3}], "proration_behavior": "none"}
    twin.v1.subscriptions.update(subscription.id, given)
    phases = twin.v1.subscription_schedules.retrieve(schedule.id).phases
    assert [phase.start_date for phase in phases] == [JAN_1, JAN_16, FEB_1]
    assert phases[1]["items"][0].quantity == 3


def test_a_schedule_starts_a_subscription_later(twin: Twin, clock: Clock) -> None:
    phases = [
        {"items": [{"price": twin.price(2000)}], "duration": {"interval": "month", "interval_count": 2}}
    ]
    given = {"customer": clock.customer(), "start_date": JAN_16, "phases": phases}
    schedule = twin.v1.subscription_schedules.create(given)
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    assert clock.next() == JAN_16
    clock.advance(JAN_16)
    started = twin.v1.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})
    assert (started.status, started.subscription.status) == ("active", "active")
    assert latest(twin, started.subscription).status == "draft"
    clock.advance(JAN_16 + HOUR)
    assert latest(twin, started.subscription).status == "paid"


def test_an_update_may_switch_at_once(twin: Twin, clock: Clock) -> None:
    pro, basic = twin.price(5000), twin.price(2000)
    subscription = subscribe(clock, basic)
    schedule = schedule_change(twin, subscription, basic)
    clock.advance(JAN_16)
    phases = [
        {"items": [{"price": basic}], "start_date": JAN_1, "end_date": "now"},
        {"items": [{"price": pro}], "start_date": "now", "end_date": FEB_1},
    ]
    given = {"phases": phases, "proration_behavior": "none"}
    twin.v1.subscription_schedules.update(schedule.id, given)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert [item.price.id for item in held.items.data] == [pro]
    assert amounts(latest(twin, subscription)) == [2000]
