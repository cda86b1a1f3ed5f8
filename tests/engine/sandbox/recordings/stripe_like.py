"""Who answers? A fresh twin inside this process, called as Stripe is; its wall clock is ours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import httpx2

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.web.app import build
from tests.engine.sandbox.recordings.forms import encode

KEY = "sk_test_replay"


class Answers:
    """One twin; `now` is its time, `request_id` that of the last call."""

    def __init__(self, seed: str, now: int) -> None:
        self.now = now
        self.request_id = ""
        self.traffic = io.StringIO()
        self._world = World(seed=seed, base_url="http://twin", wall=lambda: self.now)
        transport = httpx2.ASGITransport(build(self._world, self.traffic))
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://twin")

    async def call(
        self, method: str, path: str, params: dict[str, Any], *, key: str = KEY, account: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
        if account is not None:
            headers["Stripe-Account"] = account
        form = encode(params)
        if method == "POST":
            answer = await self._client.request(method, path, content=form, headers=headers)
        else:
            answer = await self._client.request(method, f"{path}?{form}" if form else path, headers=headers)
        self.request_id = answer.headers["Request-Id"]
        return answer.status_code, json.loads(answer.content)

    async def must(
        self, method: str, path: str, params: dict[str, Any] | None = None, account: str | None = None
    ) -> dict[str, Any]:
        """The body of an answer that has to be good."""
        status, body = await self.call(method, path, params or {}, account=account)
        assert status == 200, (method, path, params, body)
        return body

    async def settle(self, settings: dict[str, Any]) -> None:
        """Set what the account sets in its dashboard."""
        answer = await self._client.post("/_twin/settings", json=settings)
        assert answer.status_code == 200, answer.text

    async def lines(self, accounts: Iterable[str | None]) -> list[str]:
        """All that was said, and the events of these accounts, as the checker reads it."""
        for account in accounts:
            await self.must("GET", "/v1/events", {"limit": 100}, account)
        return self.traffic.getvalue().splitlines()
