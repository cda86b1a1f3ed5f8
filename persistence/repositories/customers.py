"""Who is this customer, and on which clock does it live?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from persistence.models import CheckoutSession, Clock, Customer, Entity
from persistence.repositories.leases import LENGTH, Lease, claim, release, renew, require


async def find(session: AsyncSession, type: str, external_id: str) -> Customer | None:  # noqa: A002 -- its column
    """The customer of that name, with its clock."""
    found = await session.scalars(
        select(Customer)
        .where(Customer.type == type, Customer.external_id == external_id)
        .options(joinedload(Customer.clock, innerjoin=True))
    )
    return found.one_or_none()


async def find_all(session: AsyncSession, references: Sequence[tuple[str, str]]) -> Sequence[Customer]:
    """The customers of these types and external ids, with clocks; unknown ones are left out."""
    found = await session.scalars(
        select(Customer)
        .where(tuple_(Customer.type, Customer.external_id).in_(references))
        .options(joinedload(Customer.clock, innerjoin=True))
    )
    return found.all()


async def get(session: AsyncSession, customer_id: str) -> Customer:
    """The customer of that id, with its clock."""
    found = await session.scalars(
        select(Customer).where(Customer.id == customer_id).options(joinedload(Customer.clock, innerjoin=True))
    )
    return found.one()


async def version(session: AsyncSession, customer_id: str) -> int:
    """How often anything of the customer has changed."""
    found = await session.scalar(select(Customer.version).where(Customer.id == customer_id))
    assert found is not None
    return found


async def lock(session: AsyncSession, customer_id: str) -> Customer:
    """The customer as it is now, locked until commit: whoever changes a customer's rows locks it first."""
    found = await session.scalars(
        select(Customer)
        .where(Customer.id == customer_id)
        .options(joinedload(Customer.clock, innerjoin=True))
        .with_for_update(of=Customer, key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.one()


async def entity(
    session: AsyncSession, customer_id: str, external_id: str, *, feature_id: str | None = None
) -> Entity | None:
    """The living entity of that name; of that feature when it is named."""
    query = select(Entity).where(
        Entity.customer_id == customer_id, Entity.external_id == external_id, Entity.deleted_at.is_(None)
    )
    if feature_id is not None:
        query = query.where(Entity.feature_id == feature_id)
    return (await session.scalars(query.order_by(Entity.id).limit(1))).one_or_none()


async def open_checkout(session: AsyncSession, customer_id: str) -> CheckoutSession | None:
    """The one checkout session that the customer can still pay at."""
    found = await session.scalars(
        select(CheckoutSession).where(
            CheckoutSession.customer_id == customer_id, CheckoutSession.state == "open"
        )
    )
    return found.one_or_none()


async def clock(session: AsyncSession, clock_id: str) -> Clock | None:
    """The clock of that id."""
    return await session.get(Clock, clock_id)


async def on_clock(session: AsyncSession, clock_id: str) -> Sequence[Customer]:
    """Everybody who lives on the clock, oldest first."""
    found = await session.scalars(select(Customer).where(Customer.clock_id == clock_id).order_by(Customer.id))
    return found.all()


async def move_clock(session: AsyncSession, clock_id: str, *, to: datetime) -> Clock:
    """Set a sandbox clock, locked until commit; ValueError if it would go back."""
    found = await session.scalars(select(Clock).where(Clock.id == clock_id).with_for_update())
    moved = found.one()
    if moved.now is None or to < moved.now:
        raise ValueError(f"clock {clock_id} shows {moved.now} and cannot be set to {to}")
    moved.now = to
    return moved


__all__ = [
    "LENGTH",
    "Lease",
    "claim",
    "clock",
    "entity",
    "find",
    "find_all",
    "get",
    "lock",
    "move_clock",
    "on_clock",
    "open_checkout",
    "release",
    "renew",
    "require",
    "version",
]
