"""How is NATS reached? One connection for everything, which comes back by itself when the server does."""

# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js.client import JetStreamContext

from engine.settings import SettingsError
from engine.telemetry import without_secrets

PATIENCE = 5.0
"""Seconds that a server may take to answer at the start, and a stream to acknowledge."""

_log = structlog.get_logger("bus")


@dataclass(frozen=True, slots=True)
class Bus:
    """A live connection and its streams."""

    client: Client
    streams: JetStreamContext

    async def ping(self) -> None:
        """Return when the server has answered; the library's flush is silent about a lost connection.

        Raises:
            nats.errors.Error: there is no connection now.
        """
        if not self.client.is_connected:
            raise nats.errors.ConnectionReconnectingError
        await self.client.flush()


@asynccontextmanager
async def connected(url: str, *, name: str = "wallstreet") -> AsyncGenerator[Bus]:
    """A connection inside the block; a server that goes away is waited for without end, except at the start.

    Raises:
        SettingsError: no NATS server answers at the address.
    """
    client = Client()
    try:
        async with asyncio.timeout(PATIENCE):
            await client.connect(
                url,
                name=name,
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                error_cb=_on_error,
                disconnected_cb=_on_disconnected,
                reconnected_cb=_on_reconnected,
            )
    except (TimeoutError, OSError, nats.errors.Error) as error:
        raise SettingsError(
            (f"WALLSTREET_NATS_URL: no NATS server answers at {without_secrets(url)}.",)
        ) from error
    try:
        yield Bus(client, client.jetstream(timeout=PATIENCE))
    finally:
        with suppress(OSError, nats.errors.Error):  # a server that is gone is as closed as can be
            await client.close()


async def _on_error(error: Exception) -> None:
    _log.warning("nats_error", error=repr(error))


async def _on_disconnected() -> None:
    _log.info("nats_disconnected")


async def _on_reconnected() -> None:
    _log.info("nats_reconnected")
