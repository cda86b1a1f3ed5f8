"""What does a product give? Entitlements at their quantities, turned into grants on the anchor's grid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.clock import Interval, period_at
from engine.ledger.model import PAY_PER_USE, Entitlement, FeatureType, Grant, Source
from engine.pricing.model import ZERO, PriceKind
from engine.pricing.quantities import bought_units


def grants(entitlements: Iterable[Entitlement], *, anchor: datetime, at: datetime) -> tuple[Grant, ...]:
    """All grants of a product that begins at the instant."""
    return tuple(grant for each in entitlements for grant in grants_of(each, anchor=anchor, at=at))


def grants_of(entitlement: Entitlement, *, anchor: datetime, at: datetime) -> tuple[Grant, ...]:
    """The grants of one feature; units bought once are a grant of their own, which no reset touches."""
    item = entitlement.item
    bought = bought_units(item) if item is not None and item.kind is PriceKind.PREPAID else ZERO
    once = item is not None and item.is_one_off
    if not (once and bought):
        return (_grant(entitlement, anchor=anchor, at=at, source=Source.PRODUCT, purchased=bought),)
    apart = _grant(entitlement, anchor=anchor, at=at, source=Source.BOUGHT_ONCE, purchased=bought)
    if not entitlement.included:
        return (apart,)
    return (_grant(entitlement, anchor=anchor, at=at, source=Source.PRODUCT), apart)


def next_reset(
    reset: Interval | None, *, consumable: bool, anchor: datetime, at: datetime
) -> datetime | None:
    """When used units start again at nothing: never for what is held, else the next instant of the grid."""
    if reset is None or not consumable:
        return None
    return period_at(anchor, reset, 1, at)[1]


def _grant(
    entitlement: Entitlement,
    *,
    anchor: datetime,
    at: datetime,
    source: Source,
    purchased: Decimal = ZERO,
) -> Grant:
    item = entitlement.item
    product = source is Source.PRODUCT
    counted = entitlement.type is not FeatureType.BOOLEAN and not entitlement.unlimited
    reset = entitlement.reset if product and counted else None
    return Grant(
        feature_id=entitlement.feature_id,
        feature=entitlement.feature,
        product_feature_id=entitlement.product_feature_id,
        source=source,
        consumable=entitlement.consumable,
        anchor=anchor,
        period_start=at,
        included=entitlement.included if product and counted else ZERO,
        purchased=purchased if counted else ZERO,
        unlimited=entitlement.unlimited,
        overage_allowed=item is not None and item.kind in PAY_PER_USE,
        reset=reset,
        next_reset_at=next_reset(reset, consumable=entitlement.consumable, anchor=anchor, at=at),
        keeps_usage=not entitlement.consumable or not entitlement.reset_on_switch,
    )
