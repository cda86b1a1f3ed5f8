"""Subscriptions that stand still: paused and resumed, and the pause of collection, which is another thing."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import (
    CLASSIC,
    DECLINING,
    change,
    first_item,
    pending,
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

FEB_16 = unix("2026-02-16")


def paused(twin: Twin, clock: Clock, **given: Any) -> tuple[str, Any]:
    """A customer and a subscription to 20.00 a month, paused in the middle of January."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    return customer, twin.v1.subscriptions.pause(subscription.id, given)


def resume(twin: Twin, subscription: Any, **given: Any) -> Any:
    return twin.v1.subscriptions.resume(subscription.id, {"expand": ["latest_invoice"], **given})


def test_a_pause(twin: Twin, clock: Clock) -> None:
    """Status, details and the periods cut to the pause; the unused time waits as a credit; docs pause."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    clock.advance(JAN_16)
    mark = clock.mark()
    held = twin.v1.subscriptions.pause(subscription.id)
    assert (held.status, periods(held)) == ("paused", [(JAN_1, JAN_16)])
    assert held.status_details.paused.transitioned_at == JAN_16
    assert held.status_details.paused.subscription.type == "pause_requested"
    assert pending(twin, customer) == [-1032]
    told = [type_ for type_ in clock.types(mark) if type_.startswith("customer.subscription")]
    assert told == ["customer.subscription.paused", "customer.subscription.updated"]
    clock.advance(FEB_1)
    clock.advance(MAR_1)
    assert read(twin, subscription).latest_invoice.id == subscription.latest_invoice.id


@pytest.mark.parametrize(
    ("since", "credit"), [("now", [-1032]), ("none", []), ("item_current_period_start", [-2000])]
)
def test_what_a_pause_gives_back(twin: Twin, clock: Clock, since: str, credit: list[int]) -> None:
    customer, _ = paused(twin, clock, bill_for={"unused_time_from": {"type": since}})
    assert pending(twin, customer) == credit


def test_a_pause_with_an_invoice(twin: Twin, clock: Clock) -> None:
    customer, held = paused(twin, clock, invoicing_behavior="invoice")
    assert pending(twin, customer) == []
    assert amounts(read(twin, held).latest_invoice) == [-1032]
    assert twin.v1.customers.retrieve(customer).balance == -1032


@pytest.mark.parametrize(("through", "amounts_waiting"), [("now", [-1032, 350]), ("none", [-1032])])
def test_usage_until_a_pause(twin: Twin, clock: Clock, through: str, amounts_waiting: list[int]) -> None:
    """`outstanding_usage_through`: what was used of the running period is billed, or not (SDK comment)."""
    customer, name = clock.customer(), f"calls_{clock.id}"
    aggregation = {"formula": "sum"}
    meter = twin.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": name, "default_aggregation": aggregation}
    )
    used = twin.price(7, recurring={"usage_type": "metered", "meter": meter.id})
    subscription = subscribe(clock, customer, twin.price(2000), used)
    clock.advance(JAN_16)
    payload = {"stripe_customer_id": customer, "value": "50"}
    twin.v1.billing.meter_events.create({"event_name": name, "payload": payload, "timestamp": JAN_16 - DAY})
    billed = {"outstanding_usage_through": {"type": through}}
    twin.v1.subscriptions.pause(subscription.id, {"bill_for": billed})
    assert sorted(pending(twin, customer)) == amounts_waiting


def test_what_cannot_be_paused(twin: Twin, clock: Clock) -> None:
    """Not classic, not sent, not trialing, not incomplete, not under a schedule, not twice; docs pause."""
    customer, price = clock.customer(), twin.price(2000)
    v1 = twin.v1
    held = [
        subscribe(clock, customer, price, **CLASSIC),
        subscribe(clock, customer, price, collection_method="send_invoice", days_until_due=3),
        subscribe(clock, customer, price, trial_period_days=9),
        subscribe(clock, customer, price, payment_behavior="default_incomplete"),
        v1.subscriptions.cancel(subscribe(clock, customer, price).id),
        v1.subscriptions.pause(subscribe(clock, customer, price).id),
    ]
    scheduled = subscribe(clock, customer, price)
    v1.subscription_schedules.create({"from_subscription": scheduled.id})
    for subscription in [*held, scheduled]:
        assert "pause" in refusal(partial(v1.subscriptions.pause, subscription.id))["message"]


def test_a_paused_subscription_is_changed_without_proration(twin: Twin, clock: Clock) -> None:
    """Updates while paused create no prorations, and nothing begins; docs free-trials."""
    customer, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    items = first_item(held, quantity=4)
    assert change(twin, held, items=items, proration_behavior="always_invoice").items.data[0].quantity == 4
    assert pending(twin, customer) == []
    refused_ones: list[dict[str, Any]] = [{"billing_cycle_anchor": {"type": "now"}}, {"trial_end": FEB_1}]
    for given in refused_ones:
        refused = refusal(partial(change, twin, held, **given))
        assert refused["param"] == next(iter(given))


def test_a_resumption_waits_for_its_invoice(twin: Twin, clock: Clock) -> None:
    """By default no payment is tried in the call; paid, the new period holds; changelog 2026-05-27."""
    _, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    clock.advance(FEB_16)
    waiting = resume(twin, held)
    invoice = waiting.latest_invoice
    assert (waiting.status, invoice.status, invoice.attempted) == ("paused", "open", False)
    assert amounts(invoice) == [2000]
    assert "is being resumed" in refusal(lambda: resume(twin, held))["message"]
    mark = clock.mark()
    twin.v1.invoices.pay(invoice.id)
    running = read(twin, held)
    assert (running.status, running.billing_cycle_anchor) == ("active", FEB_16)
    assert periods(running) == [(FEB_16, unix("2026-03-16"))]
    assert "status_details" not in running
    told = [type_ for type_ in clock.types(mark) if type_.startswith("customer.subscription")]
    assert told == ["customer.subscription.resumed", "customer.subscription.updated"]


def test_a_resumption_whose_payment_fails(twin: Twin, clock: Clock) -> None:
    """`resume_on_payment_attempt`: past_due when the attempt fails; docs pause."""
    customer, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    clock.give_card(customer, DECLINING)
    invoice = resume(twin, held).latest_invoice
    refusal(lambda: twin.v1.invoices.pay(invoice.id), status=402)
    assert read(twin, held).status == "past_due"


def test_a_resumption_that_is_paid_in_the_call(twin: Twin, clock: Clock) -> None:
    """`resume_on_payment_success`: tried in the call, retried until it succeeds; changelog."""
    customer, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    clock.give_card(customer, DECLINING)
    waiting = resume(twin, held, payment_behavior="resume_on_payment_success")
    assert (waiting.status, waiting.latest_invoice.attempt_count) == ("paused", 1)
    clock.give_card(customer, "pm_card_visa")
    clock.advance(JAN_16 + 4 * DAY)
    running = read(twin, held)
    assert (running.status, running.latest_invoice.status) == ("active", "paid")


def test_a_resumption_at_once(twin: Twin, clock: Clock) -> None:
    _, held = paused(twin, clock)
    running = resume(twin, held, payment_behavior="resume_on_payment_success")
    assert (running.status, periods(running)) == ("active", [(JAN_16, FEB_16)])
    assert sorted(amounts(running.latest_invoice)) == [-1032, 2000]


def test_nobody_pays_for_a_resumption(twin: Twin, clock: Clock) -> None:
    """Without an attempt in 23 hours the invoice is voided and it stays paused (SDK comment)."""
    _, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    resume(twin, held)
    clock.advance(JAN_16 + 24 * HOUR)
    still = read(twin, held)
    assert (still.status, still.latest_invoice.status) == ("paused", "void")
    assert resume(twin, held).latest_invoice.status == "open"


@pytest.mark.parametrize(("how", "status"), [("void", "paused"), ("uncollectible", "active")])
def test_a_resumption_settled_by_hand(twin: Twin, clock: Clock, how: str, status: str) -> None:
    _, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    invoice = resume(twin, held).latest_invoice.id
    invoices = twin.v1.invoices
    settle = invoices.void_invoice if how == "void" else invoices.mark_uncollectible
    settle(invoice)
    assert read(twin, held).status == status


@pytest.mark.parametrize(
    ("proration", "waiting", "billed"),
    [("create_prorations", [1143], None), ("none", [], None), ("always_invoice", [], [1143])],
)
def test_going_on_with_the_running_period(
    twin: Twin, clock: Clock, proration: str, waiting: list[int], billed: list[int] | None
) -> None:
    """Anchor `unchanged`: the rest of the period is a debit: 2000 x 16 d / 28 d; docs pause."""
    customer, held = paused(twin, clock, bill_for={"unused_time_from": {"type": "none"}})
    clock.advance(unix("2026-02-13"))
    given: dict[str, Any] = {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": proration}
    going = resume(twin, held, **given)
    assert pending(twin, customer) == waiting
    if billed is None:
        assert (going.status, periods(going)) == ("active", [(unix("2026-02-13"), MAR_1)])
    else:
        assert amounts(going.latest_invoice) == billed
        twin.v1.invoices.pay(going.latest_invoice.id)
        assert periods(read(twin, held)) == [(unix("2026-02-13"), MAR_1)]


def test_only_what_is_paused_is_resumed(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    assert "paused" in refusal(lambda: resume(twin, subscription))["message"]


def test_a_trial_without_a_card_pauses_and_goes_on(twin: Twin, clock: Clock) -> None:
    """`missing_payment_method=pause`, then a card and a resumption; docs free-trials."""
    customer = clock.customer(card=None)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = subscribe(clock, customer, twin.price(2000), trial_end=JAN_16, trial_settings=settings)
    clock.advance(JAN_16)
    held = read(twin, subscription)
    assert held.status_details.paused.subscription.type == "trial_end_without_payment_method"
    clock.give_card(customer, "pm_card_visa")
    clock.advance(FEB_1)
    running = resume(twin, held, payment_behavior="resume_on_payment_success")
    assert (running.status, running.latest_invoice.amount_paid) == ("active", 2000)
    assert periods(running) == [(FEB_1, MAR_1)]


def test_a_paused_subscription_is_canceled(twin: Twin, clock: Clock) -> None:
    _, held = paused(twin, clock)
    ended = twin.v1.subscriptions.cancel(held.id)
    assert ended.status == "canceled"
    assert "status_details" not in ended


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")],
)
def test_a_pause_of_collection(twin: Twin, clock: Clock, behavior: str, status: str) -> None:
    """The status stays, invoices go on and are held, voided or given up, until then; docs pause-payment."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    pause = {"behavior": behavior, "resumes_at": unix("2026-02-10")}
    assert change(twin, subscription, pause_collection=pause).status == "active"
    more = change(
        twin, subscription, items=first_item(subscription, quantity=2), proration_behavior="always_invoice"
    )
    assert more.latest_invoice.status == status
    clock.advance(FEB_1 + 2 * HOUR)
    renewed = read(twin, subscription)
    assert (renewed.status, renewed.latest_invoice.status) == ("active", status)
    assert renewed.latest_invoice.auto_advance is False
    clock.advance(MAR_1 + 2 * HOUR)
    again = read(twin, subscription)
    assert (again.pause_collection, again.latest_invoice.status) == (None, "paid")


def test_an_uncollectible_invoice_uses_the_balance_first(twin: Twin, clock: Clock) -> None:
    """mark_uncollectible: covered by the customer's balance it is paid; docs pause-payment."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    change(twin, subscription, pause_collection={"behavior": "mark_uncollectible"})
    twin.v1.customers.balance_transactions.create(customer, {"amount": -5000, "currency": "usd"})
    clock.advance(FEB_1)
    assert read(twin, subscription).latest_invoice.status == "paid"


def test_a_pause_of_collection_ends_ahead(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    pause = {"behavior": "void", "resumes_at": JAN_1}
    refused = refusal(lambda: change(twin, subscription, pause_collection=pause))
    assert refused["param"] == "pause_collection[resumes_at]"
    change(twin, subscription, pause_collection={"behavior": "void"})
    assert change(twin, subscription, pause_collection="").pause_collection is None
