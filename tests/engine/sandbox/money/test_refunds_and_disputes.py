"""How does money go back? Refunds that work, wait or fail; disputes won and lost; charges of old."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.money.books import accounts, audit
from tests.engine.sandbox.twin_client import DAY, JAN_1, Clock, Twin, error_of


def charged(twin: Twin, customer: str, card: str = "pm_card_visa") -> Any:
    given = {
        "amount": 1000,
        "currency": "usd",
        "customer": customer,
        "payment_method": card,
        "confirm": True,
        "expand": ["latest_charge"],
    }
    return twin.v1.payment_intents.create(given).latest_charge


def test_parts_add_up_to_the_whole(twin: Twin, clock: Clock) -> None:
    charge = charged(twin, clock.customer(card=None))
    refunds = twin.v1.refunds
    first = refunds.create({"charge": charge.id, "amount": 300, "reason": "requested_by_customer"})
    assert (first.status, first.amount, first.reason) == ("succeeded", 300, "requested_by_customer")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        refunds.create({"charge": charge.id, "amount": 701})
    mark = clock.mark()
    refunds.create({"payment_intent": charge.payment_intent})
    assert clock.types(mark) == ["charge.refunded", "refund.created"]
    held = twin.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (held.refunded, held.amount_refunded) == (True, 1000)
    assert sum(refund.amount for refund in held.refunds.data) == 1000
    with pytest.raises(stripe.InvalidRequestError) as error:
        refunds.create({"charge": charge.id})
    assert error_of(error.value)["code"] == "charge_already_refunded"
    assert refunds.update(first.id, {"metadata": {"a": "b"}}).metadata.a == "b"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        refunds.cancel(first.id)
    assert [refund.amount for refund in refunds.list({"charge": charge.id}).data] == [700, 300]
    audit(twin)


@pytest.mark.parametrize(
    "given",
    [
        {"amount": 0},
        {"amount": -5},
        {"charge": "ch_nope"},
        {"payment_intent": "pi_nope"},
        {"reverse_transfer": True},
        {"refund_application_fee": True},
        {"currency": "eur"},
        {"origin": "customer_balance"},
    ],
)
def test_refunds_that_are_refused(twin: Twin, clock: Clock, given: dict[str, Any]) -> None:
    charge = charged(twin, clock.customer(card=None))
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.refunds.create({"charge": charge.id, **given})
    assert twin.v1.charges.retrieve(charge.id).amount_refunded == 0


def test_a_refund_may_fail_or_wait(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    fails = twin.v1.refunds.create({"charge": charged(twin, customer, "pm_card_refundFail").id})
    waits = twin.v1.refunds.create({"charge": charged(twin, customer, "pm_card_pendingRefund").id})
    assert (fails.status, waits.status) == ("succeeded", "pending")
    mark = clock.mark()
    clock.advance(JAN_1 + DAY)
    failed, done = twin.v1.refunds.retrieve(fails.id), twin.v1.refunds.retrieve(waits.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert failed.failure_balance_transaction is not None
    assert done.status == "succeeded"
    assert twin.v1.charges.retrieve(fails.charge).amount_refunded == 0
    assert accounts(twin, customer)["refunds:platform"] == 1000
    assert "refund.failed" in clock.types(mark)
    audit(twin)


def test_money_that_is_available_at_once(twin: Twin, clock: Clock) -> None:
    charge = charged(twin, clock.customer(card=None), "pm_card_bypassPending")
    assert twin.v1.balance_transactions.retrieve(charge.balance_transaction).status == "available"
    audit(twin)


def dispute_of(twin: Twin, charge: Any) -> Any:
    return twin.v1.disputes.list({"charge": charge.id}).data[0]


def test_a_dispute_is_won_with_evidence(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    mark = clock.mark()
    charge = charged(twin, customer, "pm_card_createDispute")
    assert clock.types(mark)[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    dispute = dispute_of(twin, charge)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 1000)
    assert twin.v1.charges.retrieve(charge.id).disputed
    moved = dispute.balance_transactions[0]
    assert (moved.amount, moved.fee, moved.net) == (-1000, 1500, -2500)
    assert accounts(twin, customer)["disputes:platform"] == 1000
    kept = twin.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "A"}, "submit": False})
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    mark = clock.mark()
    won = twin.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, won.evidence_details.submission_count) == ("won", 1)
    assert clock.types(mark) == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert "disputes:platform" not in accounts(twin, customer)
    with pytest.raises(stripe.InvalidRequestError, match="no longer accepting"):
        twin.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "B"}})
    audit(twin)


def test_a_dispute_is_lost_in_three_ways(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    accepted, weak, silent = (
        dispute_of(twin, charged(twin, customer, "pm_card_createDisputeProductNotReceived")) for _ in range(3)
    )
    assert twin.v1.disputes.close(accepted.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        twin.v1.disputes.close(accepted.id)
    evidence = {"evidence": {"uncategorized_text": "losing_evidence"}}
    assert twin.v1.disputes.update(weak.id, evidence).status == "lost"
    clock.advance(silent.evidence_details.due_by)
    held = twin.v1.disputes.retrieve(silent.id)
    assert (held.status, held.evidence_details.past_due) == ("lost", True)
    assert accounts(twin, customer)["disputes:platform"] == 3000
    with pytest.raises(stripe.InvalidRequestError) as error:
        twin.v1.refunds.create({"charge": silent.charge})
    assert error_of(error.value)["code"] == "charge_disputed"
    audit(twin)


def test_an_inquiry_takes_no_money(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    dispute = dispute_of(twin, charged(twin, customer, "pm_card_createDisputeInquiry"))
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []
    clock.advance(dispute.evidence_details.due_by)
    assert twin.v1.disputes.retrieve(dispute.id).status == "warning_closed"
    assert "disputes:platform" not in accounts(twin, customer)


def test_charges_of_the_old_kind(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    given = {"amount": 1000, "currency": "usd"}
    charges = twin.v1.charges
    direct = charges.create({**given, "source": "tok_visa", "description": "A"})
    assert (direct.paid, direct.payment_intent, direct.description) == (True, None, "A")
    held = charges.create({**given, "source": "tok_visa", "capture": False})
    assert (held.captured, charges.capture(held.id, {"amount": 400}).amount_captured) == (False, 400)
    with pytest.raises(stripe.InvalidRequestError) as error:
        charges.capture(held.id)
    assert error_of(error.value)["code"] == "charge_already_captured"
    with pytest.raises(stripe.CardError) as declined:
        charges.create({**given, "source": "tok_chargeDeclined"})
    assert charges.retrieve(error_of(declined.value)["charge"]).status == "failed"
    with pytest.raises(stripe.InvalidRequestError, match="no active card"):
        charges.create({**given, "customer": customer})
    twin.v1.customers.payment_sources.create(customer, {"source": "tok_mastercard"})
    assert charges.create({**given, "customer": customer}).payment_method_details.card.brand == "mastercard"
    report = charges.update(direct.id, {"fraud_details": {"user_report": "safe"}, "metadata": {"a": "b"}})
    assert (report.fraud_details.user_report, report.metadata.a) == ("safe", "b")
    audit(twin)
