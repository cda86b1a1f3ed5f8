"""A key answers one request of one caller, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from persistence import idempotency
from persistence.database import Database
from persistence.idempotency import Answered, Beginning, Begun, OtherRequest, UnderWay
from tests.persistence.rows import writing

_HELD = timedelta(minutes=2)


async def _begin(
    database: Database,
    *,
    caller: str = "shop",
    fingerprint: str = "body",
    abandoned_after: timedelta = _HELD,
) -> Beginning:
    async with writing(database) as session:
        return await idempotency.begin(
            session, caller, "key", fingerprint=fingerprint, abandoned_after=abandoned_after
        )


async def _finish(database: Database, *, status: int = 200) -> bool:
    async with writing(database) as session:
        return await idempotency.finish(session, "shop", "key", status=status, body={"id": "att_1"})


async def test_a_key_is_under_way_until_it_is_answered(database: Database) -> None:
    assert await _begin(database) == Begun()
    assert await _begin(database) == UnderWay()
    assert await _finish(database)
    assert await _begin(database) == Answered(200, {"id": "att_1"})


async def test_another_request_is_refused_before_and_after_the_answer(database: Database) -> None:
    await _begin(database)
    assert await _begin(database, fingerprint="other") == OtherRequest()
    await _finish(database)
    assert await _begin(database, fingerprint="other") == OtherRequest()


async def test_each_caller_has_its_own_keys(database: Database) -> None:
    await _begin(database)
    await _finish(database)
    assert await _begin(database, caller="desk", fingerprint="other") == Begun()


async def test_a_freed_key_is_as_if_it_had_never_been_used(database: Database) -> None:
    await _begin(database)
    async with writing(database) as session:
        await idempotency.free(session, "shop", "key")
    assert await _begin(database, fingerprint="other") == Begun()


async def test_an_answer_is_kept_for_good(database: Database) -> None:
    await _begin(database)
    assert await _finish(database)
    assert not await _finish(database, status=500)
    async with writing(database) as session:
        await idempotency.free(session, "shop", "key")
        await idempotency.unlock(session, "shop", "key")
    assert await _begin(database) == Answered(200, {"id": "att_1"})


async def test_an_unlocked_key_is_for_the_same_request_only(database: Database) -> None:
    await _begin(database)
    async with writing(database) as session:
        await idempotency.unlock(session, "shop", "key")
    assert await _begin(database, fingerprint="other") == OtherRequest()
    assert await _begin(database) == Begun()
    assert await _begin(database) == UnderWay()


async def test_a_key_of_a_dead_process_is_given_again(database: Database) -> None:
    await _begin(database)
    assert await _begin(database, abandoned_after=timedelta(0)) == Begun()


async def test_of_many_at_once_one_begins(database: Database) -> None:
    outcomes = await asyncio.gather(*(_begin(database) for _ in range(6)))
    assert outcomes.count(Begun()) == 1
    assert outcomes.count(UnderWay()) == 5
