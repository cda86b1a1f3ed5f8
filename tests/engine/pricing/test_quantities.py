from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.model import MONTHLY, ONCE, OnDecrease, OnIncrease, Tier, TierMode
from engine.pricing.quantities import (
    bought_packs,
    bought_units,
    exceeds_maximum,
    full_amount,
    packs,
    policy_of_change,
    waits_for_period_end,
    with_units,
)
from tests.engine.pricing.build import base, packs_of

TIERS = (Tier(Decimal(500), 1000), Tier(None, 500))


@pytest.mark.parametrize(
    ("units", "included", "per", "expected"),
    [
        (800, 100, 100, 7),
        (400, 100, 100, 3),
        (300, 0, 50, 6),
        (50, 100, 100, 0),
        (0, 0, 100, 0),
        (101, 0, 100, 2),
        (240, 0, 12, 20),
    ],
)
def test_packs_cover_what_goes_beyond_the_included_units(
    units: int, included: int, per: int, expected: int
) -> None:
    assert packs(Decimal(units), included=Decimal(included), per=Decimal(per)) == expected


units_of = st.decimals(0, 10**6, places=2)


@given(units=units_of, included=units_of, per=st.decimals("0.01", 10**4, places=2))
def test_packs_cover_and_never_more_than_one_too_many(
    units: Decimal, included: Decimal, per: Decimal
) -> None:
    count = packs(units, included=included, per=per)
    beyond = units - included
    assert count * per >= beyond
    assert count == 0 or (count - 1) * per < beyond


def test_bought_units_are_whole_packs() -> None:
    assert bought_units(packs_of(1000, units=250, included=100)) == 200
    assert bought_units(base(2000)) == 0


def test_a_fixed_price_is_one_whatever_the_units() -> None:
    assert (bought_packs(base(2000)), full_amount(base(2000))) == (1, 2000)


@pytest.mark.parametrize(("units", "expected"), [(100, 0), (400, 3000), (500, 4000), (700, 5500)])
def test_graduated_tiers_count_bought_units(units: int, expected: int) -> None:
    item = packs_of(0, units=units, included=100, tiers=TIERS)
    assert full_amount(item) == expected


@pytest.mark.parametrize(
    ("units", "expected"), [(100, 0), (400, 4000), (600, 6000), (700, 3500), (900, 4500)]
)
def test_volume_tiers_reprice_the_whole_quantity_with_the_included_units(units: int, expected: int) -> None:
    item = packs_of(0, units=units, included=100, tiers=TIERS, tier_mode=TierMode.VOLUME)
    assert full_amount(item) == expected


def test_tiers_that_end_too_early_are_a_mistake_of_the_catalog() -> None:
    for mode in TierMode:
        with pytest.raises(ValueError, match="no tier is open"):
            full_amount(packs_of(0, units=700, tiers=TIERS[:1], tier_mode=mode))


@given(counts=st.tuples(st.integers(0, 5000), st.integers(0, 5000)))
def test_more_graduated_units_never_cost_less(counts: tuple[int, int]) -> None:
    few, many = sorted(counts)
    assert full_amount(packs_of(0, units=few, per=7, tiers=TIERS)) <= full_amount(
        packs_of(0, units=many, per=7, tiers=TIERS)
    )


class TestWithUnits:
    def test_what_is_asked_for_beats_what_was_held(self) -> None:
        (item,) = with_units((packs_of(1000),), {"messages": Decimal(400)}, kept={"messages": Decimal(200)})
        assert item.units == 400

    def test_a_switch_keeps_the_total_and_repacks_it(self) -> None:
        (item,) = with_units((packs_of(500, per=50),), {}, kept={"messages": Decimal(300)})
        assert item.units == 300
        assert bought_packs(item) == 6

    def test_a_new_plan_buys_nothing_unless_told(self) -> None:
        (item,) = with_units((packs_of(1000, units=900),), {})
        assert bought_packs(item) == 0

    def test_units_bought_once_are_not_bought_again_by_a_switch(self) -> None:
        (item,) = with_units((packs_of(1000, cadence=ONCE),), {}, kept={"messages": Decimal(200)})
        assert bought_packs(item) == 0

    def test_other_prices_are_left_alone(self) -> None:
        assert with_units((base(2000),), {"messages": Decimal(1)}) == (base(2000),)


def test_the_maximum_counts_units_beyond_the_included_ones() -> None:
    assert not exceeds_maximum(packs_of(1, units=400, included=100, max_purchase=300))
    assert exceeds_maximum(packs_of(1, units=401, included=100, max_purchase=300))
    assert not exceeds_maximum(packs_of(1, units=10**9))


@pytest.mark.parametrize(
    ("policy", "waits"),
    [(OnDecrease.NONE, True), (OnDecrease.NO_PRORATIONS, True), (OnDecrease.PRORATE_IMMEDIATELY, False)],
)
def test_fewer_units_without_credit_stay_usable_until_the_period_ends(
    policy: OnDecrease, *, waits: bool
) -> None:
    few, many = (packs_of(1000, units=units, on_decrease=policy) for units in (100, 300))
    assert waits_for_period_end(many, few) is waits
    assert not waits_for_period_end(few, many)


def test_the_policy_follows_the_direction_of_the_packs() -> None:
    few, many = (
        packs_of(1, units=units, on_increase=OnIncrease.BILL_IMMEDIATELY, on_decrease=OnDecrease.NONE)
        for units in (110, 300)
    )
    assert policy_of_change(few, many) is OnIncrease.BILL_IMMEDIATELY
    assert policy_of_change(many, few) is OnDecrease.NONE
    assert policy_of_change(few, packs_of(1, units=200)) is None


def test_cadences_compare_by_their_length() -> None:
    assert ONCE.months < MONTHLY.months
