"""What does a customer have and what had it? Everything that it is shown, read at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from persistence.models import Subscription, SubscriptionItem, SubscriptionProduct


async def products(session: AsyncSession, customer_id: str) -> Sequence[SubscriptionProduct]:
    """Every product that the customer has, had or will have, the oldest first, with items and entities."""
    found = await session.scalars(
        select(SubscriptionProduct)
        .where(SubscriptionProduct.customer_id == customer_id)
        .options(
            selectinload(SubscriptionProduct.product),
            selectinload(SubscriptionProduct.entity),
            selectinload(SubscriptionProduct.items).selectinload(SubscriptionItem.price),
        )
        .order_by(SubscriptionProduct.id)
    )
    return found.all()


async def subscriptions(session: AsyncSession, customer_id: str) -> Sequence[Subscription]:
    """Every Subscription that the customer has or had, the oldest first."""
    found = await session.scalars(
        select(Subscription).where(Subscription.customer_id == customer_id).order_by(Subscription.id)
    )
    return found.all()


async def held_anything(session: AsyncSession, customer_id: str) -> bool:
    """Whether the customer has or had any product at all."""
    found = await session.scalar(
        select(SubscriptionProduct.id).where(SubscriptionProduct.customer_id == customer_id).limit(1)
    )
    return found is not None
