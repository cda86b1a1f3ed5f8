"""How is an event posted? One real HTTP request, signed now; what came of it as an attempt."""

from __future__ import annotations

import json
import time

import aiohttp

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from .signing import secrets_of, signature, spoiled

_TIMEOUT = aiohttp.ClientTimeout(total=15)
_SHOWN = 500
_GOOD = range(200, 300)


class Post:
    """The way out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session: aiohttp.ClientSession | None = None

    async def send(self, endpoint: Obj, event: Obj, *, spoil: str | None = None) -> Obj:
        """Post an event once; redirects are not followed and no success."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        body = json.dumps(event).encode()
        secrets = secrets_of(endpoint, self._world.now())
        at = int(time.time())
        signed = {"Stripe-Signature": signature(secrets, body, at)}
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            **(spoiled(spoil, secrets, body, at) if spoil else signed),
        }
        attempt: Obj = {"at": self._world.now(), "status": None, "error": None, "response": None}
        try:
            async with self._session.post(
                endpoint["url"], data=body, headers=headers, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(_SHOWN)).decode(errors="replace")
                return {**attempt, "status": answer.status, "response": text}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return {**attempt, "error": type(error).__name__}

    async def close(self) -> None:
        """Close what was kept open."""
        if self._session is not None:
            await self._session.close()


def succeeded(attempt: Obj) -> bool:
    """Tell whether the endpoint took the event: only 2xx says so."""
    return attempt["status"] in _GOOD
