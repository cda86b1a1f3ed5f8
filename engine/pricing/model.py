"""What is priced, what was billed, and what a buyer will read: the records that pricing works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from engine.clock import Interval

ZERO = Decimal(0)
ONE = Decimal(1)


class PriceKind(StrEnum):
    """How a price is earned."""

    FIXED = "fixed"
    PREPAID = "prepaid"
    ARREARS = "arrears"
    ALLOCATED = "allocated"
    ALLOCATED_ARREARS = "allocated_arrears"


class TierMode(StrEnum):
    """Whether each unit keeps the price of its own tier, or all units take the price of the last one."""

    GRADUATED = "graduated"
    VOLUME = "volume"


class OnIncrease(StrEnum):
    """What more of a prepaid or held item costs at once."""

    PRORATE_IMMEDIATELY = "prorate_immediately"
    BILL_IMMEDIATELY = "bill_immediately"
    PRORATE_NEXT_CYCLE = "prorate_next_cycle"
    BILL_NEXT_CYCLE = "bill_next_cycle"


class OnDecrease(StrEnum):
    """What less of a prepaid or held item gives back at once."""

    PRORATE_IMMEDIATELY = "prorate_immediately"
    PRORATE_NEXT_CYCLE = "prorate_next_cycle"
    NONE = "none"
    NO_PRORATIONS = "no_prorations"


class LineKind(StrEnum):
    """Which way the money goes."""

    CREDIT = "credit"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often something is billed, or `interval=None` for once."""

    interval: Interval | None
    count: int = 1

    @property
    def is_once(self) -> bool:
        """Whether nothing ever follows the first charge."""
        return self.interval is None

    @property
    def months(self) -> Fraction:
        """The exact length in months of a year of 365 days, so that any two cadences compare; 0 for once."""
        match self.interval:
            case None:
                return Fraction(0)
            case Interval.YEAR:
                return Fraction(12 * self.count)
            case Interval.MONTH:
                return Fraction(self.count)
            case Interval.WEEK:
                return Fraction(7 * 12 * self.count, 365)
            case Interval.DAY:
                return Fraction(12 * self.count, 365)
            case Interval.HOUR:
                return Fraction(12 * self.count, 365 * 24)


ONCE = Cadence(None)
MONTHLY = Cadence(Interval.MONTH)
YEARLY = Cadence(Interval.YEAR)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time [start, end) that money is for."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to how many bought units (None: without end) a pack costs this amount."""

    up_to: Decimal | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedItem:
    """One price of a product at the quantity that is wanted or held.

    `units` are all units, the included ones counted; a fixed price has no use for them. `holding` tells apart
    several holdings of one product (the id of the subscription product, None while there is none yet).
    """

    price_id: str
    kind: PriceKind
    amount: int
    currency: str
    cadence: Cadence
    product: str
    product_title: str
    feature: str | None = None
    feature_title: str | None = None
    included: Decimal = ZERO
    units: Decimal = ZERO
    per: Decimal = ONE
    tiers: tuple[Tier, ...] = ()
    tier_mode: TierMode = TierMode.GRADUATED
    max_purchase: Decimal | None = None
    on_increase: OnIncrease = OnIncrease.PRORATE_IMMEDIATELY
    on_decrease: OnDecrease = OnDecrease.PRORATE_IMMEDIATELY
    stripe_price_id: str | None = None
    holding: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not PriceKind.FIXED and self.feature is None:
            raise ValueError(f"a price of kind {self.kind} belongs to a feature: {self.price_id}")
        if self.per <= 0:
            raise ValueError(f"a pack holds at least something: {self.price_id} has {self.per} units")

    @property
    def is_one_off(self) -> bool:
        """Whether it is charged once and never again."""
        return self.cadence.is_once

    @property
    def is_usage(self) -> bool:
        """Whether what it costs is known only after use, so that nothing is due up front."""
        return self.kind in {PriceKind.ARREARS, PriceKind.ALLOCATED_ARREARS}


@dataclass(frozen=True, slots=True)
class PlanItems:
    """All prices of one product at given quantities."""

    product: str
    items: tuple[PricedItem, ...] = ()

    @property
    def recurring(self) -> tuple[PricedItem, ...]:
        """The prices that come back, those of usage included."""
        return tuple(item for item in self.items if not item.is_one_off)

    @property
    def one_offs(self) -> tuple[PricedItem, ...]:
        """The prices that are charged once."""
        return tuple(item for item in self.items if item.is_one_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLineView:
    """A charge of the past as far as a credit needs it.

    `net` is after discount and before tax; `credited` is what was given back of it so far, as a positive
    amount; `title` names what was billed in the words a buyer reads.
    """

    id: str
    title: str
    net: int
    currency: str
    product: str
    quantity: int = 1
    period: Period | None = None
    feature: str | None = None
    price_id: str | None = None
    holding: str | None = None
    credited: int = 0
    paid: bool = True
    access_given: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice: signed whole minor units, and the words and the sum a buyer can check."""

    kind: LineKind
    description: str
    amount: int
    currency: str
    formula: str
    quantity: int = 1
    period: Period | None = None
    product: str
    feature: str | None = None
    price_id: str | None = None
    billed_line_id: str | None = None
    holding: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines that go onto one invoice, and their sum."""

    lines: tuple[Line, ...]
    currency: str
    total: int = field(init=False)

    def __post_init__(self) -> None:
        if any(line.currency != self.currency for line in self.lines):
            raise ValueError(f"an invoice has one currency, {self.currency}")
        object.__setattr__(self, "total", sum(line.amount for line in self.lines))


@dataclass(frozen=True, slots=True)
class NextCycle:
    """What the next renewal invoice will say if nothing else happens."""

    starts_at: datetime
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """The sum of its lines."""
        return sum(line.amount for line in self.lines)


def quote(lines: Iterable[Line], *, currency: str) -> Quote:
    """The lines as one invoice in one currency."""
    return Quote(tuple(lines), currency)
