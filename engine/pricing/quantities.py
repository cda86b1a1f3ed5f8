"""How many packs is that, and what do they cost? Units a customer asks for, turned into what is billed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil

from engine.pricing.model import ZERO, OnDecrease, OnIncrease, PricedItem, PriceKind, Tier, TierMode


def packs(units: Decimal, *, included: Decimal, per: Decimal) -> int:
    """How many packs of `per` units cover what goes beyond the included units; never below 0."""
    beyond = Fraction(units) - Fraction(included)
    return max(0, ceil(beyond / Fraction(per)))


def bought_packs(item: PricedItem) -> int:
    """The packs bought for an item; a fixed price is one pack, whatever the units."""
    if item.kind is PriceKind.FIXED:
        return 1
    return packs(item.units, included=item.included, per=item.per)


def bought_units(item: PricedItem) -> Decimal:
    """The units that the bought packs hold, which may be more than was asked for."""
    return ZERO if item.kind is PriceKind.FIXED else bought_packs(item) * item.per


def billed_packs(item: PricedItem) -> int:
    """The packs that the amount is counted in: with volume tiers the included units are among them."""
    bought = bought_packs(item)
    if bought and item.tiers and item.tier_mode is TierMode.VOLUME:
        return packs(item.units, included=ZERO, per=item.per)
    return bought


def full_amount(item: PricedItem) -> int:
    """What the quantity costs for one whole period, or once."""
    count = bought_packs(item)
    if not item.tiers or item.kind is PriceKind.FIXED:
        return count * item.amount
    match item.tier_mode:
        case TierMode.GRADUATED:
            return graduated_amount(item.tiers, count, per=item.per)
        case TierMode.VOLUME:
            return volume_amount(item.tiers, bought=count, billed=billed_packs(item), per=item.per)


def graduated_amount(tiers: tuple[Tier, ...], count: int, *, per: Decimal) -> int:
    """Each pack at the price of the tier it falls into; bounds count bought units."""
    bounds = [0, *(_bound(tier, count, per) for tier in tiers)]
    if bounds[-1] < count:
        raise ValueError(f"no tier is open for {count} packs of {per}")
    return sum((high - low) * tier.amount for (low, high), tier in zip(pairwise(bounds), tiers, strict=True))


def volume_amount(tiers: tuple[Tier, ...], *, bought: int, billed: int, per: Decimal) -> int:
    """All packs at the price of the tier that the bought ones reach.

    The included packs are priced too once something is bought, so the boundary of a tier moves up by them.
    """
    if not bought:
        return 0
    for tier in tiers:
        if _bound(tier, bought, per) >= bought:
            return billed * tier.amount
    raise ValueError(f"no tier is open for {bought} packs of {per}")


def _bound(tier: Tier, count: int, per: Decimal) -> int:
    if tier.up_to is None:
        return count
    return min(count, ceil(Fraction(tier.up_to) / Fraction(per)))


def with_units(
    items: tuple[PricedItem, ...],
    asked: Mapping[str, Decimal],
    *,
    kept: Mapping[str, Decimal] | None = None,
) -> tuple[PricedItem, ...]:
    """The items at the units asked for, else at the total kept from before a switch, else at 0 packs.

    Only what comes back is kept: units bought once were paid for once, and live on as a balance.
    """
    before = kept or {}
    result: list[PricedItem] = []
    for item in items:
        if item.kind is not PriceKind.PREPAID or item.feature is None:
            result.append(item)
            continue
        fallback = ZERO if item.is_one_off else before.get(item.feature, ZERO)
        result.append(replace(item, units=asked.get(item.feature, fallback)))
    return tuple(result)


def exceeds_maximum(item: PricedItem) -> bool:
    """Whether more is asked for beyond the included units than the price allows to buy."""
    return item.max_purchase is not None and item.units - item.included > item.max_purchase


def waits_for_period_end(old: PricedItem, new: PricedItem) -> bool:
    """Whether fewer units leave the old ones usable until the next period, since nothing is given back."""
    fewer = bought_packs(new) < bought_packs(old)
    return fewer and new.on_decrease in {OnDecrease.NONE, OnDecrease.NO_PRORATIONS}


def policy_of_change(old: PricedItem, new: PricedItem) -> OnIncrease | OnDecrease | None:
    """The policy that applies to a change of quantity, or None when as many packs are bought as before."""
    before, after = bought_packs(old), bought_packs(new)
    if before == after:
        return None
    return new.on_increase if after > before else new.on_decrease
