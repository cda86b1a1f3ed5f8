"""Credits: granted, applied to what was used, expired, voided and given back; figures by hand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_16, Clock, Twin, error_of

from .metering import meter, metered_price, report

_ALL = {"scope": {"price_type": "metered"}}


def _grant(twin: Twin, customer: str, value: int, **more: Any) -> Any:
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": value}}
    given = {"customer": customer, "amount": amount, "applicability_config": _ALL} | more
    return twin.v1.billing.credit_grants.create(given)


def _left(twin: Twin, customer: str, **scope: Any) -> list[int]:
    scope = {"type": "applicability_scope", "applicability_scope": {"price_type": "metered"}, **scope}
    found = twin.v1.billing.credit_balance_summary.retrieve({"customer": customer, "filter": scope})
    return [balance.available_balance.monetary.value for balance in found.balances]


def _moves(twin: Twin, grant: Any) -> list[tuple[str, int]]:
    """What happened to a grant, oldest first."""
    found = twin.v1.billing.credit_balance_transactions.list({"credit_grant": grant.id}).data
    moves = [moved.credit or moved.debit for moved in reversed(found)]
    return [(move.type, move.amount.monetary.value) for move in moves]


@pytest.fixture
def buyer(clock: Clock) -> str:
    return clock.customer()


def _use(twin: Twin, clock: Clock, customer: str, calls: int, **more: Any) -> tuple[str, str]:
    """A subscription with a metered price of 1.00 and some usage; answers it and the price."""
    held = meter(twin)
    price = metered_price(twin, held)
    made = twin.v1.subscriptions.create({"customer": customer, "items": [{"price": price}], **more})
    report(twin, held, customer, calls)
    return made.id, price


def _renewal(twin: Twin, clock: Clock, subscription: str) -> Any:
    clock.advance(FEB_1 + HOUR)
    return twin.v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]}).latest_invoice


def test_a_grant_is_read_back(twin: Twin, clock: Clock, buyer: str) -> None:
    mark = clock.mark()
    made = _grant(twin, buyer, 1000, name="Welcome", metadata={"a": "b"})
    assert (made.category, made.priority, made.effective_at, made.expires_at, made.voided_at) == (
        "paid", 50, made.created, None, None
    )  # fmt: skip
    assert clock.types(mark) == ["billing.credit_grant.created", "billing.credit_balance_transaction.created"]
    assert twin.v1.billing.credit_grants.retrieve(made.id).name == "Welcome"
    assert [held.id for held in twin.v1.billing.credit_grants.list({"customer": buyer}).data] == [made.id]
    assert (_left(twin, buyer), _moves(twin, made)) == ([1000], [("credits_granted", 1000)])
    changed = twin.v1.billing.credit_grants.update(made.id, {"expires_at": JAN_16, "metadata": {"a": ""}})
    assert (changed.expires_at, changed.metadata.to_dict()) == (JAN_16, {})
    assert twin.v1.billing.credit_grants.update(made.id, {"expires_at": ""}).expires_at is None


def test_credits_pay_what_was_used(twin: Twin, clock: Clock, buyer: str) -> None:
    """10.00 used and 4.00 credits: 6.00 are charged, and the books say the same."""
    grant = _grant(twin, buyer, 400)
    made, _ = _use(twin, clock, buyer, 10)
    invoice = _renewal(twin, clock, made)
    assert (invoice.status, invoice.subtotal, invoice.total, invoice.amount_paid) == ("paid", 1000, 600, 600)
    (credit,) = invoice.total_pretax_credit_amounts
    assert (credit.amount, credit.type) == (400, "credit_balance_transaction")
    (line,) = invoice.lines.data
    assert (line.amount, line.pretax_credit_amounts[0].amount) == (1000, 400)
    moved = twin.v1.billing.credit_balance_transactions.retrieve(credit.credit_balance_transaction)
    assert (moved.debit.credits_applied.invoice, moved.debit.credits_applied.invoice_line_item) == (
        invoice.id, line.id
    )  # fmt: skip
    assert (_left(twin, buyer), _moves(twin, grant)[1:]) == ([0], [("credits_applied", 400)])
    ledger = twin.get(f"/_twin/ledger?customer={buyer}")["accounts"]["usd"]
    assert (ledger.get(f"credit_grants:{buyer}", 0), ledger[f"receivable:{buyer}"]) == (0, 0)


def test_credits_come_after_discounts_and_before_tax(twin: Twin, clock: Clock, buyer: str) -> None:
    """10.00 less 10 % less 4.00 credits is 5.00; 20 % tax on it makes 6.00."""
    _grant(twin, buyer, 400)
    coupon = twin.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    rate = twin.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    more = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
    made, _ = _use(twin, clock, buyer, 10, **more)
    invoice = _renewal(twin, clock, made)
    assert (invoice.subtotal, invoice.total_excluding_tax, invoice.total) == (1000, 500, 600)
    assert [(part.amount, part.type) for part in invoice.total_pretax_credit_amounts] == [
        (100, "discount"), (400, "credit_balance_transaction")
    ]  # fmt: skip


def test_licensed_lines_take_no_credits(twin: Twin, clock: Clock, buyer: str) -> None:
    _grant(twin, buyer, 5000)
    twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": twin.price(2000)}]})
    assert twin.v1.invoices.list({"customer": buyer}).data[0].total == 2000
    assert _left(twin, buyer) == [5000]


def test_the_order_of_grants(twin: Twin, clock: Clock, buyer: str) -> None:
    """8.00 used: priority 1 first (2.00), what expires (3.00), promotional (1.00), then 2.00 of the paid."""
    paid = _grant(twin, buyer, 400)
    promotional = _grant(twin, buyer, 100, category="promotional")
    expiring = _grant(twin, buyer, 300, expires_at=FEB_1 + DAY)
    first = _grant(twin, buyer, 200, priority=1)
    made, _ = _use(twin, clock, buyer, 8)
    assert _renewal(twin, clock, made).total == 0
    used = {
        held.id: dict(_moves(twin, held)).get("credits_applied", 0)
        for held in (paid, promotional, expiring, first)
    }
    assert used == {paid.id: 200, promotional.id: 100, expiring.id: 300, first.id: 200}
    newest = twin.v1.billing.credit_balance_transactions.list({"customer": buyer, "limit": 4}).data
    assert [moved.credit_grant for moved in newest] == [paid.id, promotional.id, expiring.id, first.id]


def test_a_grant_for_some_prices(twin: Twin, clock: Clock, buyer: str) -> None:
    made, price = _use(twin, clock, buyer, 10)
    other = metered_price(twin, meter(twin))
    grant = _grant(twin, buyer, 300, applicability_config={"scope": {"prices": [{"id": price}]}})
    away = _grant(twin, buyer, 700, applicability_config={"scope": {"prices": [{"id": other}]}})
    scoped = {"applicability_scope": {"prices": [{"id": price}]}}
    assert (_left(twin, buyer, **scoped), _left(twin, buyer)) == ([300], [])
    assert _left(twin, buyer, type="credit_grant", credit_grant=away.id, applicability_scope=None) == [700]
    assert _renewal(twin, clock, made).total == 700
    assert [dict(_moves(twin, held)).get("credits_applied") for held in (grant, away)] == [300, None]


def test_credits_expire_at_their_instant(twin: Twin, clock: Clock, buyer: str) -> None:
    grant = _grant(twin, buyer, 400, expires_at=JAN_16)
    assert clock.next() == JAN_16
    made, _ = _use(twin, clock, buyer, 10)
    clock.advance(JAN_16)
    assert (_left(twin, buyer), _moves(twin, grant)[-1]) == ([0], ("credits_expired", 400))
    assert _renewal(twin, clock, made).total == 1000
    with pytest.raises(stripe.InvalidRequestError, match="already been expired"):
        twin.v1.billing.credit_grants.expire(grant.id)
    with pytest.raises(stripe.InvalidRequestError, match="already been expired"):
        twin.v1.billing.credit_grants.update(grant.id, {"expires_at": FEB_1 + DAY})


def test_credits_take_effect_at_their_instant(twin: Twin, clock: Clock, buyer: str) -> None:
    grant = _grant(twin, buyer, 400, effective_at=JAN_16)
    assert (_left(twin, buyer), _moves(twin, grant)) == ([0], [])
    clock.advance(JAN_16)
    assert (_left(twin, buyer), _moves(twin, grant)) == ([400], [("credits_granted", 400)])


def test_a_grant_is_expired_or_voided_by_hand(twin: Twin, clock: Clock, buyer: str) -> None:
    one, two = _grant(twin, buyer, 400), _grant(twin, buyer, 100)
    mark = clock.mark()
    assert twin.v1.billing.credit_grants.expire(one.id).expires_at is not None
    assert twin.v1.billing.credit_grants.void_grant(two.id).voided_at is not None
    assert (_left(twin, buyer), _moves(twin, one)[-1], _moves(twin, two)[-1]) == (
        [0], ("credits_expired", 400), ("credits_voided", 100)
    )  # fmt: skip
    assert clock.types(mark) == 2 * [
        "billing.credit_grant.updated", "billing.credit_balance_transaction.created"
    ]  # fmt: skip
    with pytest.raises(stripe.InvalidRequestError, match="already been voided"):
        twin.v1.billing.credit_grants.void_grant(two.id)


def test_a_used_grant_is_not_voided(twin: Twin, clock: Clock, buyer: str) -> None:
    grant = _grant(twin, buyer, 400)
    made, _ = _use(twin, clock, buyer, 1)
    _renewal(twin, clock, made)
    with pytest.raises(stripe.InvalidRequestError, match="applied to an invoice"):
        twin.v1.billing.credit_grants.void_grant(grant.id)


def test_a_voided_invoice_gives_credits_back(twin: Twin, clock: Clock) -> None:
    """10.00 used, 4.00 of a grant without end and 1.00 of one that is over when the invoice is voided."""
    buyer = clock.customer("pm_card_chargeCustomerFail")
    lasting = _grant(twin, buyer, 400)
    short = _grant(twin, buyer, 100, expires_at=FEB_1 + 2 * HOUR)
    made, _ = _use(twin, clock, buyer, 10)
    invoice = _renewal(twin, clock, made)
    assert (invoice.status, invoice.amount_due) == ("open", 500)
    clock.advance(FEB_1 + 3 * HOUR)
    twin.v1.invoices.void_invoice(invoice.id)
    assert _moves(twin, lasting)[1:] == [
        ("credits_applied", 400),
        ("credits_application_invoice_voided", 400),
    ]
    assert _moves(twin, short)[2:] == [("credits_application_invoice_voided", 100), ("credits_expired", 100)]
    assert _left(twin, buyer) == [400]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"amount": {"type": "monetary"}}, "amount[monetary]"),
        (
            {"amount": {"type": "monetary", "monetary": {"currency": "usd", "value": 0}}},
            "amount[monetary][value]",
        ),
        (
            {"amount": {"type": "monetary", "monetary": {"currency": "xxx", "value": 1}}},
            "amount[monetary][currency]",
        ),
        (
            {"applicability_config": {"scope": {"prices": [{"id": "price_none"}]}}},
            "applicability_config[scope][prices][0][id]",
        ),
        ({"priority": 101}, "priority"),
        ({"priority": -1}, "priority"),
        ({"expires_at": 1}, "expires_at"),
        ({"effective_at": JAN_16, "expires_at": JAN_16}, "expires_at"),
        ({"effective_at": -1}, "effective_at"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_what_makes_no_grant(twin: Twin, buyer: str, more: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _grant(twin, buyer, 100, **more)
    assert error_of(refused.value)["param"] == param
    assert twin.v1.billing.credit_grants.list({"customer": buyer}).data == []


def test_a_grant_has_a_customer(twin: Twin) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        _grant(twin, "cus_none", 100)
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": 1}}
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: customer"):
        twin.v1.billing.credit_grants.create({"amount": amount, "applicability_config": _ALL})


def test_a_scope_names_one_thing(twin: Twin, buyer: str) -> None:
    licensed = {"scope": {"prices": [{"id": twin.price(100)}]}}
    both = {"scope": {"price_type": "metered", "prices": [{"id": metered_price(twin, meter(twin))}]}}
    for scope, says in ((licensed, "only apply to metered"), (both, "only specify one")):
        with pytest.raises(stripe.InvalidRequestError, match=says):
            _grant(twin, buyer, 100, applicability_config=scope)
