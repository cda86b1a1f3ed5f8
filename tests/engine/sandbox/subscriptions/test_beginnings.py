"""When a subscription begins: trials, anchors, a start in the past, an end known from the start."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import (
    CLASSIC,
    change,
    first_item,
    periods,
    read,
    refusal,
    subscribe,
)
from tests.engine.sandbox.twin_client import (
    DAY,
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


def test_trial_then_a_stretch_to_the_anchor(twin: Twin) -> None:
    """Trial to Jul 22, prorated to Aug 1, full from Aug 1; docs free-trials, "combine with an anchor"."""
    clock = twin.clock(unix("2026-07-12"))
    trial_end, anchor = unix("2026-07-22"), unix("2026-08-01")
    given = {"trial_end": trial_end, "billing_cycle_anchor": anchor}
    subscription = subscribe(clock, clock.customer(), twin.price(3100), **given)
    assert (subscription.status, amounts(subscription.latest_invoice)) == ("trialing", [0])
    clock.advance(trial_end)
    running = read(twin, subscription)
    assert (running.status, periods(running)) == ("active", [(trial_end, anchor)])
    assert amounts(running.latest_invoice) == [1000]
    clock.advance(anchor)
    assert amounts(read(twin, subscription).latest_invoice) == [3100]


def test_days_of_trial(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000), trial_period_days=10)
    assert (subscription.trial_start, subscription.trial_end) == (JAN_1, JAN_1 + 10 * DAY)
    assert subscription.billing_cycle_anchor == subscription.trial_end
    assert periods(subscription) == [(JAN_1, JAN_1 + 10 * DAY)]


def test_a_trial_that_leaves_the_anchor_alone(twin: Twin, clock: Clock) -> None:
    """`trial_settings[end_behavior][billing_cycle_anchor]`: what its end does to the anchor (SDK types)."""
    behavior = {"end_behavior": {"billing_cycle_anchor": "unchanged"}}
    subscription = subscribe(
        clock, clock.customer(), twin.price(3100), trial_end=JAN_16, trial_settings=behavior
    )
    assert subscription.billing_cycle_anchor == JAN_1
    clock.advance(JAN_16)
    running = read(twin, subscription)
    assert (running.billing_cycle_anchor, periods(running)) == (JAN_1, [(JAN_16, FEB_1)])
    assert amounts(running.latest_invoice) == [1600]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"trial_period_days": -1}, "trial_period_days"),
        ({"trial_end": JAN_1}, "trial_end"),
        ({"trial_end": JAN_1 + 731 * DAY}, "trial_end"),
        ({"trial_end": 10**18}, "trial_end"),
        ({"trial_end": JAN_16, "trial_period_days": 3}, "trial_end"),
        ({"trial_end": JAN_16, "trial_from_plan": True}, "trial_end"),
        ({"billing_cycle_anchor": JAN_1}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": MAR_1}, "billing_cycle_anchor"),
        ({"trial_end": FEB_1, "billing_cycle_anchor": JAN_16}, "billing_cycle_anchor"),
        (
            {"billing_cycle_anchor": JAN_16, "billing_cycle_anchor_config": {"day_of_month": 3}},
            "billing_cycle_anchor",
        ),
        ({"billing_cycle_anchor_config": {"day_of_month": 32}}, "billing_cycle_anchor_config[day_of_month]"),
        (
            {"billing_cycle_anchor_config": {"day_of_month": 3, "hour": 24}},
            "billing_cycle_anchor_config[hour]",
        ),
        ({"backdate_start_date": JAN_1 + 1}, "backdate_start_date"),
        ({"cancel_at": JAN_1}, "cancel_at"),
        ({"cancel_at": 10**15}, "cancel_at"),
        ({"cancel_at": FEB_1, "cancel_at_period_end": True}, "cancel_at"),
    ],
)
def test_beginnings_that_are_refused(twin: Twin, clock: Clock, given: dict[str, Any], param: str) -> None:
    customer, price = clock.customer(), twin.price(2000)
    assert refusal(lambda: subscribe(clock, customer, price, **given))["param"] == param
    assert twin.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []


def test_a_weekly_price_takes_no_day_of_the_month(twin: Twin, clock: Clock) -> None:
    customer, price = clock.customer(), twin.price(700, "week")
    config = {"billing_cycle_anchor_config": {"day_of_month": 1}}
    refused = refusal(lambda: subscribe(clock, customer, price, **config))
    assert refused["param"] == "billing_cycle_anchor_config"


def test_the_last_day_of_each_month(twin: Twin) -> None:
    """A config of day 31 bills on the last day where a month is shorter; docs billing-cycle."""
    clock = twin.clock(unix("2026-02-10"))
    config = {"day_of_month": 31, "hour": 0, "minute": 0, "second": 0}
    subscription = subscribe(clock, clock.customer(), twin.price(2800), billing_cycle_anchor_config=config)
    assert subscription.billing_cycle_anchor == unix("2026-02-28")
    assert subscription.billing_cycle_anchor_config.day_of_month == 31
    assert periods(subscription) == [(unix("2026-02-10"), unix("2026-02-28"))]
    clock.advance(unix("2026-02-28"))
    assert periods(read(twin, subscription)) == [(unix("2026-02-28"), unix("2026-03-31"))]


def test_an_anchor_further_than_a_period_ahead(twin: Twin) -> None:
    """The anchor may lie beyond the first period, the first full invoice never does; docs billing-cycle."""
    clock = twin.clock(JAN_16)
    config = {"day_of_month": 1, "month": 6, "hour": 0, "minute": 0, "second": 0}
    subscription = subscribe(clock, clock.customer(), twin.price(3100), billing_cycle_anchor_config=config)
    assert subscription.billing_cycle_anchor == unix("2026-06-01")
    assert periods(subscription) == [(JAN_16, FEB_1)]
    assert amounts(subscription.latest_invoice) == [1600]


def test_a_free_stretch_to_the_anchor(twin: Twin, clock: Clock) -> None:
    """Proration `none`: the stretch is free and no invoice is made; docs billing-cycle."""
    subscription = subscribe(
        clock, clock.customer(), twin.price(3100), billing_cycle_anchor=JAN_16, proration_behavior="none"
    )
    assert (subscription.status, subscription.latest_invoice) == ("active", None)
    clock.advance(JAN_16)
    assert amounts(read(twin, subscription).latest_invoice) == [3100]


def test_a_start_in_the_past(twin: Twin) -> None:
    """The first invoice also has the time between the start date and now (SDK types)."""
    clock = twin.clock(JAN_16)
    subscription = subscribe(clock, clock.customer(), twin.price(3100), backdate_start_date=JAN_1)
    assert (subscription.start_date, subscription.created) == (JAN_1, JAN_16)
    assert amounts(subscription.latest_invoice) == [1500, 3100]
    first = subscription.latest_invoice.lines.data[0]
    assert (first.period.start, first.period.end) == (JAN_1, JAN_16)
    assert periods(subscription) == [(JAN_16, unix("2026-02-16"))]


def test_a_start_in_the_past_that_is_given_away(twin: Twin) -> None:
    clock = twin.clock(JAN_16)
    given: dict[str, Any] = {"backdate_start_date": JAN_1, "proration_behavior": "none"}
    subscription = subscribe(clock, clock.customer(), twin.price(3100), **given)
    assert amounts(subscription.latest_invoice) == [3100]


def test_an_end_inside_the_first_period(twin: Twin, clock: Clock) -> None:
    """`cancel_at` before the period ends prorates it (SDK types)."""
    subscription = subscribe(clock, clock.customer(), twin.price(3100), cancel_at=JAN_16)
    assert amounts(subscription.latest_invoice) == [1500]
    assert subscription.cancellation_details.reason == "cancellation_requested"
    clock.advance(JAN_16)
    assert read(twin, subscription).status == "canceled"


def test_withdrawing_an_end_inside_the_first_period(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(3100), cancel_at=JAN_16)
    back = change(twin, subscription, cancel_at="", proration_behavior="always_invoice")
    assert (back.cancel_at, amounts(back.latest_invoice)) == (None, [1600])
    assert periods(back) == [(JAN_1, FEB_1)]
    clock.advance(FEB_1)
    assert amounts(read(twin, subscription).latest_invoice) == [3100]


@pytest.mark.parametrize(
    ("named", "end"), [("min_period_end", FEB_1), ("max_period_end", "year"), ("max_billed_until", "year")]
)
def test_ends_by_name(twin: Twin, clock: Clock, named: str, end: Any) -> None:
    """`cancel_at` also names the first or the last end of the items' periods (SDK types)."""
    prices = twin.price(1000), twin.price(12000, "year")
    subscription = subscribe(clock, clock.customer(), *prices)
    held = change(twin, subscription, cancel_at=named)
    assert held.cancel_at == (unix("2027-01-01") if end == "year" else end)


def test_cancel_at_period_end_is_the_earliest_item_end(twin: Twin, clock: Clock) -> None:
    """With mixed intervals the flag resolves to the first end of a period; reference section 10."""
    prices = twin.price(1000), twin.price(12000, "year")
    subscription = subscribe(clock, clock.customer(), *prices)
    held = change(twin, subscription, cancel_at_period_end=True)
    assert (held.cancel_at, held.cancel_at_period_end) == (FEB_1, True)
    clock.advance(FEB_1)
    assert read(twin, subscription).status == "canceled"


def test_a_short_trial_is_announced_at_once(twin: Twin, clock: Clock) -> None:
    """At once when it is short, shortened or ended early; SDK types of trial_will_end."""
    told = "customer.subscription.trial_will_end"
    mark = clock.mark()
    subscription = subscribe(clock, clock.customer(), twin.price(2000), trial_period_days=30)
    assert told not in clock.types(mark)
    change(twin, subscription, trial_end=JAN_1 + 2 * DAY)
    assert clock.types(mark).count(told) == 1
    change(twin, subscription, trial_end=JAN_1 + 20 * DAY)
    assert clock.types(mark).count(told) == 1
    clock.advance(JAN_1 + 17 * DAY)
    assert clock.types(mark).count(told) == 2


def test_a_trial_ended_early_keeps_a_later_anchor(twin: Twin, clock: Clock) -> None:
    given: dict[str, Any] = {"trial_end": JAN_16, "billing_cycle_anchor": FEB_1}
    subscription = subscribe(clock, clock.customer(), twin.price(3100), **given)
    ended = change(twin, subscription, trial_end="now")
    assert (ended.status, ended.billing_cycle_anchor, periods(ended)) == ("active", FEB_1, [(JAN_1, FEB_1)])
    assert amounts(ended.latest_invoice) == [3100]


def test_a_second_trial(twin: Twin, clock: Clock) -> None:
    """`trial_start` is that of the latest trial, in classic mode that of the first; docs compare."""
    price = twin.price(3100)
    flexible = subscribe(clock, clock.customer(), price, trial_period_days=2)
    classic = subscribe(clock, clock.customer(), price, trial_period_days=2, **CLASSIC)
    clock.advance(JAN_1 + 3 * DAY)
    again: dict[str, Any] = {"trial_end": FEB_1, "proration_behavior": "none"}
    assert change(twin, flexible, **again).trial_start == JAN_1 + 3 * DAY
    assert change(twin, classic, **again).trial_start == JAN_1


def test_at_most_twenty_items(twin: Twin, clock: Clock) -> None:
    customer, price = clock.customer(), twin.price(100)
    many = [price] * 21
    assert refusal(lambda: subscribe(clock, customer, *many))["param"] == "items"
    subscription = subscribe(clock, customer, price)
    assert refusal(lambda: change(twin, subscription, items=[{"price": price}] * 21))["param"] == "items"


def test_an_unchanged_anchor_is_taken(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16 + HOUR)
    kept = change(twin, subscription, billing_cycle_anchor={"type": "unchanged"})
    assert (kept.billing_cycle_anchor, periods(kept)) == (JAN_1, [(JAN_1, FEB_1)])


def test_a_timestamp_is_no_anchor_of_an_update(twin: Twin, clock: Clock) -> None:
    """On update the anchor is a hash; SDK types and changelog of endive."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    assert (
        refusal(lambda: change(twin, subscription, billing_cycle_anchor=FEB_1))["param"]
        == "billing_cycle_anchor"
    )
    assert (
        refusal(lambda: change(twin, subscription, billing_cycle_anchor="now"))["param"]
        == "billing_cycle_anchor"
    )


def test_a_trial_and_a_new_anchor_exclude_each_other(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    given: dict[str, Any] = {"trial_end": FEB_1, "billing_cycle_anchor": {"type": "now"}}
    refused = refusal(lambda: change(twin, subscription, **given))
    assert refused["code"] == "subscription_update_trial_after_billing_cycle_anchor"


@pytest.mark.parametrize("date", [JAN_1 - 1, FEB_1 + 1, 10**15, -1])
def test_a_proration_date_lies_in_the_period(twin: Twin, clock: Clock, date: int) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    items = first_item(subscription, quantity=2)
    refused = refusal(lambda: change(twin, subscription, items=items, proration_date=date))
    assert refused["param"] == "proration_date"


def test_a_proration_date(twin: Twin, clock: Clock) -> None:
    """Prorations are counted from it, whatever the time is; SDK types."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16 + 3 * DAY)
    items = first_item(subscription, quantity=2)
    given: dict[str, Any] = {"proration_date": JAN_16, "proration_behavior": "always_invoice"}
    assert amounts(change(twin, subscription, items=items, **given).latest_invoice) == [-1032, 2065]
