"""Classic and flexible billing mode: the table of differences, itemized prorations, migration."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import (
    CLASSIC,
    ITEMIZED,
    change,
    first_item,
    pending,
    periods,
    read,
    refusal,
    subscribe,
)
from tests.engine.sandbox.twin_client import FEB_1, JAN_1, JAN_16, Clock, Twin, amounts, unix

ALWAYS = {"proration_behavior": "always_invoice"}
APR_1, APR_11, APR_16, APR_21 = (unix(f"2026-04-{day:02}") for day in (1, 11, 16, 21))


def coupon(twin: Twin, **given: Any) -> list[dict[str, str]]:
    return [{"coupon": twin.v1.coupons.create({"duration": "forever", **given}).id}]


def test_classic_begins_anew_with_another_interval(twin: Twin, clock: Clock) -> None:
    """Case I: a credit, and a full year that is no proration; docs compare, "billing cycle anchor"."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000), **CLASSIC)
    assert (subscription.billing_mode.type, subscription.billing_mode.flexible) == ("classic", None)
    clock.advance(JAN_16)
    changed = change(twin, subscription, items=first_item(subscription, price=twin.price(20000, "year")))
    invoice = changed.latest_invoice
    assert (amounts(invoice), invoice.total) == ([-1032, 20000], 18968)
    assert [line.parent.subscription_item_details.proration for line in invoice.lines.data] == [True, False]
    assert changed.billing_cycle_anchor == JAN_16
    assert periods(changed) == [(JAN_16, unix("2027-01-16"))]


def test_classic_begins_anew_without_proration(twin: Twin, clock: Clock) -> None:
    """`none`: no credit, the new interval is billed at once all the same (SDK comment of update)."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000), **CLASSIC)
    clock.advance(JAN_16)
    items = first_item(subscription, price=twin.price(20000, "year"))
    changed = change(twin, subscription, items=items, proration_behavior="none")
    assert amounts(changed.latest_invoice) == [20000]


@pytest.mark.parametrize(("mode", "anchor"), [(CLASSIC, JAN_16), ({}, JAN_1)])
def test_from_free_to_paid(twin: Twin, clock: Clock, mode: dict[str, Any], anchor: int) -> None:
    """Classic resets the anchor when a free subscription gets a paid price; docs compare."""
    subscription = subscribe(clock, clock.customer(), twin.price(0), **mode)
    clock.advance(JAN_16)
    changed = change(twin, subscription, items=first_item(subscription, price=twin.price(3100)), **ALWAYS)
    assert changed.billing_cycle_anchor == anchor
    assert amounts(changed.latest_invoice) == ([3100] if mode else [1600])


@pytest.mark.parametrize(("mode", "lines"), [(CLASSIC, [-667, 333]), ({}, [-333, 333])])
def test_what_a_credit_follows(twin: Twin, mode: dict[str, Any], lines: list[int]) -> None:
    """10.00, then 20.00 with `none`, then 10.00: flexible 0, classic -3.34; docs prorations."""
    clock = twin.clock(APR_1)
    ten, twenty = twin.price(1000), twin.price(2000)
    subscription = subscribe(clock, clock.customer(), ten, **mode)
    clock.advance(APR_11)
    change(twin, subscription, items=first_item(subscription, price=twenty), proration_behavior="none")
    clock.advance(APR_21)
    changed = change(twin, subscription, items=first_item(subscription, price=ten), **ALWAYS)
    assert amounts(changed.latest_invoice) == lines


@pytest.mark.parametrize(("mode", "credit"), [(CLASSIC, -250), ({}, -417)])
def test_a_discounted_item_is_removed(twin: Twin, mode: dict[str, Any], credit: int) -> None:
    """5.00 off 10.00 + 20.00, the first removed half-way: -417 and -250; docs prorations."""
    clock = twin.clock(APR_1)
    prices = twin.price(1000), twin.price(2000)
    discounts = coupon(twin, amount_off=500, currency="usd")
    subscription = subscribe(clock, clock.customer(), *prices, discounts=discounts, **mode)
    clock.advance(APR_16)
    changed = change(twin, subscription, items=first_item(subscription, deleted=True), **ALWAYS)
    assert amounts(changed.latest_invoice) == [credit]


def test_itemized_prorations(twin: Twin, clock: Clock) -> None:
    """`proration_discounts=itemized`: whole amounts with their discounts beside them; docs billing-mode."""
    customer, discounts = clock.customer(), coupon(twin, percent_off=50)
    subscription = subscribe(clock, customer, twin.price(2000), discounts=discounts, **ITEMIZED)
    assert subscription.billing_mode.flexible.proration_discounts == "itemized"
    clock.advance(unix("2026-01-16T12:00"))
    items = first_item(subscription, price=twin.price(5000))
    invoice = change(twin, subscription, items=items, **ALWAYS).latest_invoice
    assert amounts(invoice) == [-1000, 2500]
    taken = [[part.amount for part in line.discount_amounts] for line in invoice.lines.data]
    assert taken == [[-500], [1250]]
    assert invoice.total == 750
    assert [part.amount for part in invoice.total_discount_amounts] == [750]


def test_included_prorations(twin: Twin, clock: Clock) -> None:
    discounts = coupon(twin, percent_off=50)
    subscription = subscribe(clock, clock.customer(), twin.price(2000), discounts=discounts)
    clock.advance(unix("2026-01-16T12:00"))
    items = first_item(subscription, price=twin.price(5000))
    invoice = change(twin, subscription, items=items, **ALWAYS).latest_invoice
    assert (amounts(invoice), invoice.total_discount_amounts) == ([-500, 1250], [])


def test_an_itemized_credit_of_a_part_that_was_itemized(twin: Twin, clock: Clock) -> None:
    """Credits never exceed what was debited, gross and discount alike."""
    discounts = coupon(twin, percent_off=50)
    subscription = subscribe(clock, clock.customer(), twin.price(1000), discounts=discounts, **ITEMIZED)
    clock.advance(JAN_16)
    added = change(twin, subscription, items=[{"price": twin.price(2000)}], **ALWAYS)
    assert added.latest_invoice.total == 516
    gone = [{"id": added.items.data[1].id, "deleted": True}]
    invoice = change(twin, subscription, items=gone, **ALWAYS).latest_invoice
    assert (amounts(invoice), invoice.total) == ([-1032], -516)


def test_classic_has_one_interval(twin: Twin, clock: Clock) -> None:
    """Mixed intervals need flexible mode; docs compare."""
    customer, month, year = clock.customer(), twin.price(1000), twin.price(9000, "year")
    assert refusal(lambda: subscribe(clock, customer, month, year, **CLASSIC))["param"] == "items"
    subscription = subscribe(clock, customer, month, **CLASSIC)
    assert refusal(lambda: change(twin, subscription, items=[{"price": year}]))["param"] == "items"
    mixed = subscribe(clock, customer, month, year)
    assert periods(mixed) == [(JAN_1, FEB_1), (JAN_1, unix("2027-01-01"))]


def test_flexible_settings_are_not_for_classic(twin: Twin, clock: Clock) -> None:
    mode = {"type": "classic", "flexible": {"proration_discounts": "itemized"}}
    customer, price = clock.customer(), twin.price(1000)
    refused = refusal(lambda: subscribe(clock, customer, price, billing_mode=mode))
    assert refused["param"] == "billing_mode[flexible]"


@pytest.mark.parametrize(
    ("mode", "words"), [(CLASSIC, "Trial period for Pro"), ({}, "Free trial for 1 \u00d7 Pro")]
)
def test_words_of_a_trial(twin: Twin, clock: Clock, mode: dict[str, Any], words: str) -> None:
    """The text of a trial's line; docs compare."""
    subscription = subscribe(clock, clock.customer(), twin.price(1000), trial_end=JAN_16, **mode)
    assert subscription.latest_invoice.lines.data[0].description == words


@pytest.mark.parametrize(("mode", "trial_end"), [(CLASSIC, unix("2026-01-10")), ({}, JAN_16)])
def test_an_end_inside_a_trial(twin: Twin, clock: Clock, mode: dict[str, Any], trial_end: int) -> None:
    """`cancel_at` before `trial_end` moves the latter in classic mode; docs compare."""
    subscription = subscribe(clock, clock.customer(), twin.price(1000), trial_end=JAN_16, **mode)
    held = change(twin, subscription, cancel_at=unix("2026-01-10"))
    assert held.trial_end == trial_end
    clock.advance(unix("2026-01-10"))
    assert read(twin, subscription).status == "canceled"


@pytest.mark.parametrize(("mode", "end"), [(CLASSIC, JAN_16), ({}, FEB_1)])
def test_an_end_inside_the_period(twin: Twin, clock: Clock, mode: dict[str, Any], end: int) -> None:
    """`cancel_at` before the renewal is classic mode's new anchor; docs compare."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000), **mode)
    held = change(twin, subscription, cancel_at=JAN_16)
    assert held.billing_cycle_anchor == (JAN_16 if mode else JAN_1)
    assert held.items.data[0].current_period_end == end
    assert pending(twin, customer) == [-1032]


@pytest.mark.parametrize(("mode", "left"), [(CLASSIC, [700]), ({}, [])])
def test_what_waits_at_an_anchor_reset(
    twin: Twin, clock: Clock, mode: dict[str, Any], left: list[int]
) -> None:
    """With always_invoice classic leaves items that were pending before out of the invoice; docs compare."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000), **mode)
    item = {"customer": customer, "amount": 700, "currency": "usd", "subscription": subscription.id}
    twin.v1.invoice_items.create(item)
    clock.advance(JAN_16)
    changed = change(twin, subscription, billing_cycle_anchor={"type": "now"}, **ALWAYS)
    assert changed.latest_invoice.total == 968 + sum([700] if not left else [])
    assert pending(twin, customer) == left


def test_migration(twin: Twin, clock: Clock) -> None:
    """Classic becomes flexible for what follows, never back; docs billing-mode."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000), **CLASSIC)
    clock.advance(JAN_16)
    mark = clock.mark()
    flexible = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}
    moved = twin.v1.subscriptions.migrate(subscription.id, {"billing_mode": flexible})
    assert (moved.billing_mode.type, moved.billing_mode.updated_at) == ("flexible", JAN_16)
    assert clock.types(mark) == ["customer.subscription.updated"]
    changed = change(twin, subscription, items=first_item(moved, price=twin.price(20000, "year")), **ALWAYS)
    assert (amounts(changed.latest_invoice), changed.billing_cycle_anchor) == ([-1032, 19178], JAN_1)
    again = refusal(lambda: twin.v1.subscriptions.migrate(subscription.id, {"billing_mode": flexible}))
    assert again["param"] == "billing_mode[type]"
    twin.v1.subscriptions.cancel(subscription.id)
    refusal(lambda: twin.v1.subscriptions.migrate(subscription.id, {"billing_mode": flexible}), status=404)
