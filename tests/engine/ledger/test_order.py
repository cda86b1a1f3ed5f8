from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from engine.clock import Interval
from engine.ledger.model import BalanceState, FeatureType
from engine.ledger.order import deduction_order
from tests.engine.ledger.build import FEB, JAN, balance


def names(*balances: BalanceState, entity: str | None = None) -> list[str]:
    unsorted = [*balances[1::2], *balances[::-2]]
    return [state.id for state in deduction_order(unsorted, entity=entity)]


def test_the_whole_order_without_an_entity() -> None:
    ordered = [
        balance(name="rollover", rollover=True),
        balance(name="unlimited", unlimited=True),
        balance(name="hourly", reset=Interval.HOUR),
        balance(name="monthly, early expiry", reset=Interval.MONTH, expires_at=JAN),
        balance(name="monthly, late expiry", reset=Interval.MONTH, expires_at=FEB),
        balance(name="monthly", reset=Interval.MONTH),
        balance(name="monthly, younger", reset=Interval.MONTH, period_start=JAN + timedelta(days=1)),
        balance(name="monthly, add-on", reset=Interval.MONTH, add_on=True),
        balance(name="yearly", reset=Interval.YEAR),
        balance(name="never"),
        balance(name="never, pay per use", overage_allowed=True),
        balance(name="credits", type=FeatureType.CREDIT_SYSTEM, unlimited=True),
        balance(name="of an entity", entity="e1", unlimited=True),
    ]
    assert names(*ordered) == [state.id for state in ordered]


def test_a_named_entity_pays_with_its_own_first_and_others_cannot() -> None:
    own, other, shared = (
        balance(name="own", entity="e1"),
        balance(name="other", entity="e2"),
        balance(name="shared", unlimited=True),
    )
    assert names(own, other, shared, entity="e1") == ["own", "shared"]
    assert names(own, other, shared)[0] == "shared"


def test_the_older_one_pays_first_when_nothing_else_tells_them_apart() -> None:
    states = [balance(name=f"bal_{n}") for n in range(5)]
    ordered = names(*states)
    assert all(one < other for one, other in pairwise(ordered))
