"""Contexts for tests, built from a few words; money in cents, months from 1 January 2026."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from engine.attach.context import (
    AttachContext,
    CustomerTerms,
    HeldProduct,
    ProductTerms,
    StripeItem,
    SubscriptionTerms,
)
from engine.clock import Interval
from engine.pricing.model import ONCE, BilledLineView, Cadence, Period, PricedItem, PriceKind

START = datetime(2026, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
MID = datetime(2026, 1, 16, tzinfo=UTC)


def base_price(product: str, amount: int, interval: str = "month") -> PricedItem:
    """A fixed price."""
    cadence = ONCE if interval == "one_off" else Cadence(Interval(interval))
    return PricedItem(
        price_id=f"price_{product}_{interval}",
        kind=PriceKind.FIXED,
        amount=amount,
        currency="usd",
        cadence=cadence,
        product=product,
        product_title=product,
        stripe_price_id=f"stripe_{product}_{interval}",
    )


def packs(product: str, feature: str, amount: int, *, per: int = 100, included: int = 0) -> PricedItem:
    """Monthly packs of a feature."""
    return PricedItem(
        price_id=f"price_{product}_{feature}",
        kind=PriceKind.PREPAID,
        amount=amount,
        currency="usd",
        cadence=Cadence(Interval.MONTH),
        product=product,
        product_title=product,
        feature=feature,
        feature_title=feature,
        included=Decimal(included),
        per=Decimal(per),
        stripe_price_id=f"stripe_{product}_{feature}",
    )


def product(name: str, *items: PricedItem, group: str | None = "main", version: int = 1) -> ProductTerms:
    """A product with these prices; free without any."""
    kind = "free" if not items else "one_off" if all(i.is_one_off for i in items) else "recurring"
    return ProductTerms(
        row_id=f"prod_{name}_{version}",
        id=name,
        version=version,
        group=group,
        add_on=False,
        is_default=False,
        price_kind=kind,
        ready=True,
        trial=None,
        items=items,
        features=(),
    )


def held(
    terms: ProductTerms,
    *,
    state: str = "active",
    subscription: str = "sub_1",
    quantities: Mapping[str, int] | None = None,
    starts_at: datetime = START,
    ends_at: datetime | None = None,
) -> HeldProduct:
    """A product that the customer holds."""
    return HeldProduct(
        row_id=f"sp_{terms.id}",
        product=terms,
        state=state,
        quantities={f: Decimal(n) for f, n in (quantities or {}).items()},
        subscription=subscription,
        entity=None,
        one_off=False,
        starts_at=starts_at,
        ends_at=ends_at,
        trial_ends_at=None,
    )


def paid_subscription(
    *held_products: HeldProduct,
    row: str = "sub_1",
    schedule: str | None = None,
    status: str = "active",
    cancel_at: datetime | None = None,
) -> SubscriptionTerms:
    """A running Stripe subscription whose products were billed in full for January."""
    live = [h for h in held_products if h.live]
    items = [item for h in live for item in h.items.recurring]
    return SubscriptionTerms(
        row_id=row,
        stripe_id=f"stripe_{row}",
        schedule_id=schedule,
        status=status,
        anchor=START,
        cancel_at=cancel_at,
        items=tuple(
            StripeItem(f"si_{item.stripe_price_id}", str(item.stripe_price_id), 1, FEBRUARY) for item in items
        ),
        billed=tuple(
            BilledLineView(
                id=f"bl_{item.price_id}",
                title=item.product,
                net=item.amount,
                currency="usd",
                product=item.product,
                period=Period(START, FEBRUARY),
                price_id=item.price_id,
                holding=h.row_id,
            )
            for h in live
            for item in h.items.recurring
        ),
    )


def free_subscription(row: str = "sub_free") -> SubscriptionTerms:
    """A Subscription that costs nothing."""
    return SubscriptionTerms(
        row_id=row,
        stripe_id=None,
        schedule_id=None,
        status=None,
        anchor=START,
        cancel_at=None,
        items=(),
        billed=(),
    )


def context(
    wanted: ProductTerms,
    *holdings: HeldProduct,
    subscriptions: tuple[SubscriptionTerms, ...] = (),
    at: datetime = START,
    asked: Mapping[str, int] | None = None,
    card: bool = True,
    default: ProductTerms | None = None,
    settings: Mapping[str, bool] | None = None,
) -> AttachContext:
    """What is known when the customer asks for the product."""
    return AttachContext(
        at=at,
        attachment="att_test",
        customer=CustomerTerms(
            row_id="cus_row",
            type="organization",
            id="acme",
            catalog="main",
            stripe_id="cus_stripe",
            stripe_clock=None,
            currency="usd",
            has_payment_method=card,
            version=1,
        ),
        product=wanted,
        entity=None,
        asked={f: Decimal(n) for f, n in (asked or {}).items()},
        held=holdings,
        subscriptions=subscriptions,
        settings=settings or {},
        success_url="https://example.com/done",
        default=default,
    )
