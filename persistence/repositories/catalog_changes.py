"""May a product's terms still change, and what was made for a catalog at Stripe?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from machines.attachment import LIVE, State
from persistence.models import Attachment, Customer, Json, Step, SubscriptionProduct


async def held_ever(session: AsyncSession, product_ids: Collection[str]) -> set[str]:
    """Those of these products that some customer has or had, or waits for."""
    found = await session.scalars(
        select(SubscriptionProduct.product_id)
        .where(SubscriptionProduct.product_id.in_(product_ids))
        .distinct()
    )
    return set(found)


async def asked_for(session: AsyncSession, catalog: str) -> set[str]:
    """The products, by name, that are being attached now or wait for a payment."""
    found = await session.scalars(
        select(Attachment.request)
        .join(Customer, Customer.id == Attachment.customer_id)
        .where(Customer.catalog == catalog, Attachment.state.in_((*LIVE, State.AWAITING_CUSTOMER)))
    )
    return {name for request in found for name in _products(request)}


async def running(session: AsyncSession, catalog: str) -> Attachment | None:
    """The work for the catalog at Stripe that is under way."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.catalog == catalog, Attachment.state.in_(LIVE))
        .order_by(Attachment.id)
        .limit(1)
    )
    return found.one_or_none()


async def made_in_vain(session: AsyncSession, catalog: str) -> Sequence[Step]:
    """What was made at Stripe by work for the catalog that failed afterwards, in its order."""
    found = await session.scalars(
        select(Step)
        .join(Attachment, Attachment.id == Step.attachment_id)
        .where(Attachment.catalog == catalog, Attachment.state == State.FAILED, Step.state == "done")
        .order_by(Step.attachment_id, Step.n)
    )
    return found.all()


def _products(request: Json) -> set[str]:
    several: list[Json] = request.get("products") or []
    named = [choice.get("product") for choice in several]
    return {str(name) for name in (*named, request.get("product")) if name is not None}
