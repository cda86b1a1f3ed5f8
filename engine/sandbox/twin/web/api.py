"""How is a call of Stripe's API answered? Read, executed under its key, disturbed where asked, logged."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import TextIO

from starlette.requests import Request
from starlette.responses import Response

from engine.sandbox.twin.connect import access
from engine.sandbox.twin.core.errors import StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.faults.book import Book
from engine.sandbox.twin.faults.calls import Trouble, Work, trouble_of, work_of
from engine.sandbox.twin.faults.limits import Limits
from engine.sandbox.twin.protocol.answers import Answer, broken, refused, response
from engine.sandbox.twin.protocol.asked import Asked, Exchange
from engine.sandbox.twin.protocol.credentials import authenticate
from engine.sandbox.twin.protocol.keys import Keys
from engine.sandbox.twin.protocol.reading import parameters
from engine.sandbox.twin.protocol.routes import Router
from engine.sandbox.twin.protocol.running import prepared, run

_OK = 200
_METHODS = {"HEAD": "GET"}


class Api:
    """Everything under /v1."""

    def __init__(self, world: World, traffic: TextIO | None = None, *, book: Book | None = None) -> None:
        self._world = world
        self._book = book = book or Book(world)
        self._traffic = traffic
        self.router = Router()
        self._keys = Keys()
        self.exchanges: list[Exchange] = []
        self.latency_ms = 0
        self.before_answer: Callable[[], Awaitable[None]] = _nothing
        self._limits = Limits(world, book)
        world.parts["keys"] = self._keys

    def forget(self) -> None:
        """Forget all logged calls."""
        self.exchanges.clear()

    async def __call__(self, request: Request) -> Response:
        """Answer one request as Stripe would, or hang up where a fault says so."""
        began = time.perf_counter()
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        method = _METHODS.get(request.method, request.method)
        asked = Asked(method, request.url.path, self._world.request_ids.new("req"), key)
        trouble = Trouble()
        try:
            answer, trouble = await self._answered(request, asked)
        except StripeError as error:
            answer = self._refused(error, asked)
        except Exception:  # noqa: BLE001 -- a fault of the twin is a 500 with Stripe's body
            traceback.print_exc(file=sys.stderr)
            answer = refused(broken(), asked.request_id)
        self._note(asked, answer, (time.perf_counter() - began) * 1000, lost=trouble.lost)
        if trouble.lost:
            await _hang_up(request)
        return response(answer, asked.request_id, key, asked.account)

    async def _answered(self, request: Request, asked: Asked) -> tuple[Answer, Trouble]:
        asked.params = await parameters(request)
        authenticate(request)
        asked.account = access.in_force(self._world, request.headers.get("stripe-account"))
        self.router.find(asked)
        trouble = trouble_of(self._world, self._book, self._limits, asked)
        if trouble.refused:
            return refused(broken(), asked.request_id), trouble
        try:
            answer = await self._once(asked, trouble)
        except StripeError as error:
            answer = self._refused(error, asked)
        await self.before_answer()
        await _pause(trouble.after_ms)
        return answer, trouble

    async def _once(self, asked: Asked, trouble: Trouble) -> Answer:
        """The stored answer of the key, or the work and its answer stored."""
        if trouble.refusal is not None:
            raise trouble.refusal
        before_ms = trouble.before_ms + self.latency_ms
        if asked.key is None:
            await _pause(before_ms)
            return self._work(asked)
        stored = self._keys.begin(asked.key, asked.account, asked.fingerprint, self._world.now())
        if stored is not None:
            return stored
        try:
            await _pause(before_ms)
            answer = self._work(asked)
        except StripeError as error:
            if not error.stored:
                self._keys.release(asked.key, asked.account)
                raise
            answer = self._refused(error, asked)
        except BaseException:
            self._keys.release(asked.key, asked.account)
            raise
        self._keys.finish(asked.key, asked.account, answer)
        return answer

    def _work(self, asked: Asked) -> Answer:
        call = prepared(self._world, asked)
        broken_work = work_of(self._world, self._book, asked)
        if broken_work is Work.NOT_DONE:
            raise broken()
        shown = run(self._world, asked, call)
        if broken_work is Work.DONE:
            raise broken()
        return Answer(_OK, shown, asked.request_id)

    def _refused(self, error: StripeError, asked: Asked) -> Answer:
        """Stripe's error; what the twin does not play is counted."""
        if error.uncovered is not None:
            endpoint = asked.endpoint or asked.path
            named = endpoint if error.uncovered == endpoint else f"{endpoint} {error.uncovered}"
            self._world.uncovered[named] += 1
        return refused(error, asked.request_id)

    def _note(self, asked: Asked, answer: Answer, took: float, *, lost: bool) -> None:
        made = Exchange(
            asked.method,
            asked.path,
            asked.params,
            answer.status,
            asked.request_id,
            asked.key,
            took,
            answer.body,
            account=asked.account,
            at=self._world.now(),
            lost=lost,
        )
        self.exchanges.append(made)
        # What names no endpoint, or was never answered, is no traffic of Stripe's API.
        if self._traffic is None or lost or asked.endpoint is None:
            return
        line = {
            "method": made.method,
            "path": made.path,
            "params": made.params,
            "status": made.status,
            "response": made.answer,
        }
        self._traffic.write(json.dumps(line) + "\n")
        self._traffic.flush()


async def _nothing() -> None:
    """Nobody is waited for."""


async def _pause(milliseconds: int) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1000)


async def _hang_up(request: Request) -> None:
    """Close the connection without an answer and wait until it is closed."""
    close: Callable[[], None] = request.scope["state"]["hang_up"]
    close()
    while not await request.is_disconnected():  # noqa: ASYNC110 -- the next turn of the loop tells it
        await asyncio.sleep(0)
