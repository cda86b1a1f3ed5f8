"""What was billed to a customer, and what of it may still be credited?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from persistence.models import BilledLine, Invoice


async def invoices(session: AsyncSession, customer_id: str) -> Sequence[Invoice]:
    """The customer's invoices with what was billed on them, oldest first."""
    found = await session.scalars(
        select(Invoice)
        .where(Invoice.customer_id == customer_id)
        .options(selectinload(Invoice.billed))
        .order_by(Invoice.stripe_created, Invoice.id)
    )
    return found.all()


async def billed_lines(session: AsyncSession, subscription_ids: Sequence[str]) -> Sequence[BilledLine]:
    """What was billed for these Subscriptions, oldest first."""
    found = await session.scalars(
        select(BilledLine).where(BilledLine.subscription_id.in_(subscription_ids)).order_by(BilledLine.id)
    )
    return found.all()


async def open_invoices(session: AsyncSession, customer_id: str) -> Sequence[Invoice]:
    """The invoices of the customer that can still be paid, oldest first."""
    found = await session.scalars(
        select(Invoice)
        .where(Invoice.customer_id == customer_id, Invoice.state.in_(("draft", "open")))
        .order_by(Invoice.stripe_created, Invoice.id)
    )
    return found.all()
