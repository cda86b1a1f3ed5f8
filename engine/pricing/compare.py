"""Is the wanted plan more or less than the one in force? The facts for the rules, never the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction

from engine.pricing.model import PlanItems, PricedItem, PriceKind, Quote
from engine.pricing.periods import cadences
from engine.pricing.quantities import full_amount


class IntervalChange(StrEnum):
    """How the longest interval of the wanted plan compares with that of the plan in force."""

    NONE = "none"
    LONGER = "longer"
    EQUAL = "equal"
    SHORTER = "shorter"


class PriceChange(StrEnum):
    """How the monthly price of the wanted plan compares with that of the plan in force."""

    NONE = "none"
    HIGHER = "higher"
    EQUAL = "equal"
    LOWER = "lower"


class ProductPrice(StrEnum):
    """Whether a product costs nothing, once, or again and again."""

    FREE = "free"
    ONE_OFF = "one_off"
    RECURRING = "recurring"


class DueNow(StrEnum):
    """What an invoice made now would ask for."""

    NOTHING = "nothing"
    SOMETHING = "something"
    CREDIT = "credit"


def product_price(plan: PlanItems) -> ProductPrice:
    """Free without any price, recurring when one comes back; a price of 0 and one of usage are prices."""
    if not plan.items:
        return ProductPrice.FREE
    return ProductPrice.RECURRING if plan.recurring else ProductPrice.ONE_OFF


def interval_change(current: PlanItems | None, wanted: PlanItems) -> IntervalChange:
    """The longest recurring interval compared; none without a plan in force."""
    if current is None:
        return IntervalChange.NONE
    before, after = _longest(current), _longest(wanted)
    if after == before:
        return IntervalChange.EQUAL
    return IntervalChange.LONGER if after > before else IntervalChange.SHORTER


def price_change(current: PlanItems | None, wanted: PlanItems) -> PriceChange:
    """The monthly prices compared exactly; none without a plan in force."""
    if current is None:
        return PriceChange.NONE
    before, after = monthly_price(current), monthly_price(wanted)
    if after == before:
        return PriceChange.EQUAL
    return PriceChange.HIGHER if after > before else PriceChange.LOWER


def monthly_price(plan: PlanItems) -> Fraction:
    """The sum of the list prices that come back and are not for usage, each for a month.

    List prices, one pack of a prepaid item and its first tier: which plan is the dearer one must not depend
    on how many packs a customer happens to hold.
    """
    return sum(
        (_list_price(item) / item.cadence.months for item in plan.recurring if not item.is_usage),
        Fraction(0),
    )


def usage_only(current: PlanItems | None, wanted: PlanItems) -> bool:
    """Whether nothing but use is paid for in both plans; a price of 0 does not count."""
    return current is not None and _is_usage_only(current) and _is_usage_only(wanted)


def mixed_intervals(items: Iterable[PricedItem]) -> bool:
    """Whether more than one recurring interval would have to be paid up front."""
    up_front = [item for item in items if not item.is_usage and full_amount(item) > 0]
    return len(cadences(up_front)) > 1


def due_now(quote: Quote) -> DueNow:
    """The sign of an invoice made now."""
    if quote.total == 0:
        return DueNow.NOTHING
    return DueNow.SOMETHING if quote.total > 0 else DueNow.CREDIT


def same_prices(one: Iterable[PricedItem], other: Iterable[PricedItem]) -> bool:
    """Whether two sets of prices bill alike, whatever their ids, order and quantities."""
    return sorted(map(_terms, one)) == sorted(map(_terms, other))


def _longest(plan: PlanItems) -> Fraction:
    return max((cadence.months for cadence in cadences(plan.items)), default=Fraction(0))


def _list_price(item: PricedItem) -> Fraction:
    return Fraction(item.tiers[0].amount if item.tiers else item.amount)


def _is_usage_only(plan: PlanItems) -> bool:
    paid = [item for item in plan.items if item.is_usage or _list_price(item)]
    return bool(paid) and all(item.kind is PriceKind.ARREARS for item in paid)


def _terms(item: PricedItem) -> str:
    return repr(
        (
            item.kind,
            item.feature,
            item.amount,
            item.currency,
            item.cadence,
            item.per.normalize(),
            item.tiers,
            item.tier_mode,
        )
    )
