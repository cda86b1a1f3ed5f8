"""Balances and entitlements for the tests, with only what a test is about to be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.clock import Interval
from engine.ledger.model import BalanceState, Entitlement, FeatureType
from engine.pricing.model import MONTHLY, Cadence, PricedItem, PriceKind

JAN = datetime(2026, 1, 1, tzinfo=UTC)
JAN_16 = datetime(2026, 1, 16, tzinfo=UTC)
FEB = datetime(2026, 2, 1, tzinfo=UTC)


def balance(
    included: float | str = 0, used: float | str = 0, *, name: str = "bal_1", **fields: Any
) -> BalanceState:
    plain = BalanceState(
        id=name,
        feature_id="feat_1",
        feature="messages",
        included=Decimal(str(included)),
        used=Decimal(str(used)),
        anchor=JAN,
        period_start=JAN,
    )
    return replace(plain, **fields)


def entitlement(included: int = 0, *, item: PricedItem | None = None, **fields: Any) -> Entitlement:
    plain = Entitlement(
        product_feature_id="pf_1",
        feature_id="feat_1",
        feature="messages",
        type=FeatureType.METERED,
        consumable=True,
        included=Decimal(included),
        reset=Interval.MONTH,
        item=item,
    )
    return replace(plain, **fields)


def item(
    units: int = 0,
    *,
    included: int = 0,
    per: int = 100,
    kind: PriceKind = PriceKind.PREPAID,
    cadence: Cadence = MONTHLY,
) -> PricedItem:
    return PricedItem(
        price_id="price_1",
        kind=kind,
        amount=1000,
        currency="usd",
        cadence=cadence,
        product="pro",
        product_title="Pro",
        feature="messages",
        included=Decimal(included),
        units=Decimal(units),
        per=Decimal(per),
    )


def seen(*values: object) -> tuple[object, ...]:
    """Values to compare with plain numbers, which the type checker would call a comparison of strangers."""
    return values
