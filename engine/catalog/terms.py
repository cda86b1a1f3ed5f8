"""What may an item or a price of a catalog say? The words of one product, also used for custom items.

These are frozen pydantic models: the form in which a catalog document is written, checked where it enters.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from persistence.models.words import BillingInterval, PriceKind, ResetInterval, TierMode

LARGEST_AMOUNT = 99_999_999
"""Stripe takes amounts of up to eight digits (Stripe docs: currencies)."""
LARGEST_UNITS = 10**12
INTERVAL_LIMITS = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""A price recurs at least every three years (Stripe docs: api/prices/create)."""


def plain(number: Decimal) -> int | float:
    """The number as JSON writes it: whole ones without a fraction."""
    return int(number) if number == number.to_integral_value() else float(number)


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Amount = Annotated[int, Strict(), Field(ge=0, le=LARGEST_AMOUNT)]
Units = Annotated[
    Decimal,
    Field(ge=0, le=LARGEST_UNITS, max_digits=18, decimal_places=6, allow_inf_nan=False),
    PlainSerializer(plain, return_type=int | float, when_used="json"),
]
Percentage = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=4),
    PlainSerializer(plain, return_type=int | float, when_used="json"),
]
Count = Annotated[int, Strict(), Field(ge=1, le=LARGEST_UNITS)]
Flag = Annotated[bool, Strict()]


def wrong(code: str, sentence: str) -> PydanticCustomError:
    """A finding of our own in the words of pydantic; braces in the sentence are kept as they are."""
    return PydanticCustomError("terms", "{sentence}", {"sentence": sentence, "code": code})


class Terms(BaseModel):
    """A part of a document: frozen, and refusing every key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


class Tier(Terms):
    """What a unit costs up to a number of units."""

    up_to: Count | Literal["inf"]
    amount: Amount


OnIncreaseName = Literal["prorate_immediately", "bill_immediately", "prorate_next_cycle", "bill_next_cycle"]
OnDecreaseName = Literal["prorate_immediately", "prorate_next_cycle", "none", "no_prorations"]


class Overage(Terms):
    """What more units than the included ones cost, and when they are billed."""

    billing: Literal[PriceKind.PREPAID, PriceKind.ARREARS, PriceKind.ALLOCATED, PriceKind.ALLOCATED_ARREARS]
    amount: Amount | None = None
    per: Count = 1
    tiers: tuple[Tier, ...] | None = None
    tier_mode: TierMode = TierMode.GRADUATED
    max_purchase: Units | None = None
    on_increase: OnIncreaseName = "prorate_immediately"
    on_decrease: OnDecreaseName = "prorate_immediately"

    @model_validator(mode="after")
    def _priced_one_way(self) -> Self:
        if (self.amount is None) == (self.tiers is None):
            raise wrong("amount_or_tiers", "give either an amount or tiers")
        if self.tiers is not None:
            _check_tiers(self.tiers)
        return self


class Rollover(Terms):
    """How much of what was not used is kept when the feature resets, and for how long."""

    max: Units | None = None
    max_percentage: Percentage | None = None
    expires_after_months: Annotated[int, Strict(), Field(ge=1, le=120)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if self.max is not None and self.max_percentage is not None:
            raise wrong("one_limit", "give either max or max_percentage")
        return self


class PriceTerms(Terms):
    """A charge for the product itself."""

    amount: Amount
    interval: BillingInterval = BillingInterval.MONTH
    interval_count: Annotated[int, Strict(), Field(ge=1)] = 1

    @model_validator(mode="after")
    def _recurs_in_time(self) -> Self:
        check_interval(self.interval, self.interval_count)
        return self


class ItemTerms(Terms):
    """What the product grants of one feature, and what more of it costs."""

    feature: Id
    included: Units = Decimal(0)
    unlimited: Flag = False
    reset: ResetInterval = ResetInterval.NEVER
    reset_on_switch: Flag = True
    per_entity: Id | None = None
    rollover: Rollover | None = None
    interval: BillingInterval | None = None
    interval_count: Annotated[int, Strict(), Field(ge=1)] = 1
    overage: Overage | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.overage is not None and self.unlimited:
            raise wrong("unlimited", "what is unlimited has no overage")
        if self.overage is None and (self.interval is not None or self.interval_count != 1):
            raise wrong("interval", "an item without overage has no price, so no interval")
        if self.overage is not None:
            check_interval(self.billed_every, self.interval_count)
        if self.rollover is not None and self.reset is ResetInterval.NEVER:
            raise wrong("rollover", "what never resets has nothing to roll over")
        return self

    @property
    def billed_every(self) -> BillingInterval:
        """How often the price of more is billed: as told, else as often as the feature resets."""
        if self.interval is not None:
            return self.interval
        if self.reset.value in set(BillingInterval):
            return BillingInterval(self.reset.value)
        return BillingInterval.MONTH


def check_interval(interval: BillingInterval, count: int) -> None:
    """Refuse what Stripe cannot bill: a count of a single charge, or more than three years."""
    if interval is BillingInterval.ONE_OFF:
        if count != 1:
            raise wrong("interval_count", "a single charge has no interval_count")
    elif count > INTERVAL_LIMITS[interval.value]:
        raise wrong("interval_count", "a price must recur at least every three years")


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    if not tiers or tiers[-1].up_to != "inf":
        raise wrong("tiers", "the last tier must be up_to: inf")
    bounds = [tier.up_to for tier in tiers[:-1]]
    numbers = [bound for bound in bounds if bound != "inf"]
    if len(numbers) != len(bounds) or numbers != sorted(set(numbers)):
        raise wrong("tiers", "the bounds of the tiers must rise, with inf only at the end")
