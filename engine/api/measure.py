"""How many calls come, how long do they take, and how do they end? Counted by path, never by customer."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.telemetry import METRICS

CALLS: Final = Counter(
    "wallstreet_http_calls", "Calls by path and status.", ["method", "path", "status"], registry=METRICS
)
SECONDS: Final = Histogram(
    "wallstreet_http_seconds",
    "Seconds that calls took.",
    ["method", "path"],
    registry=METRICS,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
NOWHERE: Final = "(no such path)"


class Measured:
    """Counts every HTTP call that passes through it to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and count how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            route = scope.get("route")
            path = str(getattr(route, "path", NOWHERE))
            method = scope["method"] if route is not None else "*"
            CALLS.labels(method, path, str(status)).inc()
            SECONDS.labels(method, path).observe(time.perf_counter() - began)
