from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from nats.js.errors import NotFoundError

from engine.bus.connection import Bus, connected
from engine.bus.streams import FEED_STREAM, TUNNEL_STREAM
from engine.sandbox.folders import RunFolder
from engine.sandbox.nats import embedded_nats


@pytest.fixture(scope="session")
async def nats_url() -> AsyncIterator[str]:
    """A server for these tests alone: they count what is in the streams, which a running system fills."""
    with RunFolder() as folder:
        async with embedded_nats(folder.path) as url:
            yield url


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    """A connection of this test's own; its streams are gone afterwards."""
    async with connected(nats_url) as opened:
        yield opened
        for stream in (FEED_STREAM, TUNNEL_STREAM):
            with suppress(NotFoundError):
                await opened.streams.delete_stream(stream)
