"""Updates that hold only once they are paid; source: Stripe docs, billing/subscriptions/pending-updates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import (
    DECLINING,
    change,
    first_item,
    read,
    refusal,
    subscribe,
)
from tests.engine.sandbox.twin_client import DAY, FEB_1, JAN_1, JAN_16, Clock, Twin, amounts

HELD: dict[str, Any] = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}


@pytest.fixture
def customer(clock: Clock) -> str:
    return clock.customer()


@pytest.fixture
def subscription(twin: Twin, clock: Clock, customer: str) -> Any:
    """20.00 a month, half-way through its period, with a card that is declined from now on."""
    made = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    clock.give_card(customer, DECLINING)
    return made


def pay(clock: Clock, customer: str, invoice: Any) -> None:
    clock.give_card(customer, "pm_card_visa")
    clock.twin.v1.invoices.pay(invoice.id)


def test_everything_that_waits_is_shown_and_applied(
    twin: Twin, clock: Clock, customer: str, subscription: Any
) -> None:
    """Items, discounts and the flag wait; changelogs 2026-05-27 and endive."""
    coupon = twin.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    more = {"discounts": [{"coupon": coupon}], "cancel_at_period_end": True}
    held = change(twin, subscription, items=first_item(subscription, quantity=3), **more, **HELD)
    waiting = held.pending_update
    assert (held.discounts, held.cancel_at_period_end) == ([], False)
    assert held.items.data[0].quantity == 1
    assert (waiting.metadata, waiting.cancel_at_period_end) == (None, True)
    assert (len(waiting.discounts), waiting.subscription_items[0].quantity) == (1, 3)
    assert waiting.expires_at == JAN_16 + 23 * 3600
    assert (waiting.billing_cycle_anchor, waiting.trial_end) == (None, None)
    mark = clock.mark()
    pay(clock, customer, held.latest_invoice)
    done = read(twin, subscription)
    assert (done.pending_update, done.items.data[0].quantity) == (None, 3)
    assert (len(done.discounts), done.cancel_at) == (1, FEB_1)
    told = [type_ for type_ in clock.types(mark) if type_.startswith("customer.subscription")]
    assert told == ["customer.subscription.pending_update_applied", "customer.subscription.updated"]


def test_what_changes_meanwhile_stays(twin: Twin, clock: Clock, customer: str, subscription: Any) -> None:
    held = change(twin, subscription, items=first_item(subscription, quantity=3), **HELD)
    change(twin, subscription, metadata={"note": "kept"}, description="Kept")
    pay(clock, customer, held.latest_invoice)
    done = read(twin, subscription)
    assert (done.metadata.to_dict(), done.description, done.items.data[0].quantity) == (
        {"note": "kept"},
        "Kept",
        3,
    )


def test_voided_it_is_dropped(twin: Twin, subscription: Any) -> None:
    held = change(twin, subscription, items=first_item(subscription, quantity=3), **HELD)
    twin.v1.invoices.void_invoice(held.latest_invoice.id)
    left = read(twin, subscription)
    assert (left.pending_update, left.items.data[0].quantity, left.status) == (None, 1, "active")


def test_a_new_update_takes_its_place(twin: Twin, clock: Clock, customer: str, subscription: Any) -> None:
    first = change(twin, subscription, items=first_item(subscription, quantity=3), **HELD)
    second = change(twin, subscription, items=first_item(subscription, quantity=5), **HELD)
    assert twin.v1.invoices.retrieve(first.latest_invoice.id).status == "void"
    assert second.pending_update.subscription_items[0].quantity == 5
    pay(clock, customer, second.latest_invoice)
    assert read(twin, subscription).items.data[0].quantity == 5


def test_an_anchor_that_waits(twin: Twin, clock: Clock, customer: str, subscription: Any) -> None:
    held = change(twin, subscription, billing_cycle_anchor={"type": "now"}, **HELD)
    assert (held.billing_cycle_anchor, held.pending_update.billing_cycle_anchor) == (JAN_1, JAN_16)
    assert held.pending_update.subscription_items is None or held.items.data[0].current_period_end == FEB_1
    pay(clock, customer, held.latest_invoice)
    assert read(twin, subscription).billing_cycle_anchor == JAN_16


def test_it_expires_with_the_period(twin: Twin, clock: Clock, subscription: Any) -> None:
    """Earlier than 23 hours, at an item's period end."""
    clock.advance(FEB_1 - 3600)
    held = change(twin, subscription, items=first_item(subscription, quantity=30), **HELD)
    assert held.pending_update.expires_at == FEB_1
    mark = clock.mark()
    clock.advance(FEB_1)
    assert "customer.subscription.pending_update_expired" in clock.types(mark)
    left = read(twin, subscription)
    assert (left.pending_update, left.items.data[0].quantity) == (None, 1)
    assert amounts(left.latest_invoice) == [2000]


def test_items_added_and_removed_wait(twin: Twin, clock: Clock, customer: str, subscription: Any) -> None:
    """Item calls take it as well, DELETE too; changelog 2026-02-25."""
    items = twin.v1.subscription_items
    added = items.create({"subscription": subscription.id, "price": twin.price(5000), **HELD})
    waiting = read(twin, subscription)
    assert len(waiting.items.data) == 1
    assert [item.id for item in waiting.pending_update.subscription_items][1] == added.id
    pay(clock, customer, waiting.latest_invoice)
    assert [item.id for item in read(twin, subscription).items.data][1] == added.id
    clock.give_card(customer, DECLINING)
    items.delete(added.id, HELD)
    assert len(read(twin, subscription).items.data) == 1


def test_paid_at_once_it_holds_at_once(twin: Twin, clock: Clock, customer: str, subscription: Any) -> None:
    clock.give_card(customer, "pm_card_visa")
    done = change(twin, subscription, items=first_item(subscription, quantity=3), **HELD)
    assert (done.pending_update, done.items.data[0].quantity) == (None, 3)


@pytest.mark.parametrize(
    "more",
    [
        {"description": "x"},
        {"collection_method": "charge_automatically"},
        {"default_payment_method": "pm_x"},
        {"cancel_at": FEB_1 + DAY},
        {"pause_collection": {"behavior": "void"}},
        {"payment_settings": {"save_default_payment_method": "on_subscription"}},
        {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
        {"invoice_settings": {"footer": "x"}},
        {"items": [{"price": "price_x", "metadata": {"a": "b"}}]},
        {"items": [{"price": "price_x", "tax_rates": ["txr_x"]}]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_pending_updates_do_not_take(twin: Twin, subscription: Any, more: dict[str, Any]) -> None:
    """Only the listed parameters; docs pending-updates-reference."""
    refused = refusal(lambda: change(twin, subscription, **more, **HELD))
    assert "pending_if_incomplete" in refused["message"]
    assert refused["param"].startswith(next(iter(more)))


def test_sent_invoices_have_no_pending_updates(twin: Twin, clock: Clock) -> None:
    """Only charge_automatically."""
    given: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 3}
    subscription = subscribe(clock, clock.customer(), twin.price(2000), **given)
    items = first_item(subscription, quantity=2)
    assert refusal(lambda: change(twin, subscription, items=items, **HELD))["param"] == "payment_behavior"


def test_a_start_does_not_wait(twin: Twin, clock: Clock, customer: str) -> None:
    """The enum lists it for create, Stripe refuses it all the same; reference section 2."""
    price = twin.price(2000)
    given = {"payment_behavior": "pending_if_incomplete"}
    assert refusal(lambda: subscribe(clock, customer, price, **given))["param"] == "payment_behavior"
