"""What does a reset do? Used units start again at nothing, on the grid, and nothing else moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.clock import period_at
from engine.ledger.model import BalanceState


@dataclass(frozen=True, slots=True)
class Reset:
    """A balance whose period is over: the units that come back, and the period that begins."""

    balance: str
    returned: Decimal
    period_start: datetime
    next_reset_at: datetime


def reset(balance: BalanceState, *, at: datetime) -> Reset | None:
    """The reset that is due at the instant, or None.

    Periods that passed unseen are skipped: the new one is that which contains the instant. What is held,
    unlimited or never starts again has no reset; units bought once lie in a balance of their own.
    """
    due = balance.next_reset_at
    if due is None or due > at or balance.reset is None or not balance.consumable:
        return None
    start, end = period_at(balance.anchor, balance.reset, 1, at)
    return Reset(balance.id, balance.used, start, end)
