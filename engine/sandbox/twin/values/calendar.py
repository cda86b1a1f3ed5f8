"""When does a period begin and end? Months are counted from the anchor, never from the last date.

Source: Stripe docs, billing/subscriptions/billing-cycle.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_SECONDS = {"day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}
_MONTH_LENGTH = 30 * DAY
_MONTHS_A_YEAR = 12


def instant(anchor: int, interval: str, count: int, steps: int, day: int | None = None) -> int:
    """The anchor moved by a number of intervals, which may be negative.

    A day of the month is given where the anchor's own month was too short for it.
    """
    if interval in _SECONDS:
        return anchor + _SECONDS[interval] * count * steps
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * _MONTHS_A_YEAR + start.month - 1 + _MONTHS[interval] * count * steps
    year, month = divmod(months, _MONTHS_A_YEAR)
    day = min(day or start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def period(anchor: int, interval: str, count: int, at: int, day: int | None = None) -> tuple[int, int]:
    """The period of the anchor's grid that holds an instant: its start belongs to it, its end does not."""
    length = _SECONDS.get(interval, _MONTH_LENGTH * _MONTHS.get(interval, 1)) * count
    step = (at - anchor) // length
    while instant(anchor, interval, count, step, day) > at:
        step -= 1
    while instant(anchor, interval, count, step + 1, day) <= at:
        step += 1
    return instant(anchor, interval, count, step, day), instant(anchor, interval, count, step + 1, day)


def day_of(at: int) -> str:
    """An instant as Stripe writes it into lines: 10 Nov 2025."""
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")


def date_of(at: int) -> datetime:
    """An instant as a date in UTC."""
    return datetime.fromtimestamp(at, UTC)
