from __future__ import annotations

from decimal import Decimal

import pytest

from engine.ledger.model import FeatureType
from engine.ledger.view import FeatureBalance, feature_balance, feature_balances
from tests.engine.ledger.build import FEB, JAN_16, balance, seen


def amounts(view: FeatureBalance) -> tuple[object, ...]:
    return (view.included, view.purchased, view.used, view.remaining, view.available)


@pytest.mark.parametrize(
    ("used", "expected"),
    [(8, (5, 3, 8, -3, 0)), (6, (5, 1, 6, -1, 0)), (4, (5, 0, 4, 1, 1)), (0, (5, 0, 0, 5, 5))],
)
def test_held_units_beyond_the_included_ones_count_as_purchased(used: int, expected: tuple[int, ...]) -> None:
    assert amounts(feature_balance([balance(5, used, consumable=False)])) == expected


def test_packs_bought_up_front_count_as_included_and_as_purchased() -> None:
    assert amounts(feature_balance([balance(100, 150, purchased=Decimal(300))])) == (400, 300, 150, 250, 250)


@pytest.mark.parametrize(
    ("purchased", "used", "expected"),
    [(2, 1, (1, 2, 1, 0, 2)), (2, 2, (1, 2, 2, -1, 1)), (3, 4, (1, 3, 4, -3, 0))],
)
def test_paid_seats_are_available_but_not_included(
    purchased: int, used: int, expected: tuple[int, ...]
) -> None:
    seats = balance(1, used, purchased=Decimal(purchased), seats=True, consumable=False)
    assert amounts(feature_balance([seats])) == expected


def test_balances_of_one_feature_add_up_and_the_earliest_reset_counts() -> None:
    view = feature_balance(
        [
            balance(1000, 1000),
            balance(100, 125, name="bal_2", overage_allowed=True, next_reset_at=FEB),
            balance(0, 0, name="bal_3", next_reset_at=JAN_16),
        ]
    )
    assert amounts(view) == (1100, 25, 1125, -25, 0)
    assert view.next_reset_at == JAN_16


def test_unlimited_makes_every_amount_nothing() -> None:
    view = feature_balance([balance(5, 3, next_reset_at=FEB), balance(name="bal_2", unlimited=True)])
    assert amounts(view) == (0, 0, 0, 0, 0)
    assert seen(view.unlimited, view.next_reset_at) == (True, None)


def test_boolean_features_are_not_counted() -> None:
    assert set(
        feature_balances([balance(5), balance(name="bal_2", feature="sso", type=FeatureType.BOOLEAN)])
    ) == {"messages"}
