"""How does money go from the platform to its accounts, and back?"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.connect.selling import (
    acting,
    audit_sides,
    events,
    funds,
    last_charge,
    move_on,
    paid_invoice,
    seller,
)
from tests.engine.sandbox.twin_client import Twin, error_of, untyped

MANUAL = {"payouts": {"schedule": {"interval": "manual"}}}


@pytest.fixture
def rich(still: Twin) -> Twin:
    """A platform with available money."""
    paid_invoice(still, 100_00, {})
    move_on(still, 8)
    return still


def test_a_transfer_moves_available_money(rich: Twin) -> None:
    account = seller(rich, settings=MANUAL)
    before = funds(rich)
    transfer = rich.v1.transfers.create(
        {
            "amount": 700,
            "currency": "usd",
            "destination": account,
            "transfer_group": "order-1",
            "description": "Order 1",
            "metadata": {"order": "1"},
        }
    )
    assert (transfer.reversed, transfer.amount_reversed, transfer.source_type) == (False, 0, "card")
    assert funds(rich) == (before[0] - 700, before[1])
    assert funds(rich, acting(account)) == (700, 0)
    assert rich.v1.transfers.retrieve(transfer.id) == transfer
    assert rich.v1.transfers.list({"destination": account}).data == [transfer]
    assert rich.v1.transfers.list({"transfer_group": "order-1", "limit": 1}).data == [transfer]
    payment = rich.v1.charges.retrieve(transfer.destination_payment, {}, acting(account))
    assert (payment.amount, payment.source_transfer) == (700, transfer.id)
    moved = rich.v1.balance_transactions.retrieve(transfer.balance_transaction)
    assert (moved.type, moved.amount, moved.source) == ("transfer", -700, transfer.id)
    received = rich.v1.balance_transactions.list({}, acting(account)).data[0]
    assert (received.type, received.net, received.source) == ("payment", 700, payment.id)
    told_of = rich.v1.events.list({"type": "transfer.created", "limit": 1}).data[0]
    assert told_of.data.object.id == transfer.id
    changed = rich.v1.transfers.update(transfer.id, {"description": "Order one", "metadata": {"order": ""}})
    assert (changed.description, changed.metadata.to_dict()) == ("Order one", {})
    assert rich.v1.events.list({"type": "transfer.updated", "limit": 1}).data[0].data.object.id == transfer.id
    audit_sides(rich, account)


def test_a_transfer_comes_back_in_parts(rich: Twin) -> None:
    account = seller(rich, settings=MANUAL)
    given = {"amount": 700, "currency": "usd", "destination": account}
    transfer = rich.v1.transfers.create(given)
    before = funds(rich)[0]
    reversals = rich.v1.transfers.reversals
    first = reversals.create(transfer.id, {"amount": 200, "metadata": {"why": "late"}})
    assert (first.amount, first.transfer) == (200, transfer.id)
    held = rich.v1.transfers.retrieve(transfer.id)
    assert (held.amount_reversed, held.reversed, held.reversals.data) == (200, False, [first])
    rest = reversals.create(transfer.id)
    assert rest.amount == 500
    assert rich.v1.transfers.retrieve(transfer.id).reversed
    assert [back.id for back in reversals.list(transfer.id).data] == [rest.id, first.id]
    assert reversals.retrieve(transfer.id, first.id).metadata["why"] == "late"
    assert reversals.update(transfer.id, first.id, {"metadata": {"why": "lost"}}).metadata["why"] == "lost"
    assert funds(rich)[0] == before + 700
    assert funds(rich, acting(account)) == (0, 0)
    payment = rich.v1.charges.retrieve(transfer.destination_payment, {}, acting(account))
    assert (payment.amount_refunded, payment.refunded) == (700, True)
    told_of = [
        event.data.object.id for event in rich.v1.events.list({"type": "transfer.reversed", "limit": 2}).data
    ]
    assert told_of == [transfer.id, transfer.id]
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        reversals.create(transfer.id)
    audit_sides(rich, account)


def test_the_money_of_one_charge_goes_before_it_is_available(still: Twin) -> None:
    account = seller(still, settings=MANUAL)
    paid_invoice(still, 50_00, {})
    charge = last_charge(still, {})
    before = funds(still)
    given = {"currency": "usd", "destination": account, "source_transaction": charge.id}
    transfer = still.v1.transfers.create({**given, "amount": 30_00})
    assert transfer.source_transaction == charge.id
    assert transfer.transfer_group == still.v1.charges.retrieve(charge.id).transfer_group
    assert funds(still) == (before[0], before[1] - 30_00)
    assert funds(still, acting(account)) == (0, 30_00)
    with pytest.raises(
        stripe.InvalidRequestError, match=r"must not exceed the source amount of \$50\.00"
    ) as refused:
        still.v1.transfers.create({**given, "amount": 20_01})
    assert refused.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError, match="balance transaction"):
        still.v1.transfers.create({**given, "amount": 1, "currency": "eur"})
    move_on(still, 8)
    assert funds(still, acting(account)) == (30_00, 0)
    audit_sides(still, account)


def test_all_of_a_charge_without_an_amount(still: Twin) -> None:
    account = seller(still, settings=MANUAL)
    paid_invoice(still, 12_34, {})
    given = {"currency": "usd", "destination": account, "source_transaction": last_charge(still, {}).id}
    assert still.v1.transfers.create(given).amount == 12_34


def _incapable(twin: Twin) -> str:
    return str(twin.v1.accounts.create({"type": "custom"}).id)


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": 10**11}, "balance_insufficient", None),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": "eur"}, "balance_insufficient", None),
        ({"currency": "xxx"}, None, "currency"),
        ({"destination": "acct_nobody"}, "resource_missing", "destination"),
        ({"destination": "incapable"}, "insufficient_capabilities_for_transfer", None),
        ({"source_transaction": "ch_none"}, "resource_missing", "source_transaction"),
        ({"source_type": "bank_account"}, "balance_insufficient", None),
    ],
)
def test_transfers_that_are_refused(rich: Twin, change: dict[str, Any], code: str, param: str) -> None:
    account = seller(rich, settings=MANUAL)
    before = funds(rich)
    given: dict[str, Any] = {"amount": 100, "currency": "usd", "destination": account, **change}
    if given["destination"] == "incapable":
        given["destination"] = _incapable(rich)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rich.v1.transfers.create({name: value for name, value in given.items() if value is not None})
    assert (refused.value.code, error_of(refused.value).get("param")) == (code, param)
    assert funds(rich) == before
    assert "payment" not in [
        made.type for made in rich.v1.balance_transactions.list({}, acting(account)).data
    ]


@pytest.mark.parametrize("amount", [0, -1, 701])
def test_reversals_that_are_refused(rich: Twin, amount: int) -> None:
    account = seller(rich, settings=MANUAL)
    transfer = rich.v1.transfers.create({"amount": 700, "currency": "usd", "destination": account})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rich.v1.transfers.reversals.create(transfer.id, {"amount": amount})
    assert untyped(refused.value).param == "amount"


def test_what_was_paid_out_cannot_be_taken_back(rich: Twin) -> None:
    account = seller(rich, settings=MANUAL)
    transfer = rich.v1.transfers.create({"amount": 700, "currency": "usd", "destination": account})
    rich.v1.payouts.create({"amount": 600, "currency": "usd"}, acting(account))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rich.v1.transfers.reversals.create(transfer.id)
    assert refused.value.code == "balance_insufficient"
    assert rich.v1.transfers.reversals.create(transfer.id, {"amount": 100}).amount == 100


def test_the_account_hears_nothing_of_the_platform(rich: Twin) -> None:
    account = seller(rich, settings=MANUAL)
    rich.v1.transfers.create({"amount": 5, "currency": "usd", "destination": account})
    assert not [type_ for type_ in events(rich, account) if type_.startswith("transfer.")]
