from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.clock import Interval
from engine.ledger.resets import reset
from tests.engine.ledger.build import FEB, JAN, JAN_16, balance, seen

MONTHLY: dict[str, Any] = {"reset": Interval.MONTH, "next_reset_at": FEB}


def test_a_due_reset_returns_what_was_used_and_begins_the_next_period() -> None:
    change = reset(balance(100, 40, **MONTHLY), at=FEB)
    assert change is not None
    assert seen(change.returned, change.period_start) == (40, FEB)
    assert change.next_reset_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_debt_is_forgiven_with_the_period() -> None:
    change = reset(balance(100, 130, **MONTHLY), at=FEB)
    assert change is not None
    assert change.returned == 130


def test_before_its_instant_nothing_is_reset() -> None:
    assert reset(balance(100, 40, **MONTHLY), at=FEB - timedelta(seconds=1)) is None


def test_periods_that_passed_unseen_are_skipped() -> None:
    change = reset(balance(100, 40, **MONTHLY), at=datetime(2026, 4, 20, tzinfo=UTC))
    assert change is not None
    assert change.period_start == datetime(2026, 4, 1, tzinfo=UTC)
    assert change.next_reset_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_the_grid_is_that_of_the_anchor_and_not_of_the_last_reset() -> None:
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    february = datetime(2026, 2, 28, tzinfo=UTC)
    change = reset(balance(1, 1, anchor=anchor, reset=Interval.MONTH, next_reset_at=february), at=february)
    assert change is not None
    assert change.next_reset_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_what_never_resets_or_is_held_is_left_alone() -> None:
    assert reset(balance(100, 40), at=JAN_16) is None
    assert reset(balance(5, 4, consumable=False, **MONTHLY), at=FEB) is None
    assert reset(balance(5, 4, reset=None, next_reset_at=JAN), at=FEB) is None
