"""Who does what nobody asks for? Small loops: what is due on the live clock, what was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from engine.background import background
from engine.clock import wall_time
from engine.settle.due import DueWork
from engine.steps.claim import claimed
from engine.steps.executor import Executor
from engine.telemetry import alarm
from persistence.database import Database
from persistence.models.customers import LIVE_CLOCK
from persistence.repositories import attachments

EVERY = 1.0
_log = structlog.get_logger("loops")


class Loops:
    """Does what is due on the live clock, and drives on what a crash or a lost answer left behind."""

    def __init__(self, database: Database, due_work: DueWork, executor: Executor) -> None:
        self._database = database
        self._due = due_work
        self._executor = executor

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Both loops run inside the block."""
        async with background(self._repeat(self._live), self._repeat(self._recover)):
            yield

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except OSError as error:
                _log.warning("loop_interrupted", error=repr(error))
            except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
                alarm("loop_failed", error=repr(error))
            await asyncio.sleep(EVERY)

    async def _live(self) -> None:
        await self._due.run(LIVE_CLOCK, until=wall_time())

    async def _recover(self) -> None:
        async with self._database.transaction(
            cause={"kind": "recovery", "id": "loop"}, at=wall_time()
        ) as session:
            abandoned = await attachments.claim_abandoned(session)
        for attachment_id in abandoned:
            try:
                await self._take_up(attachment_id)
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - one that cannot go on must not hold the others up
                alarm("recovery_failed", attachment=attachment_id, error=repr(error))

    async def _take_up(self, attachment_id: str) -> None:
        async with self._database.session() as session:
            found = await attachments.with_steps(session, attachment_id)
        if found.customer_id is None:
            await self._executor.drive(attachment_id, at=wall_time())
            return
        # Claiming a customer drives on what was left unfinished, once nobody else works for it.
        async with claimed(self._database, self._executor, found.customer_id):
            pass
