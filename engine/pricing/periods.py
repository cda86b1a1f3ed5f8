"""Which stretch of time is a price for? The anchor's grid, one period per cadence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.clock import add_intervals, period_at
from engine.pricing.model import Cadence, Period, PricedItem


def running_period(cadence: Cadence, *, anchor: datetime, at: datetime) -> Period | None:
    """The period of the anchor's grid that contains the instant, or None for what is billed once."""
    if cadence.interval is None:
        return None
    start, end = period_at(anchor, cadence.interval, cadence.count, at)
    return Period(start, end)


def cadences(items: Iterable[PricedItem]) -> tuple[Cadence, ...]:
    """The different recurring cadences of the items, shortest first."""
    found = {item.cadence for item in items if not item.is_one_off}
    return tuple(sorted(found, key=lambda cadence: cadence.months))


def next_boundary(items: Iterable[PricedItem], *, anchor: datetime, at: datetime) -> datetime | None:
    """The first end of a running period, that is the next renewal; None when nothing recurs."""
    periods = [running_period(cadence, anchor=anchor, at=at) for cadence in cadences(items)]
    return min((period.end for period in periods if period), default=None)


def last_boundary(items: Iterable[PricedItem], *, anchor: datetime, at: datetime) -> datetime | None:
    """The last end of a running period, where a plan of mixed intervals ends; None when nothing recurs."""
    periods = [running_period(cadence, anchor=anchor, at=at) for cadence in cadences(items)]
    return max((period.end for period in periods if period), default=None)


def starts_on(cadence: Cadence, *, anchor: datetime, at: datetime) -> bool:
    """Whether a period of this cadence begins at exactly this instant of the anchor's grid."""
    period = running_period(cadence, anchor=anchor, at=at)
    return period is not None and period.start == at


def needs_new_anchor(items: Iterable[PricedItem], *, anchor: datetime, at: datetime) -> bool:
    """Whether a switch at the instant must restart the anchor, since an item would join mid-period unpaid."""
    return not all(starts_on(cadence, anchor=anchor, at=at) for cadence in cadences(items))


def one_interval_after(cadence: Cadence, at: datetime) -> datetime:
    """The end of a period that begins now; what is billed once has none."""
    if cadence.interval is None:
        raise ValueError("what is billed once has no period")
    return add_intervals(at, cadence.interval, cadence.count)
