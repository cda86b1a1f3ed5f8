"""What is left of a feature? The balances that a customer (or one of its entities) may draw on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from persistence.models import Balance, UsageEvent


async def of_customer(session: AsyncSession, customer_id: str) -> Sequence[Balance]:
    """Every balance of the customer and its entities that has not ended, oldest first."""
    return (await session.scalars(_open(customer_id))).all()


async def of_features(
    session: AsyncSession, customer_id: str, feature_ids: Collection[str], *, lock: bool = False
) -> Sequence[Balance]:
    """The balances of these features that have not ended; as they are now and locked until commit when asked.

    They are locked in the order of their ids, so that two who use several never wait for each other.
    """
    query = _open(customer_id).where(Balance.feature_id.in_(feature_ids))
    if lock:
        query = query.with_for_update(of=Balance).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def usage_with(session: AsyncSession, customer_id: str, idempotency_key: str) -> UsageEvent | None:
    """The report of use that was made under the key."""
    found = await session.scalars(
        select(UsageEvent).where(
            UsageEvent.customer_id == customer_id, UsageEvent.idempotency_key == idempotency_key
        )
    )
    return found.one_or_none()


def _open(customer_id: str) -> Select[Balance]:
    return (
        select(Balance)
        .where(Balance.customer_id == customer_id, Balance.ended_at.is_(None))
        .options(selectinload(Balance.feature), selectinload(Balance.entity))
        .order_by(Balance.id)
    )
