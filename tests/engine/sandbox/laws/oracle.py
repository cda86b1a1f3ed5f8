"""What must it cost? Stripe's formulas in exact fractions, written without the twin.

Sources: Stripe docs, billing/subscriptions/prorations and billing-cycle: the share of a period is counted in
seconds, each line is rounded to a whole cent by itself (half a cent away from zero), months are counted from
the anchor, and a flexible subscription credits what was debited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from dateutil.relativedelta import relativedelta


def cents(exact: Fraction) -> int:
    """The nearest whole cent; half a cent goes away from zero."""
    whole, rest = divmod(abs(exact), 1)
    size = int(whole) + (1 if rest >= Fraction(1, 2) else 0)
    return size if exact >= 0 else -size


@dataclass(frozen=True)
class Price:
    """A recurring price: so much for each package of units, or by tiers."""

    unit: Fraction
    interval: str
    count: int = 1
    package: int = 1
    tiers: tuple[tuple[int | None, int, int], ...] = ()
    graduated: bool = True

    def of(self, quantity: int) -> Fraction:
        """A whole period, not rounded."""
        if not self.tiers:
            return self.unit * -(-quantity // self.package)
        return self._graduated(quantity) if self.graduated else self._volume(quantity)

    def _graduated(self, quantity: int) -> Fraction:
        total, floor = Fraction(0), 0
        for index, (top, unit, flat) in enumerate(self.tiers):
            inside = max(0, (quantity if top is None else min(quantity, top)) - floor)
            if inside or index == 0:
                total += inside * unit + flat
            floor = quantity if top is None else top
        return total

    def _volume(self, quantity: int) -> Fraction:
        for top, unit, flat in self.tiers:
            if top is None or quantity <= top:
                return Fraction(quantity * unit + flat)
        raise AssertionError("the last tier has no end")


def moved(anchor: int, interval: str, steps: int) -> int:
    """The anchor moved by whole intervals; the day is that of the anchor, or the month's last."""
    lengths = {
        "day": relativedelta(days=steps),
        "week": relativedelta(weeks=steps),
        "month": relativedelta(months=steps),
        "year": relativedelta(years=steps),
    }
    return int((datetime.fromtimestamp(anchor, UTC) + lengths[interval]).timestamp())


def period(anchor: int, price: Price, at: int) -> tuple[int, int]:
    """The period of the anchor's grid in which an instant lies."""
    step = 0
    while moved(anchor, price.interval, step + price.count) <= at:
        step += price.count
    return moved(anchor, price.interval, step), moved(anchor, price.interval, step + price.count)


def share(start: int, end: int, at: int) -> Fraction:
    """How much of a period is left."""
    return Fraction(end - at, end - start)


@dataclass(frozen=True)
class Debit:
    """What was charged for a stretch of time that ends with the period."""

    amount: int
    start: int
    end: int

    def credit(self, at: int) -> int:
        """What comes back when it is given up: the share that is left of what was paid."""
        return -cents(self.amount * share(self.start, self.end, at))


def full(price: Price, quantity: int, span: tuple[int, int]) -> Debit:
    """A whole period."""
    return Debit(cents(price.of(quantity)), *span)


def rest(price: Price, quantity: int, span: tuple[int, int], at: int) -> Debit:
    """The stretch of a period from an instant to its end."""
    return Debit(cents(price.of(quantity) * share(*span, at)), at, span[1])
