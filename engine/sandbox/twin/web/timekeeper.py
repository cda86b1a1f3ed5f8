"""Who moves time? Test clocks run through what is due until then; the live clock stands or follows."""

from __future__ import annotations

import asyncio
import sys
import traceback

from engine.sandbox.twin.core.world import LIVE, World
from engine.sandbox.twin.parts import play
from engine.sandbox.twin.values.types import Obj

_TICK = 0.25


class Timekeeper:
    """Plays what is due: on test clocks when they are advanced, on the live clock when its instant comes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moves: dict[str, asyncio.Task[None]] = {}

    def look(self) -> None:
        """Begin to move every clock that was told to advance."""
        for clock in self._world.shelf.everywhere("test_helpers.test_clock"):
            if clock["status"] == "advancing" and clock["id"] not in self._moves:
                task = asyncio.get_running_loop().create_task(self._move(clock["id"]))
                self._moves[clock["id"]] = task

    def next(self, clock: str) -> int | None:
        """The next instant at which something happens on a clock, money that becomes available aside."""
        return self._world.agenda(clock).next_awaited()

    async def follow_the_wall(self) -> None:
        """Play what is due on the live clock, for ever, unless it was told to stand."""
        while True:
            if self._world.live is None:
                self._play(LIVE, int(self._world.wall()))
            await asyncio.sleep(_TICK)

    def advance_live(self, to: int) -> None:
        """Move the live clock on, and play what is due until then, each at its instant; then it stands."""
        world = self._world
        world.live = world.now()
        while (found := world.agenda(LIVE).next()) is not None and found[0].at <= to:
            world.live = max(world.live, found[0].at)
            with world.transaction():
                play(world, *found)
        world.live = to

    async def close(self) -> None:
        """Stop moving clocks."""
        for task in self._moves.values():
            task.cancel()
        await asyncio.gather(*self._moves.values(), return_exceptions=True)

    async def _move(self, clock_id: str) -> None:
        await asyncio.sleep(0)
        clock = self._world.shelf.peek(clock_id)
        try:
            if clock is None:
                return
            target: int = clock["status_details"]["advancing"]["target_frozen_time"]
            while self._step(clock, target):  # noqa: ASYNC110 -- it steps, it does not wait
                await asyncio.sleep(0)
            self._arrive(clock, target, "ready")
        except Exception:  # noqa: BLE001 -- whatever it was, the clock must say that it failed
            traceback.print_exc(file=sys.stderr)
            if clock is not None:
                self._arrive(clock, clock["frozen_time"], "internal_failure")
        finally:
            self._moves.pop(clock_id, None)

    def _step(self, clock: Obj, target: int) -> bool:
        """Play the next happening up to the target; tell whether there was one."""
        found = self._world.agenda(clock["id"]).next()
        if found is None or found[0].at > target:
            return False
        due, id_ = found
        with self._world.transaction():
            held = self._world.shelf.take(clock["id"])
            if held is not None:
                held["frozen_time"] = max(held["frozen_time"], due.at)
            play(self._world, due, id_)
        return True

    def _arrive(self, clock: Obj, at: int, status: str) -> None:
        with self._world.transaction():
            held = self._world.shelf.take(clock["id"])
            if held is None:
                return
            held["frozen_time"] = at
            held["status"] = status
            held["status_details"] = {}
            with self._world.acting_as(held["_account"]):
                self._world.emit(f"test_helpers.test_clock.{status}", held)

    def _play(self, clock: str, until: int) -> None:
        while True:
            found = self._world.agenda(clock).next()
            if found is None or found[0].at > until:
                return
            with self._world.transaction():
                play(self._world, *found)
