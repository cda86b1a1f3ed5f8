"""Every line of a change, a cancel and a renewal is what the formula says, whatever is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.sandbox.laws.depth import law
from tests.engine.sandbox.laws.draws import QUANTITIES, SHARES, STARTS, buyer, prices, sold
from tests.engine.sandbox.laws.inside import Inside
from tests.engine.sandbox.laws.oracle import Debit, Price, full, moved, period, rest

SMALLEST_CHARGE = 50
"""Less is not charged but owed: it goes to the customer's balance."""

laws = law(40)


@pytest.fixture
def fresh() -> Iterator[Inside]:
    twin = Inside()
    yield twin
    twin.close()


def begun(twin: Inside, start: int) -> None:
    """Forget what an example before left behind."""
    twin.world.reset()
    twin.api.forget()
    twin.world.live = start


def subscribed(twin: Inside, price: Price, quantity: int, **more: Any) -> Any:
    items = [{"price": sold(twin, price), "quantity": quantity}]
    made = {"customer": buyer(twin), "items": items, "expand": ["latest_invoice"], **more}
    return twin.made("POST", "/v1/subscriptions", made)


def changed(twin: Inside, subscription: Any, price: Price, quantity: int) -> Any:
    """The subscription after its item got this price and quantity, billed at once."""
    item = {"id": subscription["items"]["data"][0]["id"], "price": sold(twin, price), "quantity": quantity}
    how = {"proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    return twin.made("POST", f"/v1/subscriptions/{subscription['id']}", {"items": [item], **how})


def amounts(invoice: Any) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]


def within(span: tuple[int, int], part: float) -> int:
    return span[0] + int((span[1] - span[0]) * part)


def without_zero(*lines: int) -> list[int]:
    """A proration of nothing makes no line."""
    return [line for line in lines if line]


@laws
@given(STARTS, prices(), QUANTITIES, prices(), QUANTITIES, SHARES)
def test_a_change_of_price_and_quantity(
    fresh: Inside, start: int, old: Price, had: int, new: Price, has: int, part: float
) -> None:
    begun(fresh, start)
    subscription = subscribed(fresh, old, had)
    first = full(old, had, period(start, old, start))
    assert amounts(subscription["latest_invoice"]) == [first.amount]
    at = within((first.start, first.end), part)
    fresh.move(at)
    after = changed(fresh, subscription, new, has)
    span = period(start, new, at)
    charge = rest(new, has, span, at)
    if after["latest_invoice"]["id"] != subscription["latest_invoice"]["id"]:
        assert amounts(after["latest_invoice"]) == without_zero(first.credit(at), charge.amount)
    item = after["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == span


@laws
@given(STARTS, prices(("month", 1)), QUANTITIES, st.lists(st.tuples(QUANTITIES, SHARES), max_size=4))
def test_several_changes_credit_what_was_debited(
    fresh: Inside, start: int, price: Price, quantity: int, changes: list[tuple[int, float]]
) -> None:
    begun(fresh, start)
    subscription = subscribed(fresh, price, quantity)
    span = period(start, price, start)
    debit: Debit = full(price, quantity, span)
    at = start
    for wanted, part in changes:
        if wanted == quantity:
            continue
        at = within((at, span[1]), part)
        fresh.move(at)
        newest = subscription["latest_invoice"]["id"]
        item = subscription["items"]["data"][0]["id"]
        how = {"proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
        asked = {"items": [{"id": item, "quantity": wanted}], **how}
        subscription = fresh.made("POST", f"/v1/subscriptions/{subscription['id']}", asked)
        credit, quantity = debit.credit(at), wanted
        debit = rest(price, quantity, span, at)
        if subscription["latest_invoice"]["id"] != newest:
            assert amounts(subscription["latest_invoice"]) == without_zero(credit, debit.amount)


@laws
@given(STARTS, prices(), QUANTITIES, SHARES)
def test_a_cancel_gives_back_what_is_left(
    fresh: Inside, start: int, price: Price, quantity: int, part: float
) -> None:
    begun(fresh, start)
    subscription = subscribed(fresh, price, quantity)
    debit = full(price, quantity, period(start, price, start))
    at = within((debit.start, debit.end), part)
    fresh.move(at)
    how = {"prorate": True, "invoice_now": True, "expand": ["latest_invoice"]}
    ended = fresh.made("DELETE", f"/v1/subscriptions/{subscription['id']}", how)
    if debit.credit(at):
        assert amounts(ended["latest_invoice"]) == [debit.credit(at)]
        customer = fresh.made("GET", f"/v1/customers/{subscription['customer']}")
        owed = debit.amount if debit.amount < SMALLEST_CHARGE else 0
        assert customer["balance"] == owed + debit.credit(at)


@laws
@given(STARTS, prices(), QUANTITIES, st.integers(1, 6))
def test_renewals_tile_time_and_cost_a_whole_period(
    fresh: Inside, start: int, price: Price, quantity: int, renewals: int
) -> None:
    begun(fresh, start)
    subscription = subscribed(fresh, price, quantity)
    expected = [moved(start, price.interval, price.count * step) for step in range(renewals + 2)]
    fresh.move(expected[renewals] + 2 * 3600)
    found = fresh.made("GET", "/v1/invoices", {"subscription": subscription["id"], "limit": 100})["data"]
    lines = [line for invoice in reversed(found) for line in invoice["lines"]["data"]]
    assert [line["period"]["start"] for line in lines] == expected[: renewals + 1]
    assert [line["period"]["end"] for line in lines] == expected[1:]
    assert {line["amount"] for line in lines} == {full(price, quantity, (0, 1)).amount}


@laws
@given(STARTS, prices(("month", 1)), QUANTITIES, SHARES)
def test_the_stretch_to_a_later_anchor(
    fresh: Inside, start: int, price: Price, quantity: int, part: float
) -> None:
    """The stretch is a share of the whole interval that ends at the anchor (worked example K)."""
    begun(fresh, start)
    anchor = start + 1 + int((moved(start, "month", 1) - start - 1) * part)
    subscription = subscribed(fresh, price, quantity, billing_cycle_anchor=anchor)
    stretch = rest(price, quantity, (moved(anchor, "month", -1), anchor), start)
    if stretch.amount:
        assert amounts(subscription["latest_invoice"]) == [stretch.amount]
    item = subscription["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (start, anchor)
