"""Is anything still under way? What a sandbox clock waits for before it moves on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import Attachment, Customer, Inbox, Outbox

UNDER_WAY = ("planned", "calling", "recorded", "rejected", "compensating")


async def events_are_handled(session: AsyncSession, event_ids: Sequence[str]) -> bool:
    """Whether each of these events of Stripe was handled, or parked for a person."""
    if not event_ids:
        return True
    done = await session.scalar(
        select(func.count())
        .select_from(Inbox)
        .where(Inbox.event_id.in_(event_ids), or_(Inbox.handled_at.is_not(None), Inbox.parked))
    )
    return done == len(set(event_ids))


async def nothing_under_way(session: AsyncSession, clock_id: str) -> bool:
    """Whether no attachment runs and no message waits for the customers of a clock."""
    running = exists().where(
        Attachment.customer_id == Customer.id,
        Attachment.state.in_(UNDER_WAY),
        Customer.clock_id == clock_id,
    )
    owner = Customer.type + "_" + Customer.external_id
    waiting = exists().where(
        Outbox.published_at.is_(None), Outbox.owner == owner, Customer.clock_id == clock_id
    )
    either: ColumnElement[bool] = or_(running, waiting)
    return not await session.scalar(select(either))
