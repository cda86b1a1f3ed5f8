"""Who works for a customer now? One lease at a time, by the database's clock, with a fence.

The lease is what keeps two attaches of a customer apart while no transaction is open. Its fence grows with
every claim: whoever writes under a lease checks it first, so that one who slept through its end writes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import Function

from persistence.errors import CustomerBusy, LeaseLost
from persistence.models import Base, Customer

LENGTH: Final = timedelta(seconds=30)
"""How long a lease is held unless it is renewed."""

# A lease is no change of the customer that anybody is told of, hence the table instead of the row.
_CUSTOMER: Final = Base.metadata.tables["customer"]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work for one customer until an instant of the database's clock."""

    customer_id: str
    owner: str
    fence: int
    until: datetime


async def claim(session: AsyncSession, customer_id: str, *, owner: str, length: timedelta = LENGTH) -> Lease:
    """Take the customer's lease and lock the customer until commit; raises CustomerBusy when it is taken."""
    free = or_(_CUSTOMER.c.lease_until.is_(None), _CUSTOMER.c.lease_until <= _now())
    taken = await session.execute(
        update(_CUSTOMER)
        .where(_CUSTOMER.c.id == customer_id, free)
        .values(lease_owner=owner, lease_until=_now() + length, fence=_CUSTOMER.c.fence + 1)
        .returning(_CUSTOMER.c.fence, _CUSTOMER.c.lease_until)
    )
    found = taken.one_or_none()
    if found is None:
        raise CustomerBusy(customer_id)
    return Lease(customer_id, owner, fence=found.fence, until=found.lease_until)


async def renew(session: AsyncSession, lease: Lease, *, length: timedelta = LENGTH) -> Lease:
    """Hold the lease longer, also one that ran out if nobody took it since; else raises LeaseLost."""
    held = await session.execute(
        update(_CUSTOMER)
        .where(*_is(lease))
        .values(lease_until=_now() + length)
        .returning(_CUSTOMER.c.lease_until)
    )
    until = held.scalar_one_or_none()
    if until is None:
        raise LeaseLost(lease.customer_id, lease.fence)
    return Lease(lease.customer_id, lease.owner, fence=lease.fence, until=until)


async def require(session: AsyncSession, customer_id: str, *, fence: int) -> None:
    """Lock the customer until commit; raises LeaseLost if somebody claimed it after this fence."""
    locked = await session.scalar(
        select(Customer.fence).where(Customer.id == customer_id).with_for_update(key_share=True)
    )
    if locked != fence:
        raise LeaseLost(customer_id, fence)


async def release(session: AsyncSession, lease: Lease) -> None:
    """Give the lease back; one that was lost is left to whoever has it."""
    await session.execute(update(_CUSTOMER).where(*_is(lease)).values(lease_owner=None, lease_until=None))


def _is(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        _CUSTOMER.c.id == lease.customer_id,
        _CUSTOMER.c.fence == lease.fence,
        _CUSTOMER.c.lease_owner == lease.owner,
    )


def _now() -> Function[datetime]:
    """The time of the statement, not of the transaction's beginning: locks are waited for in between."""
    return func.clock_timestamp()
