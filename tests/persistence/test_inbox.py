"""An event is heard once, handled once, and tried again or parked when that fails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from persistence import inbox
from persistence.database import Database
from tests.persistence.rows import AT, writing


async def _hear(database: Database, event_id: str = "evt_1", *, seconds: int = 0) -> bool:
    async with writing(database) as session:
        return await inbox.hear(
            session,
            event_id,
            type="invoice.paid",
            object_type="invoice",
            object_id="in_1",
            account=None,
            livemode=False,
            created=AT + timedelta(seconds=seconds),
            received_at=AT,
        )


async def _open(database: Database) -> int:
    async with database.session() as session:
        return await inbox.open_events(session)


async def test_an_event_is_heard_once(database: Database) -> None:
    assert [await _hear(database) for _ in range(3)] == [True, False, False]
    assert await _open(database) == 1


async def test_a_handled_event_is_not_claimed_again(database: Database) -> None:
    await _hear(database)
    async with writing(database) as session:
        event = await inbox.claim(session, "evt_1")
        assert event is not None
        await inbox.handled(session, event)
    async with writing(database) as session:
        assert await inbox.claim(session, "evt_1") is None
        assert await inbox.claim_next(session) == []
    assert await _open(database) == 0


async def test_an_event_that_was_not_handled_after_all_is_claimed_again(database: Database) -> None:
    await _hear(database)

    async def crash() -> None:
        async with writing(database) as session:
            event = await inbox.claim(session, "evt_1")
            assert event is not None
            await inbox.handled(session, event)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        await crash()
    async with writing(database) as session:
        assert await inbox.claim(session, "evt_1") is not None


async def test_only_one_has_an_event(database: Database) -> None:
    await _hear(database)
    async with writing(database) as one, writing(database) as other:
        assert await inbox.claim(one, "evt_1") is not None
        assert await inbox.claim(other, "evt_1") is None
        assert await inbox.claim_next(other) == []


async def test_an_unknown_event_is_not_claimed(database: Database) -> None:
    async with writing(database) as session:
        assert await inbox.claim(session, "evt_unknown") is None


async def test_a_failed_event_waits_for_its_time(database: Database) -> None:
    await _hear(database)
    async with writing(database) as session:
        event = await inbox.claim(session, "evt_1")
        assert event is not None
        await inbox.failed(session, event, error="Stripe is away", again_in=timedelta(hours=1))
    async with writing(database) as session:
        assert await inbox.claim_next(session) == []
        event = await inbox.claim(session, "evt_1")
        assert event is not None
        assert (event.attempts, event.last_error) == (1, "Stripe is away")
        await inbox.failed(session, event, error="Stripe is away", again_in=timedelta(seconds=-1))
    async with writing(database) as session:
        assert [event.event_id for event in await inbox.claim_next(session)] == ["evt_1"]


async def test_events_are_tried_oldest_first(database: Database) -> None:
    await _hear(database, "evt_late", seconds=2)
    await _hear(database, "evt_early", seconds=1)
    async with writing(database) as session:
        assert [event.event_id for event in await inbox.claim_next(session)] == ["evt_early", "evt_late"]


async def test_nobody_tries_a_parked_event(database: Database) -> None:
    await _hear(database)
    async with writing(database) as session:
        event = await inbox.claim(session, "evt_1")
        assert event is not None
        inbox.park(event, error="no such customer")
    async with writing(database) as session:
        assert await inbox.claim(session, "evt_1") is None
    assert await _open(database) == 0
