"""What must happen at an instant of a clock? Each thing once, under a key, by whoever claims it first.

Instants are those of the clock; a claim holds for a while of the database's own time, since no transaction
is open while the thing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.ids import new_id
from persistence.models import Due, Json

CLAIM: Final = timedelta(seconds=60)
"""For how long a claimed thing is left to whoever claimed it."""


async def put(
    session: AsyncSession,
    *,
    clock_id: str,
    at: datetime,
    kind: str,
    key: str,
    customer_id: str | None = None,
    payload: Json | None = None,
) -> bool:
    """Remember what is due under the key, moving what is already there; False if that was done before.

    What is done once is never done again: a thing that repeats has its instant in its key.
    """
    new = insert(Due).values(
        id=new_id("due"),
        clock_id=clock_id,
        at=at,
        kind=kind,
        key=key,
        customer_id=customer_id,
        payload=payload or {},
        attempts=0,
        parked=False,
    )
    again = {name: new.excluded[name] for name in ("clock_id", "at", "kind", "customer_id", "payload")}
    kept = await session.execute(
        new.on_conflict_do_update(
            index_elements=[Due.key],
            set_={
                **again,
                "attempts": 0,
                "parked": False,
                "resume_at": None,
                "last_error": None,
                "updated_at": func.now(),
            },
            where=Due.done_at.is_(None),
        ).returning(Due.id)
    )
    return kept.scalar_one_or_none() is not None


async def cancel(session: AsyncSession, key_prefix: str) -> int:
    """Forget everything whose key begins so and that is not done; how many that were."""
    gone = await session.execute(
        delete(Due).where(Due.key.startswith(key_prefix, autoescape=True), Due.done_at.is_(None))
    )
    assert isinstance(gone, CursorResult)
    return gone.rowcount


async def next_at(session: AsyncSession, clock_id: str) -> datetime | None:
    """The instant of the next thing that happens on the clock."""
    return await session.scalar(
        select(func.min(Due.at)).where(Due.clock_id == clock_id, Due.done_at.is_(None), ~Due.parked)
    )


async def claim(
    session: AsyncSession, clock_id: str, *, until: datetime, limit: int = 20, hold: timedelta = CLAIM
) -> Sequence[Due]:
    """What is due on the clock up to the instant and nobody else is doing, in order; commit, then do it."""
    free = or_(Due.resume_at.is_(None), Due.resume_at <= func.clock_timestamp())
    chosen = (
        select(Due.id)
        .where(Due.clock_id == clock_id, Due.at <= until, Due.done_at.is_(None), ~Due.parked, free)
        .order_by(Due.at, Due.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        # As a CTE it runs once; a plain subquery may be run again and lock more than the limit.
        .cte("chosen")
    )
    found = await session.scalars(
        update(Due)
        .where(Due.id.in_(select(chosen.c.id)))
        .values(resume_at=func.clock_timestamp() + hold, attempts=Due.attempts + 1)
        .returning(Due)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return sorted(found.all(), key=lambda due: (due.at, due.id))


async def done(session: AsyncSession, due_id: str) -> None:
    """It happened; in the transaction of what happened, or after it."""
    await session.execute(
        update(Due)
        .where(Due.id == due_id)
        .values(done_at=func.clock_timestamp(), resume_at=None, last_error=None)
        .execution_options(synchronize_session=False)
    )


async def failed(session: AsyncSession, due_id: str, *, error: str, again_in: timedelta | None) -> None:
    """It did not happen; it is tried again after a while, or parked for a person when that is None."""
    await session.execute(
        update(Due)
        .where(Due.id == due_id)
        .values(
            resume_at=None if again_in is None else func.clock_timestamp() + again_in,
            parked=again_in is None,
            last_error=error,
        )
        .execution_options(synchronize_session=False)
    )
