"""How subscriptions end; source: reference section 10 (SDK comments, recordings, docs cancel)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import change, first_item, pending, read, refusal, subscribe
from tests.engine.sandbox.twin_client import FEB_1, JAN_1, JAN_16, Clock, Twin, amounts, unix

DETAILS = {"comment": "Too much", "feedback": "too_expensive"}


@pytest.mark.parametrize(
    ("given", "lines", "left"),
    [
        ({}, None, [700]),
        ({"prorate": True}, None, [1032, 700, -1032]),
        ({"invoice_now": True}, [1032, 700], []),
        ({"prorate": True, "invoice_now": True}, [1032, 700, -1032, -1032], []),
    ],
    ids=["neither", "prorate", "invoice_now", "both"],
)
def test_what_becomes_of_what_waits(
    twin: Twin, clock: Clock, given: dict[str, bool], lines: list[int] | None, left: list[int]
) -> None:
    """Pending prorations go when nothing is asked, other items stay; with invoice_now all are billed."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    change(twin, subscription, items=[{"price": twin.price(2000)}])
    item = {"customer": customer, "amount": 700, "currency": "usd", "subscription": subscription.id}
    twin.v1.invoice_items.create(item)
    ended = twin.v1.subscriptions.cancel(subscription.id, {**given, "expand": ["latest_invoice"]})
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", JAN_16, JAN_16)
    if lines is not None:
        assert sorted(amounts(ended.latest_invoice)) == sorted(lines)
    expected = left if "prorate" not in given or given.get("invoice_now") else [1032, 700, -1032, -1032]
    assert sorted(pending(twin, customer)) == sorted(expected)


def test_details_of_a_cancellation(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    mark = clock.mark()
    ended = twin.v1.subscriptions.cancel(subscription.id, {"cancellation_details": DETAILS})
    told = ended.cancellation_details
    assert (told.comment, told.feedback, told.reason) == (
        "Too much",
        "too_expensive",
        "cancellation_requested",
    )
    assert clock.types(mark) == ["customer.subscription.deleted"]
    later = change(twin, subscription, cancellation_details={"comment": "", "feedback": "unused"})
    assert (later.cancellation_details.comment, later.cancellation_details.feedback) == (None, "unused")


def test_a_canceled_one_keeps_an_earlier_request(twin: Twin, clock: Clock) -> None:
    """`canceled_at` keeps the earlier time, cancel_at and the flag are reset (recordings)."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    change(twin, subscription, cancel_at_period_end=True)
    clock.advance(JAN_16)
    ended = twin.v1.subscriptions.cancel(subscription.id)
    assert (ended.canceled_at, ended.ended_at) == (JAN_1, JAN_16)
    assert (ended.cancel_at, ended.cancel_at_period_end) == (None, False)
    assert ended.items.data[0].current_period_end == FEB_1


def test_a_flagged_one_did_cancel_at_the_end(twin: Twin, clock: Clock) -> None:
    """The flag says whether it did cancel at the period's end (SDK comment); what waits is billed."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    change(twin, subscription, items=[{"price": twin.price(2000)}])
    change(twin, subscription, cancel_at_period_end=True)
    clock.advance(FEB_1)
    ended = read(twin, subscription)
    assert (ended.status, ended.cancel_at_period_end) == ("canceled", True)
    assert amounts(ended.latest_invoice) == [1032]


@pytest.mark.parametrize("given", [{"cancel_at": JAN_16}, {"cancel_at_period_end": True}, {"cancel_at": ""}])
def test_a_schedule_alone_decides_on_the_end(twin: Twin, clock: Clock, given: dict[str, Any]) -> None:
    """Cancel flags under a schedule are refused, with the text that many have seen; reference section 9."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    schedule = twin.v1.subscription_schedules.create({"from_subscription": subscription.id}).id
    refused = refusal(lambda: change(twin, subscription, **given))
    assert refused["message"] == (
        f"The subscription is managed by the subscription schedule `{schedule}`, and updating any cancelation"
        " behavior directly is not allowed. Please update the schedule instead."
    )


def test_a_canceled_one_is_not_canceled_again(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    twin.v1.subscriptions.cancel(subscription.id)
    refused = refusal(lambda: twin.v1.subscriptions.cancel(subscription.id), status=404)
    assert refused["code"] == "resource_missing"


@pytest.mark.parametrize(
    "given",
    [
        {"description": "x"},
        {"cancel_at": FEB_1},
        {"items": []},
        {"default_payment_method": "pm_x"},
        {"trial_end": "now"},
    ],
    ids=str,
)
def test_a_canceled_one_is_not_changed(twin: Twin, clock: Clock, given: dict[str, Any]) -> None:
    """Only metadata and cancellation_details (SDK comment)."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    twin.v1.subscriptions.cancel(subscription.id)
    if given == {"items": []}:
        given = {"items": first_item(subscription, quantity=2)}
    refused = refusal(lambda: change(twin, subscription, **given))
    assert refused["code"] == "invalid_canceled_subscription_fields"
    assert change(twin, subscription, metadata={"why": "x"}).metadata.to_dict() == {"why": "x"}


def test_a_trial_is_canceled(twin: Twin, clock: Clock) -> None:
    """trial_end is kept (recordings)."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000), trial_end=FEB_1)
    ended = twin.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert (ended.status, ended.trial_end) == ("canceled", FEB_1)
    assert ended.latest_invoice == subscription.latest_invoice.id


def test_both_ways_to_end_exclude_each_other(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    given: dict[str, Any] = {"cancel_at": FEB_1, "cancel_at_period_end": True}
    assert refusal(lambda: change(twin, subscription, **given))["code"] == "parameters_exclusive"


def test_a_flag_takes_the_place_of_a_date(twin: Twin, clock: Clock) -> None:
    """What a date inside the period gave back is charged again when the end moves to the period's end."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    change(twin, subscription, cancel_at=JAN_16)
    held = change(twin, subscription, cancel_at_period_end=True)
    assert (held.cancel_at, held.cancel_at_period_end) == (FEB_1, True)
    assert pending(twin, customer) == [-1032, 1032]


def test_a_date_in_a_later_period_prorates_that_one(twin: Twin, clock: Clock) -> None:
    """Always, whatever the behaviour (SDK comment); withdrawn in it, the rest is charged."""
    subscription = subscribe(clock, clock.customer(), twin.price(2800))
    change(twin, subscription, cancel_at=unix("2026-02-15"), proration_behavior="none")
    clock.advance(FEB_1)
    assert amounts(read(twin, subscription).latest_invoice) == [1400]
    back = change(twin, subscription, cancel_at="", proration_behavior="always_invoice")
    assert amounts(back.latest_invoice) == [1400]
    assert back.items.data[0].current_period_end == unix("2026-03-01")
