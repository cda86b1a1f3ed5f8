from __future__ import annotations

from fractions import Fraction

import pytest

from engine.clock import Interval
from engine.pricing.compare import (
    DueNow,
    IntervalChange,
    PriceChange,
    ProductPrice,
    due_now,
    interval_change,
    mixed_intervals,
    monthly_price,
    price_change,
    product_price,
    same_prices,
    usage_only,
)
from engine.pricing.lines import credit_lines, full_lines
from engine.pricing.model import ONCE, YEARLY, Cadence, PlanItems, PricedItem, PriceKind, quote
from tests.engine.pricing.build import JAN, base, billed, packs_of


def plan(*items: PricedItem) -> PlanItems:
    return PlanItems("plan", items)


ARREARS = packs_of(50, kind=PriceKind.ARREARS, per=1)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((), ProductPrice.FREE),
        ((base(1000, ONCE),), ProductPrice.ONE_OFF),
        ((base(1000),), ProductPrice.RECURRING),
        ((base(0),), ProductPrice.RECURRING),
        ((ARREARS,), ProductPrice.RECURRING),
        ((base(1000, ONCE), ARREARS), ProductPrice.RECURRING),
    ],
)
def test_a_product_is_free_only_without_any_price(
    items: tuple[PricedItem, ...], expected: ProductPrice
) -> None:
    assert product_price(plan(*items)) is expected


def test_the_longest_interval_decides_and_not_the_first() -> None:
    monthly, both = plan(base(2000)), plan(packs_of(10), base(20000, YEARLY))
    assert interval_change(monthly, both) is IntervalChange.LONGER
    assert interval_change(both, monthly) is IntervalChange.SHORTER
    assert interval_change(monthly, plan(base(9))) is IntervalChange.EQUAL
    assert interval_change(None, monthly) is IntervalChange.NONE


def test_twelve_months_are_a_year_and_days_weeks_months_are_in_order() -> None:
    assert Cadence(Interval.MONTH, 12).months == YEARLY.months
    assert Cadence(Interval.DAY, 365).months == YEARLY.months
    ordered = [Cadence(interval).months for interval in Interval]
    assert ordered == sorted(ordered)


def test_an_annual_plan_of_200_is_less_a_month_than_a_monthly_one_of_50() -> None:
    annual, monthly = plan(base(20000, YEARLY)), plan(base(5000))
    assert price_change(annual, monthly) is PriceChange.HIGHER
    assert price_change(monthly, annual) is PriceChange.LOWER
    assert price_change(None, annual) is PriceChange.NONE


def test_the_monthly_price_is_exact() -> None:
    assert monthly_price(plan(base(10000, YEARLY))) == Fraction(10000, 12)
    third = plan(base(1000, Cadence(Interval.MONTH, 3)))
    assert price_change(plan(base(4000, YEARLY)), third) is PriceChange.EQUAL


def test_usage_and_single_charges_do_not_count_and_packs_count_by_their_list_price() -> None:
    assert monthly_price(plan(ARREARS, base(1000, ONCE), base(2000))) == 2000
    assert monthly_price(plan(packs_of(1000, units=900))) == 1000


def test_usage_only_needs_both_sides_and_forgives_a_base_of_zero() -> None:
    zero_base = plan(base(0), ARREARS)
    assert usage_only(zero_base, plan(ARREARS))
    assert not usage_only(zero_base, plan(base(1), ARREARS))
    assert not usage_only(plan(base(0)), zero_base)
    assert not usage_only(None, zero_base)


def test_intervals_are_mixed_only_by_what_is_paid_up_front() -> None:
    packs, words = packs_of(1000, units=100), packs_of(5000, units=100, cadence=YEARLY, feature="words")
    assert mixed_intervals([packs, words])
    assert not mixed_intervals([packs, packs_of(5000, cadence=YEARLY, feature="words")])
    assert not mixed_intervals([base(2000, YEARLY), ARREARS])
    assert not mixed_intervals([base(1000, ONCE), base(2000)])


@pytest.mark.parametrize(("amount", "expected"), [(0, DueNow.NOTHING), (5, DueNow.SOMETHING)])
def test_due_now_is_the_sign_of_the_invoice(amount: int, expected: DueNow) -> None:
    assert due_now(quote(full_lines([base(amount)], at=JAN), currency="usd")) is expected


def test_a_credit_is_due_the_other_way() -> None:

    assert due_now(quote(credit_lines([billed(2000)], at=JAN), currency="usd")) is DueNow.CREDIT


def test_prices_are_the_same_by_their_terms_and_not_by_id_order_or_quantity() -> None:
    one = [base(2000, product="pro"), packs_of(1000, units=300)]
    other = [packs_of(1000), base(2000, product="premium")]
    assert same_prices(one, other)
    assert not same_prices(one, [base(2000), packs_of(1001)])
    assert not same_prices(one, one[:1])
