"""Messages wait in the order they were written until they are marked as published."""

from __future__ import annotations

from persistence import outbox
from persistence.database import Database
from tests.persistence.rows import make_world, messages, writing


async def _waiting(database: Database, *, limit: int = 100) -> list[int]:
    async with database.session() as session:
        return [message.seq for message in await outbox.unpublished(session, limit=limit)]


async def test_messages_wait_in_order(database: Database) -> None:
    await make_world(database)
    written = [message.seq for message in await messages(database)]
    assert written == sorted(written)
    assert await _waiting(database) == written
    assert await _waiting(database, limit=2) == written[:2]


async def test_what_is_published_waits_no_more(database: Database) -> None:
    await make_world(database)
    first, second, *rest = await _waiting(database)
    async with writing(database) as session:
        await outbox.mark_published(session, {first: 41, second: 42})
    assert await _waiting(database) == rest
    published = (await messages(database))[:2]
    assert [message.published_seq for message in published] == [41, 42]
    assert all(message.published_at is not None for message in published)


async def test_the_first_mark_stays(database: Database) -> None:
    await make_world(database)
    first = (await _waiting(database))[0]
    for stream_seq in (1, 2):
        async with writing(database) as session:
            await outbox.mark_published(session, {first: stream_seq})
    assert (await messages(database))[0].published_seq == 1


async def test_the_backlog_says_how_many_wait_and_since_when(database: Database) -> None:
    async with database.session() as session:
        assert await outbox.backlog(session) == outbox.Backlog(0, None)
    world = await make_world(database)
    told = await messages(database)
    async with database.session() as session:
        backlog = await outbox.backlog(session)
        mine = await outbox.backlog_of(session, f"organization_{world.customer.external_id}")
    assert backlog == outbox.Backlog(len(told), told[0].created_at)
    assert mine == 3  # customer, entity, subscription
