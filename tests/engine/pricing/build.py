"""Prices and billed lines for the tests, with only what a test is about to be said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from engine.pricing.model import (
    MONTHLY,
    ONCE,
    YEARLY,
    BilledLineView,
    Cadence,
    Line,
    OnDecrease,
    OnIncrease,
    Period,
    PricedItem,
    PriceKind,
    Tier,
    TierMode,
)

__all__ = [
    "FEB",
    "JAN",
    "JANUARY",
    "JAN_16",
    "MONTHLY",
    "ONCE",
    "YEARLY",
    "amounts",
    "base",
    "billed",
    "day",
    "packs_of",
]


def day(month: int, number: int, hour: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


JAN, JAN_16, FEB = day(1, 1), day(1, 16), day(2, 1)
JANUARY = Period(JAN, FEB)


def base(amount: int, cadence: Cadence = MONTHLY, product: str = "pro") -> PricedItem:
    return PricedItem(
        price_id=f"{product}-base",
        kind=PriceKind.FIXED,
        amount=amount,
        currency="usd",
        cadence=cadence,
        product=product,
        product_title=product.title(),
        stripe_price_id=f"price_{product}",
    )


def packs_of(
    amount: int,
    *,
    units: int = 0,
    per: int = 100,
    included: int = 0,
    cadence: Cadence = MONTHLY,
    feature: str = "messages",
    product: str = "pro",
    tiers: tuple[Tier, ...] = (),
    tier_mode: TierMode = TierMode.GRADUATED,
    kind: PriceKind = PriceKind.PREPAID,
    on_increase: OnIncrease = OnIncrease.PRORATE_IMMEDIATELY,
    on_decrease: OnDecrease = OnDecrease.PRORATE_IMMEDIATELY,
    max_purchase: int | None = None,
) -> PricedItem:
    return PricedItem(
        price_id=f"{product}-{feature}",
        kind=kind,
        amount=amount,
        currency="usd",
        cadence=cadence,
        product=product,
        product_title=product.title(),
        feature=feature,
        feature_title=feature.title(),
        included=Decimal(included),
        units=Decimal(units),
        per=Decimal(per),
        tiers=tiers,
        tier_mode=tier_mode,
        max_purchase=None if max_purchase is None else Decimal(max_purchase),
        on_increase=on_increase,
        on_decrease=on_decrease,
        stripe_price_id=f"price_{product}_{feature}",
    )


def billed(
    net: int,
    period: Period | None = JANUARY,
    *,
    credited: int = 0,
    paid: bool = True,
    access_given: bool = True,
    title: str = "Pro",
) -> BilledLineView:
    return BilledLineView(
        id="bl_1",
        title=title,
        net=net,
        currency="usd",
        product="pro",
        period=period,
        price_id="pro-base",
        credited=credited,
        paid=paid,
        access_given=access_given,
    )


def amounts(lines: Iterable[Line]) -> list[int]:
    return [line.amount for line in lines]
