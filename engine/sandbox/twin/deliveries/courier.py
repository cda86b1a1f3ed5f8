"""Who carries events to webhook endpoints? One worker for each endpoint, so that its order holds.

Source: Stripe docs, webhooks. Retries are `scheduled` as Stripe's, on the live clock, or `hurried`: after
fractions of a second, in order, for ever where nobody listens.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from engine.sandbox.twin.core.world import LIVE, World
from engine.sandbox.twin.faults.book import Book
from engine.sandbox.twin.faults.webhooks import in_order, plan_of
from engine.sandbox.twin.values.types import Obj, Objs, public

from . import records
from .posting import Post, succeeded

_FIRST_WAIT = 0.05
_LONGEST_WAIT = 1.0
_MOST_REFUSALS = 40
_PATIENCE = 15


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to post: a delivery's own attempts, or one more copy of it."""

    record: str
    endpoint: str
    copy: bool = False
    by_hand: bool = False


def _errands(record: Obj) -> list[Errand]:
    """The attempt that is due, and before the first one the copies that a fault adds."""
    id_, endpoint = record["id"], record["webhook_endpoint"]
    copies = 0 if record["attempts"] else record["_plan"].get("copies", 0)
    return [Errand(id_, endpoint), *(Errand(id_, endpoint, copy=True) for _ in range(copies))]


class Courier:
    """Delivers what was committed."""

    def __init__(self, world: World, book: Book) -> None:
        self._world = world
        self._book = book
        self._post = Post(world)
        self._queues: dict[str, deque[Errand]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pending: Counter[str] = Counter()
        self._log: dict[str, list[str]] = {}
        self._wanted: set[str] = set()
        self._first: dict[str, asyncio.Event] = {}
        world.committed = self.accept
        world.post = self.send
        world.parts["courier"] = self

    def accept(self, events: Objs) -> None:
        """Take the events of a transaction; the sending goes on by itself."""
        sent: dict[str, list[tuple[Obj, Errand]]] = {}
        for event in events:
            self._log.setdefault(str(event["_clock"] or LIVE), []).append(event["id"])
            endpoints = records.endpoints_for(self._world, event)
            event["pending_webhooks"] = len(endpoints)
            if endpoints:
                self._wanted.add(event["id"])
            for endpoint in endpoints:
                errands = self._planned(event, endpoint)
                sent.setdefault(endpoint["id"], []).extend((event, errand) for errand in errands)
        for id_, pairs in sent.items():
            errands = [errand for _, errand in pairs]
            for errand in in_order(self._book, [event for event, _ in pairs], id_, errands):
                self._enqueue(id_, errand)

    def _planned(self, event: Obj, endpoint: Obj) -> list[Errand]:
        """The record of a delivery and what is to be posted at once for it."""
        record = records.new_record(self._world, event, endpoint)
        plan = plan_of(self._book, event, endpoint["id"])
        record["_plan"], record["fault"] = plan, plan or None
        if plan.get("never"):
            record["state"] = records.DROPPED
            return []
        if plan.get("late_seconds"):
            records.put_off(self._world, record["id"], self._world.now() + plan["late_seconds"])
            return []
        if plan.get("before_answer"):
            self._first[record["id"]] = asyncio.Event()
        return _errands(record)

    def send(self, id_: str) -> None:
        """Post a delivery again, or for the first time when it was put off."""
        record = self._world.shelf.peek(id_)
        for errand in _errands(record) if record else ():
            self._enqueue(errand.endpoint, errand)

    def send_by_hand(self, id_: str) -> None:
        """Post a delivery once more, whatever became of it."""
        record = self._world.shelf.peek(id_)
        if record is not None:
            endpoint = record["webhook_endpoint"]
            self._enqueue(endpoint, Errand(id_, endpoint, copy=True, by_hand=True))

    async def first_deliveries(self) -> None:
        """Wait until what must arrive before the answer was posted once."""
        waited = list(self._first.items())
        for record, posted in waited:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await posted.wait()
            except TimeoutError:
                pass
            self._first.pop(record, None)

    def state(self, clock: str, after: int) -> Obj:
        """What the admin endpoint tells about a clock; `wanted` are events that an endpoint asked for."""
        log = self._log.get(clock, [])
        return {
            "last": len(log),
            "pending": self._pending[clock],
            "events": log[after:],
            "wanted": [event for event in log[after:] if event in self._wanted],
        }

    def start(self) -> None:
        """Go on with what a saved state left undone."""
        for record in list(self._world.shelf.everywhere(records.KIND)):
            if record["state"] == records.PENDING and record["_due"] is None:
                self.send(record["id"])

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._post.close()

    def save(self) -> Obj:
        """Nothing of its own: the deliveries lie among the objects."""
        return {}

    def load(self, saved: Obj) -> None:
        """Read what happened on which clock from the objects."""
        del saved
        self._log.clear()
        for event in self._world.shelf.everywhere("event"):
            self._log.setdefault(str(event["_clock"] or LIVE), []).append(event["id"])
        self._wanted = {record["event"] for record in self._world.shelf.everywhere(records.KIND)}

    def forget(self) -> None:
        """Drop everything that was to be sent."""
        for queue in self._queues.values():
            queue.clear()
        self._pending.clear()
        self._log.clear()
        self._wanted.clear()
        self._first.clear()

    def _enqueue(self, endpoint: str, errand: Errand) -> None:
        self._pending[self._clock(errand)] += 1
        self._queues.setdefault(endpoint, deque()).append(errand)
        if endpoint not in self._tasks:
            self._tasks[endpoint] = asyncio.get_running_loop().create_task(self._work(endpoint))

    def _clock(self, errand: Errand) -> str:
        record = self._world.shelf.peek(errand.record)
        event = self._world.shelf.peek(record["event"]) if record else None
        return str((event or {}).get("_clock") or LIVE)

    async def _work(self, endpoint: str) -> None:
        queue = self._queues[endpoint]
        try:
            while queue:
                errand = queue.popleft()
                clock = self._clock(errand)
                await self._run(errand)
                self._pending[clock] = max(0, self._pending[clock] - 1)
        finally:
            self._tasks.pop(endpoint, None)

    async def _run(self, errand: Errand) -> None:
        """All attempts of an errand that are made now."""
        record = self._world.shelf.peek(errand.record)
        if record is None:
            return
        plan: Obj = record["_plan"]
        if plan.get("late_milliseconds") and not record["attempts"]:
            await asyncio.sleep(plan["late_milliseconds"] / 1000)
        if errand.copy:
            await self._once(errand)
        elif self._world.settings.webhook_retries == "hurried":
            await self._hurried(errand)
        elif not await self._once(errand):
            self._schedule(errand)

    async def _hurried(self, errand: Errand) -> None:
        """Send until answered with 2xx; many refusals end that, an absent server does not."""
        wait, refusals = _FIRST_WAIT, 0
        while not await self._once(errand):
            record = self._world.shelf.peek(errand.record)
            if record is None or record["state"] != records.PENDING:
                return
            refusals += record["attempts"][-1]["status"] is not None
            if refusals >= _MOST_REFUSALS:
                records.end(self._world, errand.record, records.FAILED)
                return
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    def _schedule(self, errand: Errand) -> None:
        """The next attempt as Stripe makes it, counted from the former one; none after the last."""
        world = self._world
        record = world.shelf.peek(errand.record)
        if record is None or record["state"] != records.PENDING:
            return
        waits = world.settings.webhook_retry_seconds
        tried = sum(not attempt["copy"] for attempt in record["attempts"])
        if tried > len(waits):
            records.end(world, errand.record, records.FAILED)
            return
        planned = record["next_attempt"] or record["attempts"][0]["at"]
        if not records.put_off(world, errand.record, planned + waits[tried - 1]):
            self.send(errand.record)

    async def _once(self, errand: Errand) -> bool:
        """One attempt; tells whether nothing is left to try."""
        world = self._world
        record = world.shelf.peek(errand.record)
        event = world.shelf.peek(record["event"]) if record else None
        if record is None or event is None:
            return True
        endpoint = world.shelf.peek(record["webhook_endpoint"])
        if endpoint is None or (endpoint["status"] != "enabled" and not errand.by_hand):
            records.end(world, errand.record, records.STOPPED)
            return True
        body = {**public(event), "pending_webhooks": max(1, event["pending_webhooks"])}
        spoil = record["_plan"].get("spoil") if not record["attempts"] else None
        attempt = await self._post.send(endpoint, body, spoil=spoil)
        attempt |= {"copy": errand.copy, "by_hand": errand.by_hand}
        records.note(world, errand.record, attempt, delivered=succeeded(attempt))
        if errand.record in self._first:
            self._first[errand.record].set()
        return succeeded(attempt)
