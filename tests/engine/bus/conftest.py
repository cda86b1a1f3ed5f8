from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from nats.js.errors import NotFoundError

from engine.bus.connection import Bus, connected
from engine.bus.streams import FEED_STREAM, TUNNEL_STREAM


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    """A connection of this test's own; its streams are gone afterwards."""
    async with connected(nats_url) as opened:
        yield opened
        for stream in (FEED_STREAM, TUNNEL_STREAM):
            with suppress(NotFoundError):
                await opened.streams.delete_stream(stream)
