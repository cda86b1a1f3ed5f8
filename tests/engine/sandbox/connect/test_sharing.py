"""Who gets a part of a payment, and what of it goes back with a refund?"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.connect.selling import (
    acting,
    audit_sides,
    buyer,
    funds,
    last_charge,
    paid_invoice,
    seller,
)
from tests.engine.sandbox.twin_client import Twin, untyped

MANUAL = {"payouts": {"schedule": {"interval": "manual"}}}
FEE = 320
"""What Stripe takes of a hundred dollars: 2.9 % and 30 cents."""


@pytest.fixture
def account(still: Twin) -> str:
    """A connected account that is not paid out by itself."""
    return seller(still, settings=MANUAL)


def _pay(still: Twin, options: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"amount": 100_00, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    redirects = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    return still.v1.payment_intents.create({**given, **redirects, **more}, options or {})


def _charge(still: Twin, intent: Any, options: dict[str, Any] | None = None) -> Any:
    return still.v1.charges.retrieve(intent.latest_charge, {}, options or {})


def test_a_direct_charge_pays_the_platform_its_fee(still: Twin, account: str) -> None:
    options = acting(account)
    before = funds(still)
    intent = _pay(still, options, application_fee_amount=10_00)
    charge = _charge(still, intent, options)
    fee = still.v1.application_fees.retrieve(charge.application_fee)
    assert (fee.amount, fee.account, fee.charge, fee.originating_transaction) == (
        10_00,
        account,
        charge.id,
        None,
    )
    assert still.v1.application_fees.list({"charge": charge.id}).data == [fee]
    moved = still.v1.balance_transactions.retrieve(charge.balance_transaction, {}, options)
    assert (moved.amount, moved.fee, moved.net) == (100_00, FEE + 10_00, 90_00 - FEE)
    assert {part.type: part.amount for part in moved.fee_details} == {
        "stripe_fee": FEE,
        "application_fee": 10_00,
    }
    assert funds(still) == (before[0], before[1] + 10_00)
    assert funds(still, options) == (0, 90_00 - FEE)
    earned = still.v1.balance_transactions.retrieve(fee.balance_transaction)
    assert (earned.type, earned.net, earned.source) == ("application_fee", 10_00, fee.id)
    assert (
        still.v1.events.list({"type": "application_fee.created", "limit": 1}).data[0].data.object.id == fee.id
    )
    audit_sides(still, account)


def test_a_destination_charge_sends_all_and_takes_the_fee_back(still: Twin, account: str) -> None:
    before = funds(still)
    intent = _pay(still, transfer_data={"destination": account}, application_fee_amount=10_00)
    charge = _charge(still, intent)
    transfer = still.v1.transfers.retrieve(charge.transfer)
    assert (transfer.amount, transfer.destination, transfer.source_transaction) == (
        100_00,
        account,
        charge.id,
    )
    assert charge.transfer_group == transfer.transfer_group == f"group_{intent.id}"
    assert still.v1.payment_intents.retrieve(intent.id).transfer_group == charge.transfer_group
    payment = still.v1.charges.retrieve(transfer.destination_payment, {}, acting(account))
    assert (payment.amount, payment.application_fee_amount, payment.source_transfer) == (
        100_00,
        10_00,
        transfer.id,
    )
    fee = still.v1.application_fees.retrieve(charge.application_fee)
    assert (fee.charge, fee.originating_transaction) == (payment.id, charge.id)
    assert funds(still, acting(account)) == (0, 90_00)
    assert funds(still) == (before[0], before[1] + 10_00 - FEE)
    audit_sides(still, account)


def test_a_destination_charge_may_send_a_part(still: Twin, account: str) -> None:
    intent = _pay(still, transfer_data={"destination": account, "amount": 87_70}, on_behalf_of=account)
    charge = _charge(still, intent)
    assert (charge.transfer_data.amount, charge.on_behalf_of) == (87_70, account)
    assert still.v1.transfers.retrieve(charge.transfer).amount == 87_70
    assert funds(still, acting(account)) == (0, 87_70)


def test_a_refund_leaves_the_account_its_money_unless_told(still: Twin, account: str) -> None:
    intent = _pay(still, transfer_data={"destination": account})
    refund = still.v1.refunds.create({"payment_intent": intent.id})
    assert refund.transfer_reversal is None
    assert funds(still, acting(account)) == (0, 100_00)
    audit_sides(still, account)


def test_refunds_take_their_share_of_transfer_and_fee(still: Twin, account: str) -> None:
    before = funds(still)
    intent = _pay(still, transfer_data={"destination": account}, application_fee_amount=9_99)
    back = {"payment_intent": intent.id, "reverse_transfer": True, "refund_application_fee": True}
    first = still.v1.refunds.create({**back, "amount": 33_33})
    charge = _charge(still, intent)
    transfer = still.v1.transfers.retrieve(charge.transfer)
    assert (transfer.amount_reversed, transfer.reversals.data[0].source_refund) == (33_33, first.id)
    assert first.transfer_reversal == transfer.reversals.data[0].id
    assert still.v1.application_fees.retrieve(charge.application_fee).amount_refunded == 3_33
    still.v1.refunds.create(back)
    assert still.v1.transfers.retrieve(charge.transfer).reversed
    fee = still.v1.application_fees.retrieve(charge.application_fee)
    assert (fee.refunded, [each.amount for each in fee.refunds.data]) == (True, [6_66, 3_33])
    assert sum(funds(still, acting(account))) == 0
    assert sum(funds(still)) == sum(before) - FEE
    audit_sides(still, account)


def test_the_fee_of_a_direct_charge_comes_back(still: Twin, account: str) -> None:
    options = acting(account)
    intent = _pay(still, options, application_fee_amount=10_00)
    still.v1.refunds.create({"payment_intent": intent.id, "refund_application_fee": True}, options)
    fee = still.v1.application_fees.retrieve(_charge(still, intent, options).application_fee)
    assert fee.refunded
    audit_sides(still, account)


def test_the_platform_gives_a_fee_back_in_parts(still: Twin, account: str) -> None:
    options = acting(account)
    fee = _charge(still, _pay(still, options, application_fee_amount=10_00), options).application_fee
    refunds = still.v1.application_fees.refunds
    first = refunds.create(fee, {"amount": 4_00, "metadata": {"why": "kind"}})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunds.create(fee, {"amount": 6_01})
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
        refunds.create(fee, {"amount": 0})
    rest = refunds.create(fee)
    assert (first.amount, rest.amount) == (4_00, 6_00)
    assert [each.id for each in refunds.list(fee).data] == [rest.id, first.id]
    assert refunds.update(fee, first.id, {"metadata": {"why": "just"}}).metadata["why"] == "just"
    assert refunds.retrieve(fee, first.id).metadata["why"] == "just"
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        refunds.create(fee)
    types = [event.type for event in still.v1.events.list({"limit": 3}).data]
    assert types == ["application_fee.refund.updated", "application_fee.refunded", "application_fee.refunded"]
    returned = still.v1.balance_transactions.list({"type": "application_fee_refund"}, options).data
    assert [made.net for made in returned] == [6_00, 4_00]
    audit_sides(still, account)


def test_a_reversal_may_bring_the_fee_back(still: Twin, account: str) -> None:
    intent = _pay(still, transfer_data={"destination": account}, application_fee_amount=10_00)
    charge = _charge(still, intent)
    given = {"amount": 50_00, "refund_application_fee": True}
    still.v1.transfers.reversals.create(charge.transfer, given)
    assert still.v1.application_fees.retrieve(charge.application_fee).amount_refunded == 5_00
    audit_sides(still, account)


@pytest.mark.parametrize("wish", ["reverse_transfer", "refund_application_fee"])
def test_what_a_charge_never_had_cannot_come_back(still: Twin, wish: str) -> None:
    intent = _pay(still)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        still.v1.refunds.create({"payment_intent": intent.id, wish: True})
    assert untyped(refused.value).param == wish
    assert _charge(still, intent).amount_refunded == 0


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"application_fee_amount": 100}, "application_fee_amount"),
        (
            {"application_fee_amount": 100_01, "transfer_data": {"destination": "account"}},
            "application_fee_amount",
        ),
        ({"transfer_data": {"destination": "account", "amount": 100_01}}, "transfer_data[amount]"),
        ({"transfer_data": {"destination": "acct_nobody"}}, "transfer_data[destination]"),
        ({"on_behalf_of": "acct_nobody"}, "on_behalf_of"),
    ],
)
def test_shares_that_are_refused(still: Twin, account: str, given: dict[str, Any], param: str) -> None:
    if given.get("transfer_data", {}).get("destination") == "account":
        given = {**given, "transfer_data": {**given["transfer_data"], "destination": account}}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay(still, **given)
    assert untyped(refused.value).param == param


def _subscribe(still: Twin, options: dict[str, Any], **more: Any) -> Any:
    v1 = still.v1
    customer = buyer(still, options)
    product = v1.products.create({"name": "Pro"}, options)
    price = v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 100_00, "recurring": {"interval": "month"}},
        options,
    )
    return v1.subscriptions.create({"customer": customer, "items": [{"price": price.id}], **more}, options)


def test_a_subscription_shares_each_invoice(still: Twin, account: str) -> None:
    before = still.v1.transfers.list({"destination": account}).data
    assert before == []
    _subscribe(still, {}, transfer_data={"destination": account, "amount_percent": 85.5})
    assert still.v1.transfers.list({"destination": account}).data[0].amount == 85_50
    _subscribe(still, {}, transfer_data={"destination": account}, application_fee_percent=12.34)
    assert funds(still, acting(account)) == (0, 85_50 + 100_00 - 12_34)
    audit_sides(still, account)


def test_a_subscription_of_an_account_pays_a_share(still: Twin, account: str) -> None:
    options = acting(account)
    _subscribe(still, options, application_fee_percent=10)
    assert still.v1.application_fees.list({"limit": 1}).data[0].amount == 10_00
    assert funds(still, options) == (0, 90_00 - FEE)


def test_an_invoice_shares_what_it_says(still: Twin, account: str) -> None:
    shared = {
        "transfer_data": {"destination": account},
        "application_fee_amount": 7_00,
        "on_behalf_of": account,
    }
    invoice = paid_invoice(still, 100_00, {}, **shared)
    assert invoice.on_behalf_of == account
    assert funds(still, acting(account)) == (0, 93_00)
    charge = last_charge(still, {})
    assert (charge.on_behalf_of, charge.application_fee_amount) == (account, 7_00)
    audit_sides(still, account)


def test_a_session_shares_what_it_says(still: Twin, account: str) -> None:
    line = {
        "price_data": {"currency": "usd", "unit_amount": 20_00, "product_data": {"name": "Book"}},
        "quantity": 1,
    }
    given = {"mode": "payment", "line_items": [line], "success_url": "http://a.example/done"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        still.v1.checkout.sessions.create({**given, "payment_intent_data": {"application_fee_amount": 1}})
    assert refused.value.code is None
    data = {"transfer_data": {"destination": account}, "application_fee_amount": 5_00}
    session = still.v1.checkout.sessions.create({**given, "payment_intent_data": data})
    form = {"payment_method": "visa", "email": "b@example.com", "name": "B"}
    status, _ = still.post_form(session.url.removeprefix(still.base), form)
    assert status == 200
    assert funds(still, acting(account)) == (0, 15_00)


def test_a_captured_part_is_shared_and_given_back_whole(still: Twin, account: str) -> None:
    intent = _pay(still, capture_method="manual", transfer_data={"destination": account})
    assert funds(still, acting(account)) == (0, 0)
    still.v1.payment_intents.capture(intent.id, {"amount_to_capture": 60_00})
    assert funds(still, acting(account)) == (0, 60_00)
    back = {"payment_intent": intent.id, "reverse_transfer": True}
    still.v1.refunds.create({**back, "amount": 20_00})
    assert funds(still, acting(account)) == (0, 40_00)
    still.v1.refunds.create(back)
    assert funds(still, acting(account)) == (0, 0)
    audit_sides(still, account)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"application_fee_percent": 10}, "application_fee_percent"),
        ({"transfer_data": {"destination": "acct_nobody"}}, "transfer_data[destination]"),
        ({"on_behalf_of": "acct_nobody"}, "on_behalf_of"),
    ],
)
def test_subscriptions_that_cannot_share(still: Twin, more: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _subscribe(still, {}, **more)
    assert untyped(refused.value).param == param


def test_an_account_that_may_not_receive(still: Twin) -> None:
    incapable = still.v1.accounts.create({"type": "custom"}).id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay(still, transfer_data={"destination": incapable})
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_what_a_deleted_account_would_get_stays_with_the_platform(still: Twin) -> None:
    gone = seller(still)
    customer = buyer(still, {})
    shared = {"transfer_data": {"destination": gone}}
    invoice = still.v1.invoices.create({"customer": customer, **shared})
    item = {"customer": customer, "invoice": invoice.id, "amount": 500, "currency": "usd"}
    still.v1.invoice_items.create(item)
    still.v1.accounts.delete(gone)
    assert still.v1.invoices.pay(invoice.id).status == "paid"
    assert last_charge(still, {}).to_dict().get("transfer") is None
