"""What has not been published yet? Messages in the order in which they were written.

There is one relay at a time (Database.leadership), so that messages are published in order; no transaction
is open while it publishes. One that dies before it marked a message publishes it again under the same
event id, which the stream drops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import Outbox

RELAY: Final = "outbox relay"
"""The name that the one relay holds."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and since when the oldest does."""

    waiting: int
    oldest: datetime | None


async def unpublished(session: AsyncSession, *, limit: int = 100) -> Sequence[Outbox]:
    """The first messages that wait, in order."""
    found = await session.scalars(
        select(Outbox).where(Outbox.published_at.is_(None)).order_by(Outbox.seq).limit(limit)
    )
    return found.all()


async def mark_published(session: AsyncSession, published: Mapping[int, int]) -> None:
    """Remember for each message (by its seq) the sequence number that the stream gave it."""
    if not published:
        return
    places = case({seq: bindparam(None, place) for seq, place in published.items()}, value=Outbox.seq)
    await session.execute(
        update(Outbox)
        .where(Outbox.seq.in_(published), Outbox.published_at.is_(None))
        .values(published_at=func.clock_timestamp(), published_seq=places)
        .execution_options(synchronize_session=False)
    )


async def backlog(session: AsyncSession) -> Backlog:
    """How far behind the relay is."""
    found = await session.execute(
        select(func.count(), func.min(Outbox.created_at)).where(Outbox.published_at.is_(None))
    )
    waiting, oldest = found.one()
    return Backlog(waiting, oldest)


async def backlog_of(session: AsyncSession, owner: str) -> int:
    """How many messages of one customer (by its token in the subject) wait."""
    found = await session.scalar(
        select(func.count()).select_from(Outbox).where(Outbox.owner == owner, Outbox.published_at.is_(None))
    )
    return found or 0
