"""When does money reach the bank, and what when the bank does not want it?"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.connect.selling import (
    BANK,
    acting,
    audit_sides,
    events,
    funds,
    move_on,
    paid_invoice,
    seller,
)
from tests.engine.sandbox.twin_client import DAY, Twin, error_of

MANUAL = {"payouts": {"schedule": {"interval": "manual"}}}


def _with_money(still: Twin, **more: Any) -> tuple[str, dict[str, Any]]:
    """An account that has ten dollars available, less Stripe's fee."""
    account = seller(still, settings=more.pop("settings", MANUAL), **more)
    paid_invoice(still, 10_00, acting(account))
    return account, acting(account)


def test_a_payout_goes_off_and_arrives(still: Twin) -> None:
    account, options = _with_money(still)
    move_on(still, 3)
    available, _ = funds(still, options)
    payout = still.v1.payouts.create(
        {"amount": 500, "currency": "usd", "description": "Rent", "metadata": {"n": "1"}}, options
    )
    assert (payout.status, payout.automatic, payout.method, payout.type) == (
        "pending",
        False,
        "standard",
        "bank_account",
    )
    assert payout.arrival_date % DAY == 0
    assert funds(still, options)[0] == available - 500
    move_on(still, 1)
    assert still.v1.payouts.retrieve(payout.id, {}, options).status == "in_transit"
    move_on(still, 1)
    paid = still.v1.payouts.retrieve(payout.id, {}, options)
    assert (paid.status, paid.failure_code) == ("paid", None)
    assert still.v1.payouts.list({"status": "paid"}, options).data == [paid]
    assert still.v1.payouts.list({"status": "failed"}, options).data == []
    assert still.v1.payouts.list({"arrival_date": {"gt": paid.arrival_date}}, options).data == []
    assert still.v1.payouts.list({"arrival_date": paid.arrival_date}, options).data == [paid]
    assert still.v1.payouts.list({"destination": paid.destination}, options).data == [paid]
    moved = still.v1.balance_transactions.retrieve(paid.balance_transaction, {}, options)
    assert (moved.type, moved.net, moved.source) == ("payout", -500, payout.id)
    changed = still.v1.payouts.update(payout.id, {"metadata": {"n": "2"}}, options)
    assert changed.metadata["n"] == "2"
    assert [name for name in events(still, account) if name.startswith("payout.")] == [
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.updated",
    ]
    assert still.get("/_twin/ledger")["accounts"]["usd"][f"bank:{account}"] == 500
    audit_sides(still, account)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("000111111116", "no_account"),
        ("000111111113", "account_closed"),
        ("000222222227", "insufficient_funds"),
        ("000333333335", "debit_not_authorized"),
        ("000444444440", "invalid_currency"),
    ],
)
def test_a_failed_payout_gives_the_money_back(still: Twin, number: str, code: str) -> None:
    account, options = _with_money(still, external_account={**BANK, "account_number": number})
    move_on(still, 3)
    before = funds(still, options)
    payout = still.v1.payouts.create({"amount": 500, "currency": "usd"}, options)
    move_on(still, 2)
    failed = still.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]}, options)
    assert (failed.status, failed.failure_code) == ("failed", code)
    assert failed.failure_message
    assert failed.failure_balance_transaction.type == "payout_failure"
    assert funds(still, options) == before
    assert still.v1.accounts.external_accounts.retrieve(account, payout.destination).status == "errored"
    assert {"payout.failed", "account.external_account.updated"} <= set(events(still, account))
    audit_sides(still, account)


def test_a_card_is_paid_within_half_an_hour(still: Twin) -> None:
    account, options = _with_money(still, external_account="tok_visa_debit")
    move_on(still, 3)
    payout = still.v1.payouts.create({"amount": 500, "currency": "usd", "method": "instant"}, options)
    assert (payout.status, payout.type, payout.method) == ("in_transit", "card", "instant")
    assert payout.arrival_date == payout.created + 1800
    assert account


def test_a_pending_payout_can_be_canceled(still: Twin) -> None:
    account, options = _with_money(still)
    move_on(still, 3)
    before = funds(still, options)
    payout = still.v1.payouts.create({"amount": 500, "currency": "usd"}, options)
    assert still.v1.payouts.cancel(payout.id, {}, options).status == "canceled"
    assert funds(still, options) == before
    assert events(still, account)[-1] == "payout.canceled"
    with pytest.raises(stripe.InvalidRequestError, match="pending and manual"):
        still.v1.payouts.cancel(payout.id, {}, options)
    move_on(still, 3)
    assert still.v1.payouts.retrieve(payout.id, {}, options).status == "canceled"


def test_a_payout_that_arrived_can_be_reversed(still: Twin) -> None:
    account, options = _with_money(still)
    move_on(still, 3)
    before = funds(still, options)
    payout = still.v1.payouts.create({"amount": 500, "currency": "usd"}, options)
    with pytest.raises(stripe.InvalidRequestError, match="were sent"):
        still.v1.payouts.reverse(payout.id, {}, options)
    move_on(still, 2)
    back = still.v1.payouts.reverse(payout.id, {"metadata": {"why": "double"}}, options)
    assert (back.amount, back.original_payout, back.metadata["why"]) == (-500, payout.id, "double")
    assert still.v1.payouts.retrieve(payout.id, {}, options).reversed_by == back.id
    assert funds(still, options) == before
    move_on(still, 2)
    assert still.v1.payouts.retrieve(back.id, {}, options).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="already been reversed"):
        still.v1.payouts.reverse(payout.id, {}, options)
    audit_sides(still, account)


def test_the_platform_is_paid_out_too(still: Twin) -> None:
    paid_invoice(still, 10_00, {})
    move_on(still, 8)
    payout = still.v1.payouts.create({"amount": 100, "currency": "usd"})
    assert still.v1.payouts.retrieve(payout.id, {"expand": ["destination"]}).destination.bank_name
    with pytest.raises(stripe.InvalidRequestError, match="connected accounts"):
        still.v1.payouts.reverse(payout.id)


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ({"interval": "daily"}, 1),
        ({"interval": "weekly", "weekly_anchor": "monday"}, 7),
        ({"interval": "monthly", "monthly_anchor": 31}, 31),
    ],
)
def test_an_account_is_paid_out_on_its_days(still: Twin, schedule: dict[str, Any], days: int) -> None:
    account, options = _with_money(still, settings={"payouts": {"schedule": schedule}})
    move_on(still, 2 + days)
    payout = still.v1.payouts.list({}, options).data[0]
    assert (payout.automatic, payout.reconciliation_status) == (True, "completed")
    assert funds(still, options) == (0, 0)
    paid_out = still.v1.balance_transactions.list({"payout": payout.id}, options).data
    assert {made.type for made in paid_out} == {"charge", "payout"}
    assert sum(made.net for made in paid_out) == 0
    with pytest.raises(stripe.InvalidRequestError, match="pending and manual"):
        still.v1.payouts.cancel(payout.id, {}, options)
    assert "payout.reconciliation_completed" in events(still, account)
    audit_sides(still, account)


def test_a_delay_holds_money_longer(still: Twin) -> None:
    schedule = {"interval": "manual", "delay_days": 10}
    _, options = _with_money(still, settings={"payouts": {"schedule": schedule}})
    move_on(still, 9)
    assert funds(still, options)[0] == 0
    move_on(still, 1)
    assert funds(still, options)[0] > 0


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": 10**6}, "balance_insufficient", None),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -1}, "parameter_invalid_integer", "amount"),
        ({"currency": "eur"}, None, "currency"),
        ({"currency": "money"}, None, "currency"),
        ({"destination": "ba_none"}, "resource_missing", "destination"),
        ({"payout_method": "pm_none"}, "resource_missing", "payout_method"),
        ({"source_type": "fpx"}, "balance_insufficient", None),
    ],
)
def test_payouts_that_are_refused(still: Twin, change: dict[str, Any], code: str, param: str) -> None:
    _, options = _with_money(still)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        still.v1.payouts.create({"amount": 100, "currency": "usd", **change}, options)
    assert (refused.value.code, error_of(refused.value).get("param")) == (code, param)
    assert still.v1.payouts.list({}, options).data == []


def test_an_account_whose_payouts_are_off(still: Twin) -> None:
    account, options = _with_money(still)
    still.v1.accounts.reject(account, {"reason": "other"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        still.v1.payouts.create({"amount": 100, "currency": "usd"}, options)
    assert refused.value.code == "payouts_not_allowed"
