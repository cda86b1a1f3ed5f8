"""How does sandbox time move? From happening to happening, and at each everything is finished first.

A clock of ours is tied to a test clock of Stripe's. The twin tells its next happening, `due` has ours;
both are played in order, and nothing goes on before webhooks, inbox, steps and outbox are empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.clock import from_unix, to_unix, wall_time
from engine.errors import InvalidRequest, NotFound, TemporarilyUnable
from engine.payments.gateway import Gateway
from engine.settle.due import DueWork
from engine.settle.twin import Twin
from persistence import due
from persistence.database import Database
from persistence.ids import new_id
from persistence.models import Clock
from persistence.models.customers import LIVE_CLOCK
from persistence.repositories import customers, quiet

Json = dict[str, Any]
PATIENCE = 30.0
"""Seconds after which something that should have finished by itself has not."""
LOOK_AGAIN = 0.01


class Clocks:
    """The clocks of a sandbox, and the wait until nothing is under way."""

    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        twin: Twin | None,
        due_work: DueWork,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._twin = twin
        self._due = due_work
        self._wake = wake
        self._heard: dict[str, int] = {}

    async def create(self, now: datetime) -> Json:
        """A clock that stands still at the instant, and a test clock of Stripe's beside it."""
        at = now.replace(microsecond=0)
        row = new_id("clk")
        answer = await self._gateway.call(
            "test_helpers.test_clocks.create",
            {"frozen_time": to_unix(at), "name": row},
            idempotency_key=f"ws1:clock:{row}",
        )
        async with self._database.transaction(cause={"kind": "api", "id": "clock"}, at=at) as session:
            session.add(Clock(id=row, stripe_test_clock_id=answer.body["id"], now=at))
        return _told(row, at)

    async def get(self, clock_id: str) -> Json:
        """A clock and what it shows."""
        clock = await self._clock(clock_id)
        return _told(clock.id, clock.now or wall_time())

    async def advance(self, clock_id: str, to: datetime) -> Json:
        """Move a clock; everything due on the way, and exactly at the end, has happened when this returns.

        Raises:
            NotFound: there is no such clock.
            InvalidRequest: it is the live clock, or would go back.
            TemporarilyUnable: something did not finish; the clock stands where that happened.
        """
        clock = await self._clock(clock_id)
        if clock.now is None or clock.stripe_test_clock_id is None:
            raise InvalidRequest("The live clock moves by itself; make a sandbox clock to move time.")
        if to < clock.now:
            raise InvalidRequest(f"The clock shows {clock.now:%Y-%m-%dT%H:%M:%SZ} and cannot go back.")
        now = clock.now
        while True:
            await self._finish(clock_id, clock.stripe_test_clock_id, now)
            upcoming = await self._next(clock_id, clock.stripe_test_clock_id, after=now)
            target = min(to, upcoming) if upcoming is not None else to
            if target <= now:
                return _told(clock_id, now)
            await self._move(clock_id, clock.stripe_test_clock_id, target)
            now = target

    async def settle(self, clock_id: str) -> Json:
        """Wait until nothing is under way for the customers of a clock."""
        clock = await self._clock(clock_id)
        await self._quiet(clock_id, clock.stripe_test_clock_id or LIVE_CLOCK)
        return _told(clock.id, clock.now or wall_time())

    async def _finish(self, clock_id: str, stripe_clock: str, now: datetime) -> None:
        """Wait for what is under way, do what is due, and wait for what that caused."""
        await self._quiet(clock_id, stripe_clock)
        while await self._due.run(clock_id, until=now):
            await self._quiet(clock_id, stripe_clock)

    async def _next(self, clock_id: str, stripe_clock: str, *, after: datetime) -> datetime | None:
        async with self._database.session() as session:
            ours = await due.next_at(session, clock_id)
        theirs = await self._twin.next_happening(stripe_clock) if self._twin is not None else None
        moments = [m for m in (ours, theirs) if m is not None and m > after]
        return min(moments, default=None)

    async def _move(self, clock_id: str, stripe_clock: str, target: datetime) -> None:
        """Ours first: what the twin tells from then on is handled at the new instant."""
        async with self._database.transaction(cause={"kind": "api", "id": "clock"}, at=target) as session:
            await customers.move_clock(session, clock_id, to=target)
        await self._gateway.call(
            "test_helpers.test_clocks.advance", {"frozen_time": to_unix(target)}, target=stripe_clock
        )
        async with asyncio.timeout(PATIENCE):
            while not await self._is_ready(stripe_clock, target):  # noqa: ASYNC110 - Stripe has no event for it
                await asyncio.sleep(LOOK_AGAIN)

    async def _is_ready(self, stripe_clock: str, target: datetime) -> bool:
        answer = await self._gateway.call("test_helpers.test_clocks.retrieve", target=stripe_clock)
        return answer.body["status"] == "ready" and from_unix(answer.body["frozen_time"]) >= target

    async def _quiet(self, clock_id: str, stripe_clock: str) -> None:
        self._wake()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await self._is_quiet(clock_id, stripe_clock):
            if asyncio.get_running_loop().time() > deadline:
                raise TemporarilyUnable(
                    "not_settled",
                    "Something is still under way after half a minute; ask again.",
                    facts={"clock": clock_id},
                )
            await asyncio.sleep(LOOK_AGAIN)

    async def _is_quiet(self, clock_id: str, stripe_clock: str) -> bool:
        if self._twin is not None:
            after = self._heard.get(stripe_clock, 0)
            told = await self._twin.deliveries(stripe_clock, after=after)
            if told.pending:
                return False
            async with self._database.session() as session:
                if not await quiet.events_are_handled(session, told.events):
                    return False
            self._heard[stripe_clock] = told.last
        async with self._database.session() as session:
            return await quiet.nothing_under_way(session, clock_id)

    async def _clock(self, clock_id: str) -> Clock:
        async with self._database.session() as session:
            found = await customers.clock(session, clock_id)
        if found is None:
            raise NotFound("clock_not_found", f"There is no clock {clock_id}.")
        return found


def _told(clock_id: str, now: datetime) -> Json:
    return {"id": clock_id, "now": now.isoformat().replace("+00:00", "Z")}
