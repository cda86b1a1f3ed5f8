"""A twin inside the process of the test: calls without a socket, and a state that can be put back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.parts import play
from engine.sandbox.twin.values.types import clone
from engine.sandbox.twin.web.api import Api
from engine.sandbox.twin.web.app import wire
from tests.conformance import judged, told
from tests.narrowing import is_hash, is_list

JAN_1 = 1767225600


@dataclass(frozen=True)
class Said:
    """An answer of the API."""

    status: int
    body: Any


class Inside:
    """One twin whose live clock stands."""

    def __init__(self, *, now: int = JAN_1, seed: str = "laws") -> None:
        self.world = World(seed=seed, base_url="http://twin.test")
        wire(self.world)
        self.world.live = now
        self.traffic = StringIO()
        self.api = Api(self.world, self.traffic)
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Judge all that it said and told, and be gone."""
        try:
            after: dict[str, str] = {}
            while (page := self.made("GET", "/v1/events", {"limit": 100, **after}))["has_more"]:
                after = {"starting_after": page["data"][-1]["id"]}
            found = judged(self.traffic.getvalue().splitlines())
        finally:
            self._loop.close()
        assert not found, told(found)

    def call(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, *, account: str | None = None
    ) -> Said:
        """Make one call, encoded as the official libraries do."""
        return self.send(method, path, form(params or {}), account=account)

    def send(self, method: str, path: str, encoded: str, *, account: str | None = None) -> Said:
        """Make one call with an encoded form."""
        headers = [(b"authorization", b"Bearer sk_test_laws")]
        if account:
            headers.append((b"stripe-account", account.encode()))
        query = b"" if method == "POST" else encoded.encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": headers,
        }
        body = encoded.encode() if method == "POST" else b""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        answer = self._loop.run_until_complete(self.api(Request(scope, receive)))
        return Said(answer.status_code, json.loads(bytes(answer.body)))

    def made(self, method: str, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """The body of a call that has to succeed."""
        said = self.call(method, path, params, **more)
        assert said.status == 200, (method, path, params, said.body)
        return said.body

    def move(self, to: int) -> None:
        """Let time pass on the live clock: everything due until then happens, each at its instant."""
        world = self.world
        while (found := world.agenda("live").next()) is not None and found[0].at <= to:
            world.live = max(world.live or 0, found[0].at)
            with world.transaction():
                play(world, *found)
        world.live = to

    def state(self) -> Any:
        """A copy of everything but what was logged."""
        return clone(self.world.save())

    def put_back(self, state: Any) -> None:
        """Be again as at `state()`."""
        self.world.reset()
        self.world.load(clone(state))
        self.api.forget()
        self.traffic.seek(0)
        self.traffic.truncate()


def form(params: Mapping[str, Any]) -> str:
    """Nested values in brackets, as Stripe's libraries send them."""
    return urlencode(list(_pairs("", params)))


def _pairs(where: str, value: Any) -> Any:
    if is_hash(value):
        for name, item in value.items():
            yield from _pairs(f"{where}[{name}]" if where else name, item)
    elif is_list(value):
        for index, item in enumerate(value):
            yield from _pairs(f"{where}[{index}]", item)
    elif isinstance(value, bool):
        yield where, "true" if value else "false"
    else:
        yield where, "" if value is None else str(value)
