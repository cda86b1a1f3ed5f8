from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.clock import Interval
from engine.ledger.grants import grants
from engine.ledger.model import FeatureType, Source
from engine.pricing.model import ONCE, PriceKind
from tests.engine.ledger.build import FEB, JAN, JAN_16, entitlement, item, seen


def test_included_units_start_again_on_the_grid_of_the_anchor() -> None:
    (grant,) = grants([entitlement(100)], anchor=JAN, at=JAN_16)
    assert seen(grant.included, grant.purchased, grant.next_reset_at) == (100, 0, FEB)


def test_a_month_end_anchor_never_shortens_a_period() -> None:
    last_of_may = datetime(2026, 5, 31, 15, 13, 9, tzinfo=UTC)
    (first,) = grants([entitlement(100)], anchor=last_of_may, at=last_of_may)
    assert first.next_reset_at == datetime(2026, 6, 30, 15, 13, 9, tzinfo=UTC)
    assert first.next_reset_at is not None
    (second,) = grants([entitlement(100)], anchor=last_of_may, at=first.next_reset_at)
    assert second.next_reset_at == datetime(2026, 7, 31, 15, 13, 9, tzinfo=UTC)


def test_bought_packs_stand_beside_the_included_units() -> None:
    (grant,) = grants([entitlement(100, item=item(400, included=100))], anchor=JAN, at=JAN)
    assert seen(grant.included, grant.purchased, grant.overage_allowed) == (100, 300, False)


def test_units_bought_once_are_a_grant_that_no_reset_touches() -> None:
    once = entitlement(50, item=item(250, included=50, cadence=ONCE))
    product, bought = grants([once], anchor=JAN, at=JAN)
    assert seen(product.source, product.included, product.purchased, product.next_reset_at) == (
        Source.PRODUCT,
        50,
        0,
        FEB,
    )
    assert seen(bought.source, bought.included, bought.purchased, bought.next_reset_at) == (
        Source.BOUGHT_ONCE,
        0,
        200,
        None,
    )


def test_without_included_units_there_is_only_what_was_bought_and_never_nothing() -> None:
    (bought,) = grants([entitlement(item=item(200, cadence=ONCE))], anchor=JAN, at=JAN)
    assert seen(bought.source, bought.purchased) == (Source.BOUGHT_ONCE, 200)
    (nothing,) = grants([entitlement(item=item(0, cadence=ONCE))], anchor=JAN, at=JAN)
    assert seen(nothing.source, nothing.purchased) == (Source.PRODUCT, 0)


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (PriceKind.PREPAID, False),
        (PriceKind.ARREARS, True),
        (PriceKind.ALLOCATED, True),
        (PriceKind.ALLOCATED_ARREARS, True),
    ],
)
def test_only_what_is_billed_by_use_may_go_over(kind: PriceKind, *, allowed: bool) -> None:
    (grant,) = grants([entitlement(10, item=item(kind=kind))], anchor=JAN, at=JAN)
    assert grant.overage_allowed is allowed


def test_unlimited_and_boolean_features_count_nothing_and_never_reset() -> None:
    for wanted in (entitlement(9, unlimited=True), entitlement(9, type=FeatureType.BOOLEAN)):
        (grant,) = grants([wanted], anchor=JAN, at=JAN)
        assert seen(grant.included, grant.reset, grant.next_reset_at) == (0, None, None)


def test_what_is_held_does_not_reset() -> None:
    (seats,) = grants([entitlement(5, consumable=False)], anchor=JAN, at=JAN)
    assert seen(seats.next_reset_at, seats.keeps_usage) == (None, True)


def test_usage_is_kept_on_a_switch_only_where_the_item_says_so() -> None:
    normal, keeping = grants(
        [entitlement(1), entitlement(1, reset_on_switch=False, reset=Interval.DAY)], anchor=JAN, at=JAN
    )
    assert seen(normal.keeps_usage, keeping.keeps_usage) == (False, True)
