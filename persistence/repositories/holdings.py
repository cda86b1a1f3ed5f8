"""What does a customer hold? Its products with their terms, and the balances that they opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.strategy_options import _AbstractLoad  # pyright: ignore[reportPrivateUsage] -- no public name

from persistence.models import (
    Balance,
    Customer,
    Price,
    Product,
    ProductFeature,
    Subscription,
    SubscriptionItem,
    SubscriptionProduct,
)

HELD = ("incomplete", "scheduled", "trialing", "active", "past_due", "paused", "canceling")


def terms_of_product() -> tuple[_AbstractLoad, ...]:
    """Loads a product with all that pricing and the ledger ask of it."""
    return (
        selectinload(Product.prices).selectinload(Price.feature),
        selectinload(Product.features).selectinload(ProductFeature.feature),
    )


async def lock_customer(session: AsyncSession, customer_id: str) -> Customer:
    """The customer, locked for this transaction: whatever changes a customer's rows locks it first."""
    found = await session.scalars(select(Customer).where(Customer.id == customer_id).with_for_update())
    return found.one()


async def product(session: AsyncSession, product_id: str) -> Product:
    """One product with its terms."""
    found = await session.scalars(
        select(Product).where(Product.id == product_id).options(*terms_of_product())
    )
    return found.one()


async def held_products(session: AsyncSession, customer_id: str) -> Sequence[SubscriptionProduct]:
    """Everything that the customer holds or has scheduled, with products, terms, items and Subscriptions."""
    found = await session.scalars(
        select(SubscriptionProduct)
        .where(SubscriptionProduct.customer_id == customer_id, SubscriptionProduct.state.in_(HELD))
        .options(
            selectinload(SubscriptionProduct.product).options(*terms_of_product()),
            selectinload(SubscriptionProduct.subscription),
            selectinload(SubscriptionProduct.entity),
            selectinload(SubscriptionProduct.items).selectinload(SubscriptionItem.price),
        )
        .order_by(SubscriptionProduct.starts_at, SubscriptionProduct.id)
    )
    return found.all()


async def subscriptions(session: AsyncSession, ids: Collection[str]) -> Sequence[Subscription]:
    """These Subscriptions, oldest first."""
    found = await session.scalars(
        select(Subscription).where(Subscription.id.in_(ids)).order_by(Subscription.id)
    )
    return found.all()


async def open_balances(session: AsyncSession, subscription_product_id: str) -> Sequence[Balance]:
    """The balances that a held product opened and that have not ended, locked in a fixed order."""
    found = await session.scalars(
        select(Balance)
        .where(Balance.subscription_product_id == subscription_product_id, Balance.ended_at.is_(None))
        .options(selectinload(Balance.feature), selectinload(Balance.entity))
        .order_by(Balance.id)
        .with_for_update(of=Balance)
    )
    return found.all()


async def scheduled_after(session: AsyncSession, held: SubscriptionProduct) -> SubscriptionProduct | None:
    """The product that is scheduled in the place of a held main product."""
    if held.group is None or held.add_on:
        return None
    found = await session.scalars(
        select(SubscriptionProduct).where(
            SubscriptionProduct.customer_id == held.customer_id,
            SubscriptionProduct.entity_id.is_not_distinct_from(held.entity_id),
            SubscriptionProduct.group == held.group,
            SubscriptionProduct.state == "scheduled",
        )
    )
    return found.one_or_none()


async def held_before(session: AsyncSession, customer_id: str, product: str) -> bool:
    """Whether the customer ever held the product, in whatever version."""
    found = await session.scalar(
        select(SubscriptionProduct.id)
        .join(Product, Product.id == SubscriptionProduct.product_id)
        .where(
            SubscriptionProduct.customer_id == customer_id,
            Product.external_id == product,
            SubscriptionProduct.state == "ended",
        )
        .limit(1)
    )
    return found is not None


async def held_product(session: AsyncSession, row_id: str) -> SubscriptionProduct | None:
    """One held product."""
    return await session.get(SubscriptionProduct, row_id)


async def in_force_before(session: AsyncSession, held: SubscriptionProduct) -> SubscriptionProduct | None:
    """The main product in force whose place a scheduled one takes."""
    found = await session.scalars(
        select(SubscriptionProduct).where(
            SubscriptionProduct.customer_id == held.customer_id,
            SubscriptionProduct.entity_id.is_not_distinct_from(held.entity_id),
            SubscriptionProduct.group == held.group,
            SubscriptionProduct.state.in_(("trialing", "active", "past_due", "paused", "canceling")),
        )
    )
    return found.one_or_none()
