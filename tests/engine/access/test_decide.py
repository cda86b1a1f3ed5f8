from __future__ import annotations

from decimal import Decimal

import pytest

from engine.access.decide import GRANTING, Reason, decide
from engine.ledger.model import BalanceState, FeatureType
from tests.engine.ledger.build import balance


def overage(included: int, used: int, limit: int | None) -> BalanceState:
    return balance(
        included,
        used,
        overage_allowed=True,
        overage_limit=None if limit is None else Decimal(limit),
    )


@pytest.mark.parametrize(
    ("balances", "required", "reason", "remaining"),
    [
        ([], 1, Reason.NOT_GRANTED, 0),
        ([balance(type=FeatureType.BOOLEAN)], 1, Reason.BOOLEAN, None),
        ([balance(1, 1), balance(unlimited=True)], 10**9, Reason.UNLIMITED, None),
        ([balance(100, 99)], 1, Reason.INCLUDED, 1),
        ([balance(100, 100)], 0, Reason.INCLUDED, 0),
        ([balance(100, 100)], 1, Reason.INSUFFICIENT_BALANCE, 0),
        ([balance(5, 8, consumable=False)], 1, Reason.INSUFFICIENT_BALANCE, -3),
        ([overage(100, 100, None)], 50, Reason.OVERAGE_ALLOWED, 0),
        ([overage(100, 120, 25)], 5, Reason.OVERAGE_ALLOWED, -20),
        ([overage(100, 120, 25)], 6, Reason.LIMIT_REACHED, -20),
        ([balance(1000, 1000), overage(100, 90, 25)], 35, Reason.OVERAGE_ALLOWED, 10),
        ([balance(1000, 1000), overage(100, 90, 25)], 36, Reason.LIMIT_REACHED, 10),
    ],
)
def test_the_order_of_the_decision(
    balances: list[BalanceState], required: int, reason: Reason, remaining: int | None
) -> None:
    verdict = decide(balances, Decimal(required))
    assert verdict.reason is reason
    assert verdict.remaining == remaining


def test_every_reason_either_grants_or_refuses() -> None:
    refusing = {Reason.NOT_GRANTED, Reason.INSUFFICIENT_BALANCE, Reason.LIMIT_REACHED}
    assert GRANTING | refusing == set(Reason)
    assert not GRANTING & refusing
