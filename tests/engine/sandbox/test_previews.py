"""Previews: what an update would bill, the next invoice, and that nothing is left behind."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import FEB_1, JAN_16, MAR_1, Clock, Twin, amounts, unix


def subscribe(clock: Clock, price: str) -> Any:
    return clock.twin.v1.subscriptions.create({"customer": clock.customer(), "items": [{"price": price}]})


def preview(twin: Twin, subscription: Any, **details: Any) -> Any:
    given: dict[str, Any] = {"subscription": subscription.id}
    if details:
        given["subscription_details"] = details
    return twin.v1.invoices.create_preview(given)


def test_an_update_billed_at_once(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    clock.advance(JAN_16)
    items = [{"id": subscription.items.data[0].id, "price": twin.price(5000)}]
    mark = clock.mark()
    shown = preview(twin, subscription, items=items, proration_behavior="always_invoice")
    assert amounts(shown) == [-1032, 2581]
    assert (shown.total, shown.amount_due, shown.status) == (1549, 1549, "draft")
    assert shown.id.startswith("upcoming_in_")
    assert clock.types(mark) == []
    assert twin.v1.subscriptions.retrieve(subscription.id).items.data[0].price.unit_amount == 2000
    assert len(twin.v1.invoices.list({"customer": subscription.customer}).data) == 1
    given = {"items": items, "proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    done = twin.v1.subscriptions.update(subscription.id, given)
    assert amounts(done.latest_invoice) == amounts(shown)


def test_the_next_invoice(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    clock.advance(JAN_16)
    shown = preview(twin, subscription)
    line = shown.lines.data[0]
    assert (line.amount, line.period.start, line.period.end) == (2000, FEB_1, MAR_1)
    items = [{"id": subscription.items.data[0].id, "price": twin.price(5000)}]
    waiting = preview(twin, subscription, items=items, proration_behavior="create_prorations")
    assert sorted(amounts(waiting)) == [-1032, 2581, 5000]


def test_the_end_of_a_period_that_does_not_run_yet(twin: Twin, clock: Clock) -> None:
    """Another interval: the next line begins where the period on the anchor's grid ends."""
    subscription = subscribe(clock, twin.price(2000))
    clock.advance(JAN_16)
    items = [{"id": subscription.items.data[0].id, "price": twin.price(20000, "year")}]
    shown = preview(twin, subscription, items=items, proration_behavior="none")
    assert shown.lines.data[0].period.start == unix("2027-01-01")


def test_a_subscription_that_does_not_exist(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    details = {"items": [{"price": twin.price(2000), "quantity": 2}]}
    shown = twin.v1.invoices.create_preview({"customer": customer, "subscription_details": details})
    assert shown.total == 4000
    assert twin.v1.subscriptions.list({"customer": customer}).data == []


def test_items_of_the_preview_alone(twin: Twin, clock: Clock) -> None:
    items = [{"amount": 700, "currency": "usd", "description": "Extra"}]
    shown = twin.v1.invoices.create_preview({"customer": clock.customer(), "invoice_items": items})
    assert amounts(shown) == [700]


def test_nothing_comes_after_the_end(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, twin.price(2000))
    twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(twin, subscription)
    assert (refused.value.http_status, refused.value.code) == (404, "invoice_upcoming_none")
