"""Retries, reminders, due dates, and what the account set for the end of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_1, MAR_1, Clock, Twin

USUAL = {
    "retry_days": [3, 5, 7],
    "after_last_retry": "past_due",
    "invoice_after_last_retry": "open",
    "upcoming_days": 0,
    "will_be_due_days": 0,
}


@pytest.fixture(autouse=True)
def usual_settings(twin: Twin) -> Iterator[None]:
    """The account's settings are as before for whoever comes next."""
    yield
    twin.post_json("/_twin/settings", USUAL)


def late_subscription(clock: Clock, **more: Any) -> Any:
    """A subscription whose card stops working after the first month."""
    v1, customer = clock.twin.v1, clock.customer()
    given = {"customer": customer, "items": [{"price": clock.twin.price(2000)}], **more}
    subscription = v1.subscriptions.create(given)
    clock.give_card(customer, "pm_card_chargeCustomerFail")
    return subscription


@pytest.mark.parametrize(
    ("outcome", "given_up", "status"),
    [
        ("past_due", "open", "past_due"),
        ("unpaid", "uncollectible", "unpaid"),
        ("cancel", "uncollectible", "canceled"),
    ],
)
def test_the_end_of_retries(twin: Twin, clock: Clock, outcome: str, given_up: str, status: str) -> None:
    settings = {"retry_days": [1, 2], "after_last_retry": outcome, "invoice_after_last_retry": given_up}
    twin.post_json("/_twin/settings", settings)
    subscription = late_subscription(clock)
    clock.advance(FEB_1 + HOUR)
    invoice = twin.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, FEB_1 + HOUR + DAY)
    clock.advance(FEB_1 + HOUR + DAY)
    invoice = twin.v1.invoices.retrieve(invoice.id)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (2, FEB_1 + HOUR + 3 * DAY)
    clock.advance(FEB_1 + HOUR + 3 * DAY)
    invoice = twin.v1.invoices.retrieve(invoice.id)
    assert (invoice.attempt_count, invoice.next_payment_attempt, invoice.status) == (3, None, given_up)
    if given_up == "uncollectible":
        assert invoice.status_details.uncollectible.reason == "max_payment_attempts"
    assert twin.v1.subscriptions.retrieve(subscription.id).status == status


def test_collection_is_switched_off_and_on(twin: Twin, clock: Clock) -> None:
    subscription = late_subscription(clock)
    clock.advance(FEB_1 + HOUR)
    invoice = twin.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]
    assert twin.v1.invoices.update(invoice.id, {"auto_advance": False}).next_payment_attempt is None
    clock.give_card(subscription.customer, "pm_card_visa")
    on = twin.v1.invoices.update(invoice.id, {"auto_advance": True})
    assert on.next_payment_attempt == FEB_1 + 2 * HOUR
    clock.advance(FEB_1 + 2 * HOUR)
    assert twin.v1.invoices.retrieve(invoice.id).status == "paid"
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_sent_invoice_is_announced_and_falls_overdue(twin: Twin, clock: Clock) -> None:
    twin.post_json("/_twin/settings", {"will_be_due_days": 2})
    customer = clock.customer(card=None)
    given = {"collection_method": "send_invoice", "days_until_due": 5}
    items = [{"price": twin.price(2000)}]
    subscription = twin.v1.subscriptions.create({"customer": customer, "items": items, **given})
    mark = clock.mark()
    clock.advance(JAN_1 + HOUR + 5 * DAY)
    told = [type_ for type_ in clock.types(mark) if type_.startswith("invoice.")]
    assert told[-3:] == ["invoice.sent", "invoice.will_be_due", "invoice.overdue"]
    late = twin.v1.subscriptions.retrieve(subscription.id)
    assert late.status == "past_due"
    paid = twin.v1.invoices.pay(late.latest_invoice, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2000, 0)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_renewal_is_announced(twin: Twin, clock: Clock) -> None:
    twin.post_json("/_twin/settings", {"upcoming_days": 7})
    given = {"customer": clock.customer(), "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(given)
    mark = clock.mark()
    clock.advance(MAR_1 - DAY)
    told = [event for event in clock.events(mark) if event.type == "invoice.upcoming"]
    assert [event.created for event in told] == [FEB_1 - 7 * DAY, MAR_1 - 7 * DAY]
    upcoming = told[0].data.object
    assert (upcoming.total, upcoming.billing_reason, upcoming.status) == (2000, "upcoming", "draft")
    assert upcoming.parent.subscription_details.subscription == subscription.id
    assert upcoming.lines.data[0].period.start == FEB_1


def test_voiding_the_latest_invoice_looks_at_the_older_ones(twin: Twin, clock: Clock) -> None:
    twin.post_json("/_twin/settings", {"retry_days": [1], "after_last_retry": "unpaid"})
    subscription = late_subscription(clock)
    clock.advance(FEB_1 + HOUR + DAY)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "unpaid"
    first = twin.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]
    clock.advance(MAR_1 + HOUR)
    latest = twin.v1.subscriptions.retrieve(subscription.id).latest_invoice
    assert twin.v1.invoices.retrieve(latest).status == "draft"
    twin.v1.invoices.finalize_invoice(latest)
    twin.v1.invoices.void_invoice(latest)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "unpaid"
    twin.v1.invoices.void_invoice(first.id)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"
