"""Where are the answers of idempotency keys kept? In the database, each step in a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from engine.api.services import Answer, Busy, Claimed, Mismatch, Stored
from engine.clock import wall_time
from persistence import idempotency
from persistence.database import Database


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The keys that are kept in a database."""

    database: Database
    now: Callable[[], datetime] = wall_time

    async def claim(self, caller: str, key: str, fingerprint: str) -> Claimed | Stored | Busy | Mismatch:
        """Take the key for one call, or say why not."""
        async with self._writing(key) as session:
            begun = await idempotency.begin(session, caller, key, fingerprint=fingerprint)
        match begun:
            case idempotency.Begun():
                return Claimed()
            case idempotency.Answered(status=status, body=body):
                return Stored(status, body)
            case idempotency.UnderWay():
                return Busy()
            case idempotency.OtherRequest():
                return Mismatch()
            case _:
                assert_never(begun)

    async def store(self, caller: str, key: str, *, status: int, body: Answer) -> None:
        """Keep the answer under the key for good."""
        async with self._writing(key) as session:
            await idempotency.finish(session, caller, key, status=status, body=dict(body))

    async def free(self, caller: str, key: str) -> None:
        """Forget the key: nothing was done under it."""
        async with self._writing(key) as session:
            await idempotency.free(session, caller, key)

    async def unlock(self, caller: str, key: str) -> None:
        """Let the same call be repeated under the key."""
        async with self._writing(key) as session:
            await idempotency.unlock(session, caller, key)

    @asynccontextmanager
    async def _writing(self, key: str) -> AsyncGenerator[AsyncSession]:
        cause = {"kind": "api", "id": key}
        async with self.database.transaction(cause=cause, at=self.now()) as session:
            yield session
