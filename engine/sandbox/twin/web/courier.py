"""How do events reach the webhook endpoints? Signed, in order, again until answered with 2xx.

Source: Stripe docs, webhooks; retries come after fractions of a second instead of hours.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque

import aiohttp

from engine.sandbox.twin.core.world import LIVE, World
from engine.sandbox.twin.values.types import Obj, Objs, public

_FIRST_WAIT = 0.05
_LONGEST_WAIT = 1.0
_MOST_REFUSALS = 40
_TIMEOUT = aiohttp.ClientTimeout(total=15)


def signature(secret: str, body: bytes, at: int) -> str:
    """The Stripe-Signature header of a body."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class Courier:
    """Delivers what was committed; one worker for each endpoint, so that its order holds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queues: dict[str, deque[str]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._pending: dict[str, int] = {}
        self._log: dict[str, list[str]] = {}
        self._wanted: set[str] = set()
        self._session: aiohttp.ClientSession | None = None
        world.committed = self.accept

    def accept(self, events: Objs) -> None:
        """Take the events of a transaction; the sending goes on by itself."""
        for event in events:
            clock = str(event["_clock"] or LIVE)
            everywhere = self._world.shelf.everywhere("webhook_endpoint")
            endpoints = [held for held in everywhere if _wants(held, event)]
            event["pending_webhooks"] = len(endpoints)
            self._log.setdefault(clock, []).append(event["id"])
            if endpoints:
                self._wanted.add(event["id"])
            for endpoint in endpoints:
                self._pending[clock] = self._pending.get(clock, 0) + 1
                self._queues.setdefault(endpoint["id"], deque()).append(event["id"])
                if endpoint["id"] not in self._workers:
                    task = asyncio.get_running_loop().create_task(self._work(endpoint["id"]))
                    self._workers[endpoint["id"]] = task

    def state(self, clock: str, after: int) -> Obj:
        """What the admin endpoint tells about a clock; `wanted` are events that an endpoint asked for."""
        log = self._log.get(clock, [])
        return {
            "last": len(log),
            "pending": self._pending.get(clock, 0),
            "events": log[after:],
            "wanted": [event for event in log[after:] if event in self._wanted],
        }

    async def close(self) -> None:
        """Stop sending."""
        for task in self._workers.values():
            task.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def forget(self) -> None:
        """Drop everything that was to be sent."""
        self._queues.clear()
        self._pending.clear()
        self._log.clear()
        self._wanted.clear()

    async def _work(self, endpoint_id: str) -> None:
        queue = self._queues[endpoint_id]
        try:
            while queue:
                event = self._world.shelf.peek(queue[0])
                if event is not None:
                    await self._deliver(endpoint_id, event)
                    clock = str(event["_clock"] or LIVE)
                    self._pending[clock] = max(0, self._pending.get(clock, 0) - 1)
                    event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                if queue:
                    queue.popleft()
        finally:
            self._workers.pop(endpoint_id, None)

    async def _deliver(self, endpoint_id: str, event: Obj) -> None:
        """Send until answered with 2xx; many refusals end that, an absent server does not."""
        body = json.dumps(public(event)).encode()
        wait, refusals = _FIRST_WAIT, 0
        while refusals < _MOST_REFUSALS:
            endpoint = self._world.shelf.peek(endpoint_id)
            if endpoint is None or endpoint["status"] != "enabled":
                return
            status = await self._post(endpoint, body)
            if status is not None and 200 <= status < 300:  # noqa: PLR2004 -- the class of success
                return
            refusals += status is not None
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    async def _post(self, endpoint: Obj, body: bytes) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(endpoint["_secret"], body, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._session.post(
                endpoint["url"], data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None


def _wants(endpoint: Obj, event: Obj) -> bool:
    """A Connect endpoint gets what happens in connected accounts, any other what happens in its own."""
    owner, place = endpoint["_account"], event["_account"]
    heard = owner is None and place is not None if endpoint["_connect"] else owner == place
    if not heard:
        return False
    wanted: list[str] = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted)
