"""Was this event heard before, and was it handled? An event of Stripe's is one row, however often told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import Inbox


async def hear(
    session: AsyncSession,
    event_id: str,
    *,
    type: str,  # noqa: A002 -- Stripe's word
    object_type: str,
    object_id: str | None,
    account: str | None,
    livemode: bool,
    created: datetime,
    received_at: datetime,
) -> bool:
    """Keep the event; False if it was heard before."""
    values: dict[str, Any] = {
        "event_id": event_id,
        "type": type,
        "object_type": object_type,
        "object_id": object_id,
        "account": account,
        "livemode": livemode,
        "created": created,
        "received_at": received_at,
        "attempts": 0,
        "parked": False,
    }
    made = await session.execute(
        insert(Inbox).values(values).on_conflict_do_nothing().returning(Inbox.event_id)
    )
    return made.scalar_one_or_none() is not None


async def claim(session: AsyncSession, event_id: str) -> Inbox | None:
    """The event, locked until commit; None when it is handled, parked, unknown or locked by another."""
    found = await session.scalars(
        select(Inbox)
        .where(Inbox.event_id == event_id, Inbox.handled_at.is_(None), ~Inbox.parked)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def claim_next(session: AsyncSession, *, limit: int = 20) -> Sequence[Inbox]:
    """The oldest events to be tried now (by the database's clock), locked until commit."""
    found = await session.scalars(
        select(Inbox)
        .where(
            Inbox.handled_at.is_(None),
            ~Inbox.parked,
            or_(Inbox.next_at.is_(None), Inbox.next_at <= func.clock_timestamp()),
        )
        .order_by(Inbox.created, Inbox.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def handled(session: AsyncSession, event: Inbox) -> None:
    """The event is done with, together with what this transaction did about it."""
    event.handled_at = await _now(session)
    event.last_error = None


async def failed(session: AsyncSession, event: Inbox, *, error: str, again_in: timedelta) -> None:
    """The event could not be handled; it is tried again after a while."""
    event.attempts += 1
    event.last_error = error
    event.next_at = await _now(session) + again_in


def park(event: Inbox, *, error: str) -> None:
    """Nobody tries the event again until a person looked at it."""
    event.attempts += 1
    event.last_error = error
    event.parked = True


async def open_events(session: AsyncSession) -> int:
    """How many events are heard, not handled and not parked."""
    found = await session.scalar(
        select(func.count()).select_from(Inbox).where(Inbox.handled_at.is_(None), ~Inbox.parked)
    )
    return found or 0


async def _now(session: AsyncSession) -> datetime:
    now = await session.scalar(select(func.clock_timestamp()))
    assert isinstance(now, datetime)
    return now
