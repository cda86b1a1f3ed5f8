"""Which of our rows does an object of Stripe speak of? Lookups by Stripe's ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from persistence.models import (
    Attachment,
    BilledLine,
    CheckoutSession,
    Clock,
    Customer,
    Invoice,
    Price,
    Subscription,
    SubscriptionItem,
    SubscriptionProduct,
)


async def customer_of_stripe(session: AsyncSession, stripe_id: str | None) -> Customer | None:
    """The customer, locked for this transaction: whatever changes a customer's rows locks it first."""
    found = await session.scalars(
        select(Customer).where(Customer.stripe_customer_id == stripe_id).with_for_update()
    )
    return found.one_or_none()


async def subscription_of_stripe(session: AsyncSession, stripe_id: str | None) -> Subscription | None:
    """The Subscription that Stripe's subscription is for."""
    if stripe_id is None:
        return None
    found = await session.scalars(
        select(Subscription).where(Subscription.stripe_subscription_id == stripe_id)
    )
    return found.one_or_none()


async def invoice_of_stripe(session: AsyncSession, stripe_id: str) -> Invoice | None:
    """Our copy of an invoice."""
    found = await session.scalars(select(Invoice).where(Invoice.stripe_invoice_id == stripe_id))
    return found.one_or_none()


async def session_of_stripe(session: AsyncSession, stripe_id: str) -> CheckoutSession | None:
    """Our copy of a checkout session."""
    found = await session.scalars(
        select(CheckoutSession).where(CheckoutSession.stripe_session_id == stripe_id)
    )
    return found.one_or_none()


async def attachment_named(session: AsyncSession, attachment_id: str) -> Attachment | None:
    """The attachment of that id, if it is one of ours."""
    return await session.get(Attachment, attachment_id)


async def attachment_exists(session: AsyncSession, attachment_id: str) -> bool:
    """Whether the id is one of our attachments."""
    found = await session.scalar(select(Attachment.id).where(Attachment.id == attachment_id))
    return found is not None


async def attachment_awaiting(session: AsyncSession, stripe_id: str) -> str | None:
    """The attachment that waits for this invoice or checkout session."""
    return await session.scalar(
        select(Attachment.id).where(
            Attachment.awaiting_id == stripe_id, Attachment.state == "awaiting_customer"
        )
    )


async def billed_lines_of(session: AsyncSession, invoice_id: str) -> Sequence[BilledLine]:
    """What was billed on an invoice."""
    return (await session.scalars(select(BilledLine).where(BilledLine.invoice_id == invoice_id))).all()


async def prices_of_stripe(session: AsyncSession, stripe_ids: Sequence[str]) -> dict[str, Price]:
    """Our prices by their Stripe ids."""
    found = await session.scalars(select(Price).where(Price.stripe_price_id.in_(stripe_ids)))
    return {str(price.stripe_price_id): price for price in found}


async def products_of_subscription(
    session: AsyncSession, subscription_id: str
) -> Sequence[SubscriptionProduct]:
    """Every product that a Subscription has or had, with its product, items and prices, oldest first."""
    found = await session.scalars(
        select(SubscriptionProduct)
        .where(SubscriptionProduct.subscription_id == subscription_id)
        .options(
            selectinload(SubscriptionProduct.product),
            selectinload(SubscriptionProduct.items).selectinload(SubscriptionItem.price),
        )
        .order_by(SubscriptionProduct.starts_at, SubscriptionProduct.id)
    )
    return found.all()


async def billed_lines_named(session: AsyncSession, ids: Sequence[str]) -> dict[str, BilledLine]:
    """These billed lines by their ids."""
    found = await session.scalars(select(BilledLine).where(BilledLine.id.in_(ids)))
    return {line.id: line for line in found}


async def prices_named(session: AsyncSession, ids: Sequence[str | None]) -> dict[str, Price]:
    """These prices by their ids."""
    found = await session.scalars(select(Price).where(Price.id.in_([i for i in ids if i is not None])))
    return {price.id: price for price in found}


async def clock_of_stripe_customer(session: AsyncSession, stripe_id: str | None) -> Clock | None:
    """The clock of the customer that is Stripe's customer."""
    found = await session.scalars(
        select(Clock)
        .join(Customer, Customer.clock_id == Clock.id)
        .where(Customer.stripe_customer_id == stripe_id)
    )
    return found.one_or_none()


async def database_time(session: AsyncSession) -> datetime:
    """What the clock of the database shows, by which rows are dated."""
    now = await session.scalar(select(func.clock_timestamp()))
    assert isinstance(now, datetime)
    return now


async def change_of_stripe_customer(session: AsyncSession, stripe_id: str | None) -> datetime | None:
    """When anything of the customer was changed last, by the database's clock; locked until commit."""
    return await session.scalar(
        select(Customer.updated_at).where(Customer.stripe_customer_id == stripe_id).with_for_update()
    )


async def id_of_stripe_customer(session: AsyncSession, stripe_id: str | None) -> str | None:
    """The id of the customer that is Stripe's customer."""
    return await session.scalar(select(Customer.id).where(Customer.stripe_customer_id == stripe_id))


async def plan_runs_for(session: AsyncSession, customer_id: str) -> bool:
    """Whether a plan of the customer is being carried out at this moment."""
    found = await session.scalar(
        select(Attachment.id)
        .where(
            Attachment.customer_id == customer_id,
            Attachment.state.in_(("planned", "calling", "unknown", "recorded")),
        )
        .limit(1)
    )
    return found is not None
