"""What time is it, and when does the n-th period begin? The one place that reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import assert_never

from dateutil.relativedelta import relativedelta


class Interval(StrEnum):
    """The length of a billing or reset period; `one_off` and `never` have none and are not intervals."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def wall_time() -> datetime:
    """The time of this machine, aware and in UTC, to the second as Stripe counts."""
    return datetime.now(UTC).replace(microsecond=0)


def from_unix(seconds: int) -> datetime:
    """Stripe's timestamp as an aware UTC instant."""
    return datetime.fromtimestamp(seconds, UTC)


def to_unix(at: datetime) -> int:
    """An aware instant as Stripe's timestamp; a naive one is a programming error and is refused."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return int(at.timestamp())


def add_intervals(anchor: datetime, interval: Interval, number: int) -> datetime:
    """The anchor moved by a number of intervals, clamped to the end of a short month (Jan 31 → Feb 28)."""
    match interval:
        case Interval.HOUR:
            return anchor + timedelta(hours=number)
        case Interval.DAY:
            return anchor + timedelta(days=number)
        case Interval.WEEK:
            return anchor + timedelta(weeks=number)
        case Interval.MONTH:
            return anchor + relativedelta(months=number)
        case Interval.YEAR:
            return anchor + relativedelta(years=number)
        case _:
            assert_never(interval)


def period_at(
    anchor: datetime, interval: Interval, interval_count: int, at: datetime
) -> tuple[datetime, datetime]:
    """The period [start, end) of the anchor's grid that contains the instant.

    Every boundary is computed from the anchor, never from the boundary before it, so that periods tile
    (Jan 31 → Feb 28 → Mar 31). An instant before the anchor belongs to a period of the grid as well.
    """
    number = _estimate(anchor, interval, interval_count, at) - 1
    for n in count(number):
        start = add_intervals(anchor, interval, n * interval_count)
        end = add_intervals(anchor, interval, (n + 1) * interval_count)
        if start <= at < end:
            return start, end
    raise AssertionError("unreachable: the grid has no end")


def _estimate(anchor: datetime, interval: Interval, interval_count: int, at: datetime) -> int:
    """A number of whole periods that is never more than one too large."""
    longest = {
        Interval.HOUR: timedelta(hours=1),
        Interval.DAY: timedelta(days=1),
        Interval.WEEK: timedelta(weeks=1),
        Interval.MONTH: timedelta(days=31),
        Interval.YEAR: timedelta(days=366),
    }[interval]
    shortfall = 1 if at < anchor else 0
    if shortfall:
        shortest = {Interval.MONTH: timedelta(days=28), Interval.YEAR: timedelta(days=365)}.get(
            interval, longest
        )
        return (at - anchor) // (shortest * interval_count) - 1
    return (at - anchor) // (longest * interval_count)
