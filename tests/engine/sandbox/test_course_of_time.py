"""What happens on a test clock: renewals, retries, trials, ends and expiries, each at its instant."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

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

RENEWAL = ["customer.subscription.updated", "invoice.created"]
PAID = [
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
]
DECLINED = [
    "charge.failed",
    "payment_intent.payment_failed",
    "invoice.updated",
    "invoice.payment_failed",
]


def subscribe(clock: Clock, customer: str, *prices: str, **more: Any) -> Any:
    items = [{"price": price} for price in prices]
    return clock.twin.v1.subscriptions.create({"customer": customer, "items": items, **more})


def latest(twin: Twin, subscription: Any) -> Any:
    return twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


def without_clock(types: list[str]) -> list[str]:
    return [name for name in types if not name.startswith("test_helpers.")]


def test_a_renewal_is_a_draft_for_an_hour(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    assert clock.next() == FEB_1
    mark = clock.mark()
    clock.advance(FEB_1)
    assert without_clock(clock.types(mark)) == RENEWAL
    invoice = latest(twin, subscription)
    assert (invoice.status, invoice.billing_reason) == ("draft", "subscription_cycle")
    assert invoice.automatically_finalizes_at == FEB_1 + HOUR == clock.next()
    assert (invoice.period_start, invoice.period_end) == (JAN_1, FEB_1)
    line = invoice.lines.data[0]
    assert (line.period.start, line.period.end, line.amount) == (FEB_1, MAR_1, 2000)
    updated = next(event for event in clock.events(mark) if event.type == "customer.subscription.updated")
    item = updated.data.previous_attributes["items"]["data"][0]
    assert (item.current_period_start, item.current_period_end) == (JAN_1, FEB_1)
    assert updated.request.id is None
    assert updated.created == FEB_1

    mark = clock.mark()
    clock.advance(FEB_1 + HOUR)
    assert without_clock(clock.types(mark)) == PAID
    assert latest(twin, subscription).status == "paid"


def test_what_is_added_to_the_draft_is_charged(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(FEB_1)
    invoice = latest(twin, subscription)
    twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 300, "description": "Overage"}]})
    clock.advance(FEB_1 + HOUR)
    paid = twin.v1.invoices.retrieve(invoice.id)
    assert (paid.status, paid.amount_paid) == ("paid", 2300)


def test_months_are_counted_from_the_anchor(twin: Twin) -> None:
    clock = twin.clock(unix("2026-01-31"))
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    ends: list[int] = []
    for to in ("2026-02-28", "2026-03-31", "2026-04-30"):
        ends.append(twin.v1.subscriptions.retrieve(subscription.id).items.data[0].current_period_end)
        clock.advance(unix(to))
    assert ends == [unix("2026-02-28"), unix("2026-03-31"), unix("2026-04-30")]


def test_mixed_intervals_renew_each_by_itself(twin: Twin, clock: Clock) -> None:
    month, year = twin.price(1000), twin.price(10000, "year")
    subscription = subscribe(clock, clock.customer(), month, year)
    clock.advance(FEB_1)
    assert amounts(latest(twin, subscription)) == [1000]
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert [item.current_period_end for item in held.items.data] == [MAR_1, unix("2027-01-01")]


def test_a_failed_renewal_is_retried_and_recovers(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.give_card(customer, "pm_card_chargeCustomerFail")
    clock.advance(FEB_1)
    mark = clock.mark()
    clock.advance(FEB_1 + HOUR)
    expected = ["invoice.finalized", "payment_intent.created", *DECLINED, "customer.subscription.updated"]
    assert without_clock(clock.types(mark)) == expected
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    invoice = latest(twin, subscription)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == FEB_1 + HOUR + 3 * DAY == clock.next()

    mark = clock.mark()
    clock.advance(FEB_1 + HOUR + 3 * DAY)
    assert without_clock(clock.types(mark)) == DECLINED
    invoice = latest(twin, subscription)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (2, FEB_1 + HOUR + 8 * DAY)

    clock.give_card(customer, "pm_card_visa")
    paid = twin.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.attempt_count) == ("paid", 2)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_missing_card_is_waited_for(twin: Twin, clock: Clock) -> None:
    """Retries stay planned; the one that finds a card succeeds."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    held = twin.v1.customers.retrieve(customer).invoice_settings.default_payment_method
    twin.v1.payment_methods.detach(held)
    clock.advance(FEB_1 + HOUR)
    invoice = latest(twin, subscription)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, FEB_1 + HOUR + 3 * DAY)
    assert twin.v1.customers.retrieve(customer).delinquent is True
    clock.give_card(customer, "pm_card_visa")
    clock.advance(FEB_1 + HOUR + 3 * DAY)
    assert latest(twin, subscription).status == "paid"
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert twin.v1.customers.retrieve(customer).delinquent is False


def test_a_renewal_that_needs_the_buyer(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.give_card(customer, "pm_card_authenticationRequired")
    mark = clock.mark()
    clock.advance(FEB_1 + HOUR)
    types = clock.types(mark)
    assert "payment_intent.requires_action" in types
    assert "invoice.payment_action_required" in types
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    invoice = latest(twin, subscription)
    assert (invoice.status, invoice.next_payment_attempt) == ("open", FEB_1 + HOUR + 3 * DAY)
    form = {"payment_method": "default", "confirm_3ds": "yes"}
    assert twin.post_form(f"/i/{invoice.id}", form)[0] == 200
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_after_the_last_retry_it_stays_past_due(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.give_card(customer, "pm_card_chargeCustomerFail")
    clock.advance(FEB_1 + HOUR + 16 * DAY)
    invoice = latest(twin, subscription)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (4, None)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "past_due"


def test_after_the_last_retry_it_may_be_canceled(twin: Twin, clock: Clock) -> None:
    twin.post_json("/_twin/settings", {"retry_days": [1], "after_last_retry": "cancel"})
    try:
        customer = clock.customer()
        subscription = subscribe(clock, customer, twin.price(2000))
        clock.give_card(customer, "pm_card_chargeCustomerFail")
        clock.advance(FEB_1 + HOUR + DAY)
    finally:
        twin.post_json("/_twin/settings", {"retry_days": [3, 5, 7], "after_last_retry": "past_due"})
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert (held.status, held.cancellation_details.reason) == ("canceled", "payment_failed")
    assert latest(twin, subscription).auto_advance is False


def test_a_trial_is_free_and_then_billed(twin: Twin, clock: Clock) -> None:
    mark = clock.mark()
    subscription = subscribe(clock, clock.customer(), twin.price(2000, name="P"), trial_period_days=15)
    assert subscription.status == "trialing"
    assert subscription.billing_cycle_anchor == JAN_16 == subscription.trial_end
    invoice = latest(twin, subscription)
    assert (invoice.status, invoice.total, invoice.attempt_count, invoice.attempted) == ("paid", 0, 0, True)
    assert invoice.lines.data[0].description == "Free trial for 1 × P"  # noqa: RUF001 -- Stripe's word
    created = ["invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded"]
    assert [name for name in clock.types(mark) if name in {*created, "customer.subscription.created"}] == [
        *created,
        "customer.subscription.created",
    ]
    assert clock.next() == JAN_16 - 3 * DAY
    mark = clock.mark()
    clock.advance(JAN_16)
    assert without_clock(clock.types(mark)) == ["customer.subscription.trial_will_end", *RENEWAL]
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert latest(twin, subscription).status == "draft"
    clock.advance(JAN_16 + HOUR)
    paid = latest(twin, subscription)
    assert (paid.status, paid.amount_paid) == ("paid", 2000)


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_may_end_without_a_card(twin: Twin, clock: Clock, behavior: str, status: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    customer = clock.customer(card=None)
    subscription = subscribe(clock, customer, twin.price(2000), trial_end=JAN_16, trial_settings=settings)
    assert subscription.pending_setup_intent.startswith("seti_")
    clock.advance(JAN_16 + HOUR)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == status


def test_a_trial_ended_now_is_billed_in_the_call(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000), trial_period_days=30)
    clock.advance(JAN_16)
    given = {"trial_end": "now", "proration_behavior": "none", "expand": ["latest_invoice"]}
    ended = twin.v1.subscriptions.update(subscription.id, given)
    assert (ended.status, ended.trial_end, ended.billing_cycle_anchor) == ("active", JAN_16, JAN_16)
    assert (ended.latest_invoice.status, ended.latest_invoice.total) == ("paid", 2000)


def test_a_trial_set_on_a_running_subscription_moves_the_anchor(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    trial_end = unix("2026-02-10")
    given = {"trial_end": trial_end, "proration_behavior": "none", "expand": ["latest_invoice"]}
    moved = twin.v1.subscriptions.update(subscription.id, given)
    assert (moved.status, moved.latest_invoice.total) == ("trialing", 0)
    clock.advance(FEB_1)
    assert latest(twin, subscription).id == moved.latest_invoice.id
    clock.advance(trial_end + HOUR)
    assert latest(twin, subscription).amount_paid == 2000


def test_cancel_at_period_end_and_back(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    clock.advance(JAN_16)
    flagged = twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (flagged.status, flagged.cancel_at, flagged.canceled_at) == ("active", FEB_1, JAN_16)
    assert flagged.cancellation_details.reason == "cancellation_requested"
    undone = twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (undone.cancel_at, undone.canceled_at, undone.cancellation_details.reason) == (None, None, None)
    twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    mark = clock.mark()
    clock.advance(FEB_1 + HOUR)
    assert without_clock(clock.types(mark)) == ["customer.subscription.deleted"]
    ended = twin.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at, ended.cancel_at) == ("canceled", FEB_1, FEB_1)
    assert len(twin.v1.invoices.list({"subscription": subscription.id}).data) == 1


def test_cancel_at_a_date(twin: Twin, clock: Clock) -> None:
    """Inside the period the rest is credited; a later period is billed up to the date."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    held = twin.v1.subscriptions.update(subscription.id, {"cancel_at": JAN_16})
    assert held.cancel_at == JAN_16
    pending = twin.v1.invoice_items.list({"customer": customer, "pending": True}).data
    assert [item.amount for item in pending] == [-1032]
    twin.v1.subscriptions.update(subscription.id, {"cancel_at": unix("2026-02-15")})
    pending = twin.v1.invoice_items.list({"customer": customer, "pending": True}).data
    assert sum(item.amount for item in pending) == 0
    clock.advance(FEB_1)
    assert amounts(latest(twin, subscription))[-1] == 1000
    clock.advance(unix("2026-02-15"))
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_withdrawing_a_date_without_proration(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    none = {"proration_behavior": "none"}
    twin.v1.subscriptions.update(subscription.id, {"cancel_at": FEB_1, **none})
    back = twin.v1.subscriptions.update(subscription.id, {"cancel_at": "", **none})
    assert (back.cancel_at, back.canceled_at) == (None, None)
    clock.advance(FEB_1 + HOUR)
    assert latest(twin, subscription).amount_paid == 2000


def test_an_unpaid_start_expires_after_23_hours(twin: Twin, clock: Clock) -> None:
    price = twin.price(2000)
    subscription = subscribe(clock, clock.customer(), price, payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    assert clock.next() == JAN_1 + 23 * HOUR
    mark = clock.mark()
    clock.advance(JAN_1 + 23 * HOUR)
    types = without_clock(clock.types(mark))
    assert types == ["invoice.voided", "payment_intent.canceled", "customer.subscription.updated"]
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired"
    assert latest(twin, subscription).status == "void"


def test_a_clock_moves_at_most_two_intervals(twin: Twin, clock: Clock) -> None:
    subscribe(clock, clock.customer(), twin.price(2000))
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": MAR_1 + 1})
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JAN_1})
    clock.advance(MAR_1)


def test_a_clock_takes_its_customers_with_it(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    assert twin.v1.test_helpers.test_clocks.delete(clock.id).deleted is True
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.v1.customers.retrieve(customer).deleted is True


def test_a_paused_collection_keeps_drafts(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    twin.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "keep_as_draft"}})
    clock.advance(FEB_1 + 2 * HOUR)
    held = latest(twin, subscription)
    assert (held.status, held.auto_advance) == ("draft", False)
    twin.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    clock.advance(MAR_1)
    assert latest(twin, subscription).status == "void"


def test_a_sent_invoice_falls_overdue(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    more = {"collection_method": "send_invoice", "days_until_due": 7}
    subscription = subscribe(clock, customer, twin.price(2000), **more)
    assert (subscription.status, latest(twin, subscription).status) == ("active", "draft")
    clock.advance(JAN_1 + HOUR)
    invoice = latest(twin, subscription)
    assert (invoice.status, invoice.due_date) == ("open", JAN_1 + HOUR + 7 * DAY)
    clock.advance(JAN_1 + HOUR + 7 * DAY)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    twin.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"
