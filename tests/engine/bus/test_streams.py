# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

import asyncio

import pytest

from engine.bus import connection
from engine.bus.connection import Bus, connected
from engine.bus.streams import FEED_STREAM, TUNNEL_STREAM, TUNNEL_SUBJECT, ensure_change_feed, ensure_tunnel
from engine.settings import SettingsError


async def test_streams_are_made_once_and_keep_what_they_hold(bus: Bus) -> None:
    await asyncio.gather(*(ensure_change_feed(bus.streams) for _ in range(5)))
    await bus.streams.publish("wallstreet.change_feed.customer.user_1.createdV1", b"{}")
    await ensure_change_feed(bus.streams)
    assert (await bus.streams.stream_info(FEED_STREAM)).state.messages == 1
    assert await ensure_tunnel(bus.streams) == TUNNEL_STREAM
    assert await ensure_tunnel(bus.streams) == TUNNEL_STREAM


async def test_the_stream_of_a_tunnel_is_used_under_its_own_name(bus: Bus) -> None:
    await bus.streams.add_stream(name="TUNNEL", subjects=["tunnel.>"])
    assert await ensure_tunnel(bus.streams) == "TUNNEL"
    assert (await bus.streams.publish(TUNNEL_SUBJECT, b"{}")).stream == "TUNNEL"
    await bus.streams.delete_stream("TUNNEL")


async def test_a_wrong_address_is_one_sentence_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    with pytest.raises(SettingsError) as caught:
        async with connected("nats://user:hidden@127.0.0.1:1"):
            pass
    (sentence,) = caught.value.sentences
    assert sentence.startswith("WALLSTREET_NATS_URL: no NATS server answers at nats://user:")
    assert "hidden" not in sentence
