"""Was this request made before, and what was it answered? One row for each caller and key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import IdempotencyKey, Json

ABANDONED_AFTER: Final = timedelta(minutes=2)
"""How long a request holds its key without an answer before its process is taken for dead."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The key is the caller's: do the work, then finish, unlock or free it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The same request was made before; this was its answer."""

    status: int
    body: Json


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The same request is being worked on now."""


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The key was used before for a request that differs."""


Beginning = Begun | Answered | UnderWay | OtherRequest


async def begin(
    session: AsyncSession,
    caller: str,
    key: str,
    *,
    fingerprint: str,
    abandoned_after: timedelta = ABANDONED_AFTER,
) -> Beginning:
    """Take the key for one request, or say what became of it; commit before the work begins.

    A key that was unlocked, or held without an answer for too long, is given again to the same request.
    """
    made = await session.execute(
        insert(IdempotencyKey)
        .values(caller=caller, key=key, fingerprint=fingerprint, locked_at=func.clock_timestamp())
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if made.scalar_one_or_none() is not None:
        return Begun()
    known = await _locked(session, caller, key)
    if known is None:  # freed since
        return await begin(session, caller, key, fingerprint=fingerprint, abandoned_after=abandoned_after)
    if known.fingerprint != fingerprint:
        return OtherRequest()
    if known.status is not None:
        return Answered(known.status, known.body or {})
    return Begun() if await _taken_over(session, caller, key, abandoned_after) else UnderWay()


async def finish(session: AsyncSession, caller: str, key: str, *, status: int, body: Json) -> bool:
    """Keep the answer for good; False if the key has one already, which stays."""
    done = await session.execute(
        update(IdempotencyKey)
        .where(*_named(caller, key), IdempotencyKey.status.is_(None))
        .values(status=status, body=body, locked_at=None)
        .returning(IdempotencyKey.key)
    )
    return done.scalar_one_or_none() is not None


async def unlock(session: AsyncSession, caller: str, key: str) -> None:
    """Let the same request be made again under the key, and no other."""
    await session.execute(
        update(IdempotencyKey)
        .where(*_named(caller, key), IdempotencyKey.status.is_(None))
        .values(locked_at=None)
    )


async def free(session: AsyncSession, caller: str, key: str) -> None:
    """Forget a key under which nothing was done; one that has an answer is kept."""
    await session.execute(delete(IdempotencyKey).where(*_named(caller, key), IdempotencyKey.status.is_(None)))


async def _taken_over(session: AsyncSession, caller: str, key: str, abandoned_after: timedelta) -> bool:
    taken = await session.execute(
        update(IdempotencyKey)
        .where(
            *_named(caller, key),
            or_(
                IdempotencyKey.locked_at.is_(None),
                IdempotencyKey.locked_at < func.clock_timestamp() - abandoned_after,
            ),
        )
        .values(locked_at=func.clock_timestamp())
        .returning(IdempotencyKey.key)
    )
    return taken.scalar_one_or_none() is not None


async def _locked(session: AsyncSession, caller: str, key: str) -> IdempotencyKey | None:
    found = await session.scalars(
        select(IdempotencyKey)
        .where(*_named(caller, key))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


def _named(caller: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return IdempotencyKey.caller == caller, IdempotencyKey.key == key
