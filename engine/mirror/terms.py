"""What do the rows of the catalog say, as the plain values that pricing and the ledger work on?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.clock import Interval
from engine.ledger.model import Entitlement
from engine.ledger.rows import entitlement
from engine.pricing.model import (
    ONCE,
    Cadence,
    OnDecrease,
    OnIncrease,
    PricedItem,
    PriceKind,
    Tier,
    TierMode,
)
from engine.pricing.quantities import with_units
from engine.pricing.words import display_name
from persistence.models import Price, Product

Quantities = Mapping[str, Decimal]


def quantities_of(stored: Mapping[str, Any]) -> dict[str, Decimal]:
    """Total units by feature, from the JSON of a row."""
    return {feature: Decimal(str(units)) for feature, units in stored.items()}


def priced_items(product: Product) -> tuple[PricedItem, ...]:
    """The prices of a product, with nothing bought of those that are sold in packs."""
    included = {f.price_id: f.included for f in product.features if f.price_id is not None}
    return tuple(
        _priced(product, price, included.get(price.id, Decimal(0)))
        for price in product.prices
        if price.archived_at is None
    )


def _priced(product: Product, price: Price, included: Decimal) -> PricedItem:
    return PricedItem(
        price_id=price.id,
        kind=PriceKind(price.kind),
        amount=price.amount or 0,
        currency=price.currency,
        cadence=_cadence(price),
        product=product.external_id,
        product_title=display_name(product.external_id),
        feature=price.feature.external_id if price.feature else None,
        feature_title=price.feature.external_id if price.feature else None,
        included=included,
        units=Decimal(0),
        per=price.per,
        tiers=tuple(_tier(tier) for tier in price.tiers or ()),
        tier_mode=TierMode(price.tier_mode or TierMode.GRADUATED),
        max_purchase=price.max_purchase,
        on_increase=OnIncrease(price.on_increase or OnIncrease.PRORATE_IMMEDIATELY),
        on_decrease=OnDecrease(price.on_decrease or OnDecrease.PRORATE_IMMEDIATELY),
        stripe_price_id=price.stripe_price_id,
    )


def _cadence(price: Price) -> Cadence:
    if price.interval == "one_off":
        return ONCE
    return Cadence(Interval(price.interval), price.interval_count)


def _tier(tier: Mapping[str, Any]) -> Tier:
    bound = tier["up_to"]
    return Tier(None if bound in (None, "inf") else Decimal(str(bound)), tier["amount"])


def entitlements(product: Product, quantities: Quantities) -> tuple[Entitlement, ...]:
    """What a product grants at the quantities that are held."""
    items = {item.price_id: item for item in with_units(priced_items(product), quantities)}
    return tuple(
        entitlement(granted, granted.feature, items.get(granted.price_id or ""))
        for granted in product.features
    )
