"""The worked examples: what an update in the middle of 2026-01-01 .. 2026-02-01 credits and charges.

Sources: Stripe docs, billing/subscriptions/prorations (A to H, each line rounded by itself, credits that
follow the debits, an amount off that is split), billing-cycle (J, K), cancel (L); case I is in
subscriptions/test_modes.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import FEB_1, JAN_1, JAN_16, Clock, Twin, amounts, unix


def subscribe(clock: Clock, customer: str, price: str, quantity: int = 1, **more: Any) -> Any:
    items = [{"price": price, "quantity": quantity}]
    return clock.twin.v1.subscriptions.create({"customer": customer, "items": items, **more})


def change(clock: Clock, subscription: Any, item: dict[str, Any], **more: Any) -> Any:
    """Update the first item, billed at once; answers the subscription with its invoice."""
    given = {"items": [{"id": subscription.items.data[0].id, **item}], "proration_behavior": "always_invoice"}
    return clock.twin.v1.subscriptions.update(
        subscription.id, {**given, **more, "expand": ["latest_invoice"]}
    )


@pytest.mark.parametrize(
    ("old", "new", "at", "lines", "total"),
    [
        pytest.param(2000, 5000, "2026-01-16", [-1032, 2581], 1549, id="A upgrade"),
        pytest.param(2000, 5000, "2026-01-16T12:00", [-1000, 2500], 1500, id="B upgrade at noon"),
        pytest.param(5000, 2000, "2026-01-16", [-2581, 1032], -1549, id="C downgrade"),
    ],
)
def test_price_change(
    twin: Twin, clock: Clock, old: int, new: int, at: str, lines: list[int], total: int
) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(old))
    clock.advance(unix(at))
    changed = change(clock, subscription, {"price": twin.price(new)})
    invoice = changed.latest_invoice
    assert amounts(invoice) == lines
    assert invoice.total == total
    assert invoice.billing_reason == "subscription_update"
    assert changed.items.data[0].current_period_end == FEB_1


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [pytest.param(1, 5, [-516, 2581], id="D more"), pytest.param(5, 2, [-2581, 1032], id="E fewer")],
)
def test_quantity_change(twin: Twin, clock: Clock, old: int, new: int, lines: list[int]) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(1000), old)
    clock.advance(JAN_16)
    invoice = change(clock, subscription, {"quantity": new}).latest_invoice
    assert amounts(invoice) == lines


def test_added_and_removed_item(twin: Twin, clock: Clock) -> None:
    """F and G: what was debited for the rest of the period comes back by the share that is left."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    given: dict[str, Any] = {"proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    items = [{"price": twin.price(1000)}]
    added = twin.v1.subscriptions.update(subscription.id, {**given, "items": items})
    assert amounts(added.latest_invoice) == [516]
    clock.advance(FEB_1 - (FEB_1 - JAN_1) // 4)
    gone: list[dict[str, Any]] = [{"id": added.items.data[1].id, "deleted": True}]
    removed = twin.v1.subscriptions.update(subscription.id, {**given, "items": gone})
    assert amounts(removed.latest_invoice) == [-250]
    line = removed.latest_invoice.lines.data[0]
    credited = line.parent.subscription_item_details.proration_details.credited_items
    assert credited.invoice == added.latest_invoice.id
    assert credited.invoice_line_items == [added.latest_invoice.lines.data[0].id]


def test_month_to_year_keeps_the_anchor(twin: Twin, clock: Clock) -> None:
    """H: the year follows the grid of the anchor."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    changed = change(clock, subscription, {"price": twin.price(20000, "year")})
    assert amounts(changed.latest_invoice) == [-1032, 19178]
    assert changed.billing_cycle_anchor == JAN_1
    item = changed.items.data[0]
    assert (item.current_period_start, item.current_period_end) == (JAN_1, unix("2027-01-01"))


def test_anchor_reset(twin: Twin, clock: Clock) -> None:
    """J: the unused rest is credited, a whole month begins; the second line is no proration."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    changed = twin.v1.subscriptions.update(
        subscription.id, {"billing_cycle_anchor": {"type": "now"}, "expand": ["latest_invoice"]}
    )
    assert amounts(changed.latest_invoice) == [-1032, 2000]
    assert changed.latest_invoice.total == 968
    assert changed.billing_cycle_anchor == JAN_16
    item = changed.items.data[0]
    assert (item.current_period_start, item.current_period_end) == (JAN_16, unix("2026-02-16"))
    credit, period = changed.latest_invoice.lines.data
    assert credit.parent.subscription_item_details.proration is True
    assert period.parent.subscription_item_details.proration is False


def test_future_anchor_at_the_start(twin: Twin) -> None:
    """K: the stretch to the anchor costs its share of the interval that ends there."""
    clock = twin.clock(unix("2026-01-10"))
    subscription = subscribe(
        clock, clock.customer(), twin.price(3000), billing_cycle_anchor=FEB_1, expand=["latest_invoice"]
    )
    assert amounts(subscription.latest_invoice) == [2129]
    item = subscription.items.data[0]
    assert (item.current_period_start, item.current_period_end) == (unix("2026-01-10"), FEB_1)
    clock.advance(FEB_1)
    renewed = twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert amounts(renewed.latest_invoice) == [3000]


def test_change_inside_a_short_first_period(twin: Twin) -> None:
    """The credit is what was debited for the rest, the debit the share of the whole interval."""
    clock = twin.clock(unix("2026-01-10"))
    subscription = subscribe(clock, clock.customer(), twin.price(3000), billing_cycle_anchor=FEB_1)
    clock.advance(JAN_16)
    invoice = change(clock, subscription, {"price": twin.price(6200)}).latest_invoice
    assert amounts(invoice) == [-1548, 3200]


def test_cancel_with_credit(twin: Twin, clock: Clock) -> None:
    """L: the credit waits, or goes to the balance with a last invoice."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    ended = twin.v1.subscriptions.cancel(
        subscription.id, {"prorate": True, "invoice_now": True, "expand": ["latest_invoice"]}
    )
    assert ended.status == "canceled"
    assert amounts(ended.latest_invoice) == [-1032]
    assert (ended.latest_invoice.status, ended.latest_invoice.amount_due) == ("paid", 0)
    assert twin.v1.customers.retrieve(customer).balance == -1032


def test_cancel_with_pending_credit(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    twin.v1.subscriptions.cancel(subscription.id, {"prorate": True})
    pending = twin.v1.invoice_items.list({"customer": customer, "pending": True})
    assert [item.amount for item in pending.data] == [-1032]


def test_each_line_is_rounded_by_itself(twin: Twin) -> None:
    """20.00 and 10.00 by thirds: -6.67 and +3.33 make -3.34."""
    clock = twin.clock(unix("2026-04-01"))
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(unix("2026-04-21"))
    invoice = change(clock, subscription, {"price": twin.price(1000)}).latest_invoice
    assert amounts(invoice) == [-667, 333]
    assert invoice.total == -334


def test_credits_follow_what_was_debited(twin: Twin) -> None:
    """Ten, then twenty without proration, then ten again: what was debited was ten."""
    clock = twin.clock(unix("2026-04-01"))
    ten = twin.price(1000)
    subscription = subscribe(clock, clock.customer(), ten)
    clock.advance(unix("2026-04-11"))
    changed = change(clock, subscription, {"price": twin.price(2000)}, proration_behavior="none")
    clock.advance(unix("2026-04-21"))
    invoice = change(clock, changed, {"price": ten}).latest_invoice
    assert amounts(invoice) == [-333, 333]


def test_an_amount_off_is_split_over_items(twin: Twin) -> None:
    """5.00 off on 10.00 and 20.00 is 1.66 and 3.34; half of what the first cost comes back."""
    clock = twin.clock(unix("2026-04-01"))
    customer = clock.customer()
    coupon = twin.v1.coupons.create({"amount_off": 500, "currency": "usd", "duration": "forever"})
    subscription = twin.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": twin.price(1000)}, {"price": twin.price(2000)}],
            "discounts": [{"coupon": coupon.id}],
            "expand": ["latest_invoice"],
        }
    )
    lines = subscription.latest_invoice.lines.data
    assert [line.discount_amounts[0].amount for line in lines] == [166, 334]
    clock.advance(unix("2026-04-16"))
    items = [{"id": subscription.items.data[0].id, "deleted": True}]
    given = {"items": items, "proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    changed = twin.v1.subscriptions.update(subscription.id, given)
    assert amounts(changed.latest_invoice) == [-417]


def test_prorations_wait_for_the_next_invoice(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    mark = clock.mark()
    changed = change(clock, subscription, {"price": twin.price(5000)}, proration_behavior="create_prorations")
    assert changed.latest_invoice.billing_reason == "subscription_create"
    assert clock.types(mark) == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
    ]
    clock.advance(FEB_1)
    renewed = twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert sorted(amounts(renewed.latest_invoice)) == [-1032, 2581, 5000]


def test_none_charges_nothing(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    changed = change(clock, subscription, {"price": twin.price(20000, "year")}, proration_behavior="none")
    assert changed.latest_invoice.billing_reason == "subscription_create"
    assert changed.items.data[0].current_period_end == unix("2027-01-01")


def test_proration_words_and_shape(twin: Twin) -> None:
    """As recorded from Stripe: credit first, no unit amount, not discountable, pointing at invoice items."""
    clock = twin.clock(unix("2025-11-10"))
    price = twin.price(2500, name="Test Subscription")
    subscription = subscribe(clock, clock.customer(), price)
    clock.advance(unix("2025-11-10") + 4)
    invoice = change(
        clock, subscription, {"price": twin.price(25000, name="Test Subscription")}
    ).latest_invoice
    credit, debit = invoice.lines.data
    assert credit.description == "Unused time on Test Subscription after 10 Nov 2025"
    assert debit.description == "Remaining time on Test Subscription after 10 Nov 2025"
    for line in (credit, debit):
        assert line.discountable is False
        assert line.pricing.unit_amount_decimal is None
        assert line.parent.subscription_item_details.invoice_item.startswith("ii_")
    assert debit.parent.subscription_item_details.proration_details.credited_items is None
