"""How does a committed change reach the change feed? From the outbox, in order, by one process at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import nats.errors
import structlog
from nats.js.api import Header
from prometheus_client import Counter
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from engine.background import background
from engine.bus.connection import Bus
from engine.bus.streams import FEED_STREAM, ensure_change_feed
from engine.clock import wall_time
from engine.telemetry import METRICS, alarm
from persistence import outbox
from persistence.database import Database, Leadership, WatchedSession
from persistence.feed import TOLD
from persistence.models import Outbox

POLL = 1.0
"""Seconds until the outbox is looked at although nobody said so: another process may have committed."""
BATCH = 200
STUCK_AFTER = 60
"""Interruptions in a row, about one a second, after which a person is told."""

_PUBLISHED = Counter("wallstreet_feed_messages", "Messages of the change feed.", ["result"], registry=METRICS)
_PASSING = (nats.errors.Error, OperationalError, InterfaceError, OSError)

_log = structlog.get_logger("relay")


class Relay:
    """Publishes what the outbox holds; a commit of this process makes it look at once."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._woken = asyncio.Event()
        self._interruptions = 0

    def wake(self) -> None:
        """Something may have been committed."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Commits of this process are published at once inside the block, those of others within a second."""
        await ensure_change_feed(self._bus.streams)
        event.listen(WatchedSession, "after_commit", self._after_commit)
        try:
            async with background(self._run()):
                yield
        finally:
            event.remove(WatchedSession, "after_commit", self._after_commit)

    def _after_commit(self, session: Session) -> None:
        if session.info.get(TOLD, False):
            self.wake()

    async def _run(self) -> None:
        while True:
            try:
                async with self._database.leadership(outbox.RELAY) as leadership:
                    if leadership is not None:
                        await self._lead(leadership)
            except _PASSING as error:
                self._interrupted(error)
            except Exception as error:  # noqa: BLE001 - a relay that ended would be missed by nobody
                alarm("relay_failed", error=repr(error))
            await asyncio.sleep(POLL)

    def _interrupted(self, error: Exception) -> None:
        self._interruptions += 1
        _log.warning("relay_interrupted", error=repr(error), interruptions=self._interruptions)
        if self._interruptions == STUCK_AFTER:
            alarm("relay_stuck", error=repr(error))

    async def _lead(self, leadership: Leadership) -> None:
        while await leadership.held():
            self._woken.clear()
            if await self._publish_waiting() < BATCH:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._woken.wait()
            self._interruptions = 0

    async def _publish_waiting(self) -> int:
        """How many waited, up to a batch. What was acknowledged before a failure is marked all the same."""
        async with self._database.session() as session:
            waiting = await outbox.unpublished(session, limit=BATCH)
        acknowledged: dict[int, int] = {}
        try:
            for message in waiting:
                # One after the other: a later message must not be in the stream when an earlier one fails.
                acknowledged[message.seq] = await self._publish(message)
        finally:
            if acknowledged:
                await self._mark(acknowledged)
        return len(waiting)

    async def _publish(self, message: Outbox) -> int:
        """The place of the message in the stream; one that was there already keeps its place."""
        data = json.dumps(message.body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {str(Header.MSG_ID.value): message.event_id}
        ack = await self._bus.streams.publish(message.subject, data, stream=FEED_STREAM, headers=headers)
        _PUBLISHED.labels("duplicate" if ack.duplicate else "new").inc()
        return ack.seq

    async def _mark(self, acknowledged: dict[int, int]) -> None:
        async with self._database.transaction(cause={"kind": "relay"}, at=wall_time()) as session:
            await outbox.mark_published(session, acknowledged)
