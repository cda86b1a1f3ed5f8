"""What tests of the bus put into the outbox and read from a stream."""

# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nats.aio.msg import Msg

from engine.bus.connection import Bus
from engine.bus.streams import FEED_STREAM
from persistence.database import Database
from persistence.feed import TOLD
from persistence.models import Outbox

AT = datetime(2026, 1, 16, tzinfo=UTC)


async def put(database: Database, *numbers: int, entity_id: str = "cus_1") -> None:
    """Commit a message for each number, as a change would."""
    async with database.transaction(cause={"kind": "api", "id": "x"}, at=AT) as session:
        session.info[TOLD] = True
        for number in numbers:
            session.add(
                Outbox(
                    event_id=f"{entity_id}_{number}",
                    entity="customer",
                    entity_id=entity_id,
                    version=number,
                    subject=f"wallstreet.change_feed.customer.organization_{entity_id[4:]}.updatedV1",
                    owner=f"organization_{entity_id[4:]}",
                    body={"version": number, "name": "Ärzte"},
                )
            )


async def feed(bus: Bus, count: int, *, seconds: float = 20.0) -> list[Msg]:
    """The first messages of the change feed; fails when they do not come."""
    subscription = await bus.streams.subscribe("wallstreet.change_feed.>", stream=FEED_STREAM)
    try:
        return [await subscription.next_msg(timeout=seconds) for _ in range(count)]
    finally:
        await subscription.unsubscribe()


async def length(bus: Bus) -> int:
    """How many messages the change feed has."""
    return (await bus.streams.stream_info(FEED_STREAM)).state.messages


async def until(true: Callable[[], Awaitable[bool]], *, seconds: float = 20.0) -> None:
    """Return as soon as it is true; fail when it does not become so."""
    for _ in range(int(seconds / 0.02)):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not come true within {seconds} seconds")
