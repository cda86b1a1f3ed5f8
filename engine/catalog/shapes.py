"""Did the terms of a product change? One plain form for what a document says and for what the rows hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.catalog.document import ProductTerms
from engine.catalog.terms import ItemTerms, Overage, PriceTerms
from persistence.models import Price, Product, ProductFeature
from persistence.models.words import PriceKind, ProductKind

Json = dict[str, Any]
CURRENCY = "usd"


@dataclass(frozen=True, slots=True)
class PriceShape:
    """A price without its name and place."""

    kind: str
    feature: str | None
    amount: int | None
    currency: str
    interval: str
    interval_count: int
    per: Decimal
    tiers: list[Json] | None
    tier_mode: str | None
    max_purchase: Decimal | None
    on_increase: str | None
    on_decrease: str | None


@dataclass(frozen=True, slots=True)
class GrantShape:
    """What is granted of one feature; `price` is the place of the price of more among the prices."""

    feature: str
    price: int | None
    included: Decimal
    unlimited: bool
    reset: str
    reset_on_switch: bool
    per_entity: str | None
    rollover: Json | None


@dataclass(frozen=True, slots=True)
class ProductShape:
    """Everything of a product version that buyers rely on."""

    group: str | None
    add_on: bool
    trial: Json | None
    prices: tuple[PriceShape, ...]
    grants: tuple[GrantShape, ...]


def shape_of_terms(terms: ProductTerms) -> ProductShape:
    """What the document says: the product's own prices first, then those of its items."""
    prices = [_fixed(price) for price in terms.prices]
    grants: list[GrantShape] = []
    for item in terms.items:
        place = None
        if item.overage is not None:
            place = len(prices)
            prices.append(_of_item(item, item.overage))
        grants.append(_grant(item, place))
    trial = terms.trial.model_dump(mode="json") if terms.trial else None
    return ProductShape(terms.group, terms.add_on, trial, tuple(prices), tuple(grants))


def shape_of_row(product: Product) -> ProductShape:
    """What the rows hold, archived prices left out."""
    prices = current_prices(product)
    places = {price.id: place for place, price in enumerate(prices)}
    return ProductShape(
        group=product.group,
        add_on=product.add_on,
        trial=product.trial,
        prices=tuple(_price_of_row(price) for price in prices),
        grants=tuple(_grant_of_row(grant, places) for grant in product.features),
    )


def current_prices(product: Product) -> Sequence[Price]:
    """The prices that are asked now."""
    return [price for price in product.prices if price.archived_at is None]


def kind_of(terms: ProductTerms) -> ProductKind:
    """What is sold, as far as the document tells it."""
    if terms.add_on:
        return ProductKind.ADD_ON
    return ProductKind.ONE_OFF if terms.price_kind == "one_off" else ProductKind.PLAN


def _fixed(price: PriceTerms) -> PriceShape:
    return PriceShape(
        kind=PriceKind.FIXED.value,
        feature=None,
        amount=price.amount,
        currency=CURRENCY,
        interval=price.interval.value,
        interval_count=price.interval_count,
        per=Decimal(1),
        tiers=None,
        tier_mode=None,
        max_purchase=None,
        on_increase=None,
        on_decrease=None,
    )


def _of_item(item: ItemTerms, overage: Overage) -> PriceShape:
    return PriceShape(
        kind=overage.billing.value,
        feature=item.feature,
        amount=overage.amount,
        currency=CURRENCY,
        interval=item.billed_every.value,
        interval_count=item.interval_count,
        per=Decimal(overage.per),
        tiers=[tier.model_dump(mode="json") for tier in overage.tiers] if overage.tiers else None,
        tier_mode=overage.tier_mode.value if overage.tiers else None,
        max_purchase=overage.max_purchase,
        on_increase=overage.on_increase,
        on_decrease=overage.on_decrease,
    )


def _grant(item: ItemTerms, place: int | None) -> GrantShape:
    return GrantShape(
        feature=item.feature,
        price=place,
        included=item.included,
        unlimited=item.unlimited,
        reset=item.reset.value,
        reset_on_switch=item.reset_on_switch,
        per_entity=item.per_entity,
        rollover=item.rollover.model_dump(mode="json", exclude_none=True) if item.rollover else None,
    )


def _price_of_row(price: Price) -> PriceShape:
    return PriceShape(
        kind=price.kind,
        feature=price.feature.external_id if price.feature else None,
        amount=price.amount,
        currency=price.currency,
        interval=price.interval,
        interval_count=price.interval_count,
        per=price.per,
        tiers=price.tiers,
        tier_mode=price.tier_mode,
        max_purchase=price.max_purchase,
        on_increase=price.on_increase,
        on_decrease=price.on_decrease,
    )


def _grant_of_row(grant: ProductFeature, places: dict[str, int]) -> GrantShape:
    return GrantShape(
        feature=grant.feature.external_id,
        price=places.get(grant.price_id) if grant.price_id is not None else None,
        included=grant.included,
        unlimited=grant.unlimited,
        reset=grant.reset,
        reset_on_switch=grant.reset_on_switch,
        per_entity=grant.per_entity,
        rollover=grant.rollover,
    )
