from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable

import pytest
from sqlalchemy import select

from engine.bus import relay as relay_module
from engine.bus.connection import Bus, connected
from engine.bus.relay import Relay
from engine.bus.streams import FEED_STREAM, ensure_change_feed
from engine.sandbox.folders import RunFolder
from engine.sandbox.nats import embedded_nats
from persistence import outbox
from persistence.database import Database
from persistence.models import Outbox
from tests.engine.bus.messages import feed, length, put, until


async def _is(answer: Awaitable[int], expected: int) -> bool:
    return await answer == expected


def _deaf(_relay: Relay) -> None:
    """In the place of `wake`: as if another process had committed."""


async def _waiting(database: Database) -> int:
    async with database.session() as session:
        return (await outbox.backlog(session)).waiting


async def test_what_is_committed_is_published_in_order_under_its_own_id(database: Database, bus: Bus) -> None:
    await put(database, 1, 2)
    async with Relay(database, bus).running():
        await put(database, 3)
        messages = await feed(bus, 3)
        await until(lambda: _is(_waiting(database), 0))
    assert [json.loads(message.data)["version"] for message in messages] == [1, 2, 3]
    assert [(message.headers or {})["Nats-Msg-Id"] for message in messages] == [
        "cus_1_1",
        "cus_1_2",
        "cus_1_3",
    ]
    assert messages[0].subject == "wallstreet.change_feed.customer.organization_1.updatedV1"
    assert "Ärzte" in messages[0].data.decode()


async def test_a_commit_wakes_the_relay(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 60.0)
    async with Relay(database, bus).running():
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await put(database, 1)
        await feed(bus, 1)
        assert time.monotonic() - started < 1.0


async def test_what_another_process_commits_is_found_by_looking(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    monkeypatch.setattr(Relay, "wake", _deaf)
    async with Relay(database, bus).running():
        await asyncio.sleep(0.2)
        await put(database, 1)
        assert len(await feed(bus, 1)) == 1


async def test_a_relay_that_died_before_it_marked_publishes_nothing_twice(
    database: Database, bus: Bus
) -> None:
    await ensure_change_feed(bus.streams)
    await put(database, 1, 2)
    async with database.session() as session:
        first = (await outbox.unpublished(session))[0]
    await bus.streams.publish(first.subject, b"{}", headers={"Nats-Msg-Id": first.event_id})
    async with Relay(database, bus).running():
        await until(lambda: _is(_waiting(database), 0))
    assert await length(bus) == 2


async def test_of_two_relays_one_publishes_and_the_other_takes_over(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    second_database = Database(database.url, pool_size=2)
    first, second = Relay(database, bus), Relay(second_database, bus)
    async with second.running():
        async with first.running():
            await put(database, *range(1, 301))
            await until(lambda: _is(_waiting(database), 0))
        await put(database, 301)
        await until(lambda: _is(_waiting(database), 0))
    await second_database.dispose()
    messages = await feed(bus, 301)
    assert [json.loads(message.data)["version"] for message in messages] == list(range(1, 302))
    assert await length(bus) == 301


async def test_the_place_in_the_stream_is_remembered(database: Database, bus: Bus) -> None:
    await put(database, 1, 2)
    async with Relay(database, bus).running():
        await until(lambda: _is(_waiting(database), 0))
    async with database.session() as session:
        rows = (await session.scalars(select(Outbox).order_by(Outbox.seq))).all()
    assert [row.published_seq for row in rows] == [1, 2]
    assert all(row.published_at for row in rows)


async def test_messages_wait_while_nats_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.1)
    with RunFolder() as folder:
        async with embedded_nats(folder.path) as url, connected(url) as bus, Relay(database, bus).running():
            await put(database, 1)
            await until(lambda: _is(_waiting(database), 0))
            await bus.streams.delete_stream(FEED_STREAM)
            await put(database, 2, 3)
            await asyncio.sleep(0.5)
            assert await _waiting(database) == 2
            await ensure_change_feed(bus.streams)
            await until(lambda: _is(_waiting(database), 0))
            messages = await feed(bus, 2)
            assert [json.loads(message.data)["version"] for message in messages] == [2, 3]
