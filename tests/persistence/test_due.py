"""What is due on a clock is done once, by one, in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from persistence import due
from persistence.database import Database
from persistence.models import Clock, Due
from tests.persistence.rows import AT, unique, writing

_HOUR = timedelta(hours=1)


async def _put(
    database: Database, key: str, *, at: datetime = AT, clock_id: str = "live", payload: str = ""
) -> bool:
    async with writing(database) as session:
        return await due.put(
            session, clock_id=clock_id, at=at, kind="reset", key=key, payload={"balance": payload}
        )


async def _claim(database: Database, *, until: datetime = AT, hold: timedelta = due.CLAIM) -> list[str]:
    async with writing(database) as session:
        return _keys(await due.claim(session, "live", until=until, hold=hold))


def _keys(rows: Sequence[Due]) -> list[str]:
    return [row.key for row in rows]


async def _named(database: Database, key: str) -> Due:
    async with writing(database) as session:
        rows = await due.claim(session, "live", until=AT + 10 * _HOUR, hold=timedelta(0))
    return next(row for row in rows if row.key == key)


async def test_what_is_due_comes_in_order_and_nothing_later(database: Database) -> None:
    for key, hours in (("late", 2), ("second", 1), ("first", 0), ("exactly", 1)):
        await _put(database, key, at=AT + hours * _HOUR)
    claimed = await _claim(database, until=AT + _HOUR)
    assert claimed[0] == "first"
    assert sorted(claimed[1:]) == ["exactly", "second"]


async def test_what_is_claimed_is_left_alone_until_the_claim_runs_out(database: Database) -> None:
    await _put(database, "reset")
    assert await _claim(database, hold=timedelta(0)) == ["reset"]
    assert await _claim(database) == ["reset"]
    assert await _claim(database) == []


async def test_two_claimers_share_the_work(database: Database) -> None:
    for number in range(4):
        await _put(database, f"reset:{number}")
    async with writing(database) as one, writing(database) as other:
        first = _keys(await due.claim(one, "live", until=AT, limit=2))
        second = _keys(await due.claim(other, "live", until=AT, limit=3))
    assert (len(first), len(second)) == (2, 2)
    assert sorted(first + second) == [f"reset:{number}" for number in range(4)]


async def test_a_key_moves_what_is_there(database: Database) -> None:
    assert await _put(database, "end", at=AT, payload="a")
    assert await _put(database, "end", at=AT + _HOUR, payload="b")
    async with database.session() as session:
        assert await due.next_at(session, "live") == AT + _HOUR
    row = await _named(database, "end")
    assert (row.payload, row.attempts) == ({"balance": "b"}, 1)


async def test_what_was_done_is_never_done_again(database: Database) -> None:
    await _put(database, "reset")
    row = await _named(database, "reset")
    async with writing(database) as session:
        await due.done(session, row.id)
    assert not await _put(database, "reset", at=AT)
    assert await _claim(database) == []
    async with database.session() as session:
        assert await due.next_at(session, "live") is None


async def test_what_failed_is_tried_again_after_a_while(database: Database) -> None:
    await _put(database, "reset")
    row = await _named(database, "reset")
    async with writing(database) as session:
        await due.failed(session, row.id, error="Stripe is away", again_in=_HOUR)
    assert await _claim(database) == []
    async with database.session() as session:
        assert await due.next_at(session, "live") == AT
    async with writing(database) as session:
        await due.failed(session, row.id, error="Stripe is away", again_in=timedelta(0))
    again = await _named(database, "reset")
    assert (again.attempts, again.last_error) == (2, "Stripe is away")


async def test_what_is_parked_waits_for_a_person(database: Database) -> None:
    await _put(database, "reset")
    row = await _named(database, "reset")
    async with writing(database) as session:
        await due.failed(session, row.id, error="no such balance", again_in=None)
    assert await _claim(database) == []
    async with database.session() as session:
        assert await due.next_at(session, "live") is None
    assert await _put(database, "reset")
    assert await _claim(database) == ["reset"]


async def test_a_prefix_calls_off_what_is_not_done(database: Database) -> None:
    for key in ("end:sp_1", "reset:sp_1:a", "reset:sp_1:b", "reset:sp_11:a", "reset%sp_1:a"):
        await _put(database, key)
    done = await _named(database, "reset:sp_1:a")
    async with writing(database) as session:
        await due.done(session, done.id)
        assert await due.cancel(session, "reset:sp_1:") == 1
        assert await due.cancel(session, "reset%") == 1
    assert sorted(await _claim(database)) == ["end:sp_1", "reset:sp_11:a"]


async def test_each_clock_has_its_own(database: Database) -> None:
    clock = Clock(stripe_test_clock_id=unique("clock"), now=AT)
    async with writing(database) as session:
        session.add(clock)
    await _put(database, "live", at=AT + _HOUR)
    await _put(database, "sandbox", clock_id=clock.id)
    async with database.session() as session:
        assert await due.next_at(session, "live") == AT + _HOUR
        assert await due.next_at(session, clock.id) == AT
    assert await _claim(database, until=AT + _HOUR) == ["live"]
