from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine.bus import consumers
from engine.bus.connection import Bus
from engine.bus.consumers import StripeEvents
from engine.bus.streams import TUNNEL_STREAM, TUNNEL_SUBJECT
from engine.bus.tunnel import StripeEvent, Webhook, publish_webhook
from engine.errors import Contradiction, TemporarilyUnable
from engine.payments.signature import BadSignature
from engine.telemetry import METRICS
from persistence.database import Database
from persistence.models import Inbox
from tests.engine.bus.messages import until

RECEIVED = datetime(2026, 1, 16, 9, 0, 1, tzinfo=UTC)


class Handler:
    """Remembers what it was given and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.given: list[StripeEvent] = []

    async def __call__(self, event: StripeEvent) -> None:
        self.given.append(event)
        if self.failures:
            raise self.failures.pop(0)


def _verify(webhook: Webhook) -> None:
    if webhook.signature != "good":
        raise BadSignature("no signature fits")


def _body(event_id: str = "evt_1") -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": "invoice.paid",
            "created": 1768554000,
            "livemode": False,
            "api_version": "2026-10-28.endive",
            "data": {"object": {"object": "invoice", "id": "in_1", "status": "paid"}},
        }
    ).encode()


async def _tell(bus: Bus, body: bytes | None = None, signature: str = "good") -> None:
    await publish_webhook(bus, Webhook(body or _body(), signature, RECEIVED))


@asynccontextmanager
async def _consuming(bus: Bus, database: Database, handler: Handler) -> AsyncGenerator[None]:
    async with StripeEvents(bus, database, _verify, handler).running():
        yield


async def _row(database: Database, event_id: str = "evt_1") -> Inbox | None:
    async with database.session() as session:
        return (await session.scalars(select(Inbox).where(Inbox.event_id == event_id))).one_or_none()


async def _is_handled(database: Database, event_id: str = "evt_1") -> bool:
    row = await _row(database, event_id)
    return row is not None and row.handled_at is not None


async def _unacknowledged(bus: Bus) -> int:
    info = await bus.streams.consumer_info(TUNNEL_STREAM, consumers.DURABLE)
    return (info.num_ack_pending or 0) + (info.num_pending or 0)


async def _all_acknowledged(bus: Bus) -> bool:
    return await _unacknowledged(bus) == 0


def _alarms(name: str) -> float:
    return METRICS.get_sample_value("wallstreet_alarms_total", {"name": name}) or 0.0


async def test_an_event_is_handled_written_down_and_acknowledged(database: Database, bus: Bus) -> None:
    handler = Handler()
    async with _consuming(bus, database, handler):
        await _tell(bus)
        await until(lambda: _is_handled(database))
        await until(lambda: _all_acknowledged(bus))
    (event,) = handler.given
    assert (event.type, event.object_type, event.object_id) == ("invoice.paid", "invoice", "in_1")
    row = await _row(database)
    assert row is not None
    assert row.received_at == RECEIVED
    assert row.created == datetime(2026, 1, 16, 9, 0, tzinfo=UTC)
    assert not row.livemode


async def test_an_event_that_comes_again_is_not_handled_again(database: Database, bus: Bus) -> None:
    handler = Handler()
    async with _consuming(bus, database, handler):
        await _tell(bus)
        await until(lambda: _is_handled(database))
        await _tell(bus)
        await _tell(bus, _body("evt_2"))
        await until(lambda: _is_handled(database, "evt_2"))
        await until(lambda: _all_acknowledged(bus))
    assert [event.id for event in handler.given] == ["evt_1", "evt_2"]


async def test_what_passes_by_itself_is_tried_again(database: Database, bus: Bus) -> None:
    handler = Handler(TemporarilyUnable("stripe_unavailable", "Later."), RuntimeError("once"))
    async with _consuming(bus, database, handler):
        await _tell(bus)
        await until(lambda: _is_handled(database))
    assert len(handler.given) == 3
    row = await _row(database)
    assert row is not None
    assert (row.attempts, row.last_error, row.parked) == (2, None, False)


@pytest.mark.parametrize("error", [Contradiction("drift", "Two things differ."), RuntimeError("always")])
async def test_what_cannot_be_handled_is_parked_with_an_alarm(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(consumers, "DELAYS", (0.05,))
    before = _alarms("stripe_event_parked")
    handler = Handler(*[error] * 20)
    async with _consuming(bus, database, handler):
        await _tell(bus)
        await until(lambda: _is_parked(database))
        await until(lambda: _all_acknowledged(bus))
    assert len(handler.given) == (1 if isinstance(error, Contradiction) else consumers.ATTEMPTS)
    assert _alarms("stripe_event_parked") == before + 1


async def _is_parked(database: Database) -> bool:
    row = await _row(database)
    return row is not None and row.parked


@pytest.mark.parametrize(
    ("body", "signature"), [(_body(), "forged"), (b"{}", "good"), (b"not json", "good"), (b"[]", "good")]
)
async def test_what_stripe_did_not_send_is_refused_with_an_alarm(
    database: Database, bus: Bus, body: bytes, signature: str
) -> None:
    before = _alarms("webhook_refused")
    handler = Handler()
    async with _consuming(bus, database, handler):
        await _tell(bus, body, signature)
        await _tell(bus, _body("evt_2"))
        await until(lambda: _is_handled(database, "evt_2"))
        await until(lambda: _all_acknowledged(bus))
    assert [event.id for event in handler.given] == ["evt_2"]
    assert await _row(database) is None
    assert _alarms("webhook_refused") == before + 1


async def test_a_message_without_its_headers_is_refused(database: Database, bus: Bus) -> None:
    before = _alarms("webhook_refused")
    async with _consuming(bus, database, Handler()):
        await bus.streams.publish(TUNNEL_SUBJECT, _body())
        await until(lambda: _all_acknowledged(bus))
    assert _alarms("webhook_refused") == before + 1


async def test_events_of_a_slow_handler_are_handled_side_by_side_and_after_a_restart(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "ACK_WAIT", 1.0)
    both, release = asyncio.Event(), asyncio.Event()

    class Slow(Handler):
        async def __call__(self, event: StripeEvent) -> None:
            await super().__call__(event)
            if len(self.given) == 2:
                both.set()
            await release.wait()

    interrupted = Slow()
    async with _consuming(bus, database, interrupted):
        await _tell(bus, _body("evt_1"))
        await _tell(bus, _body("evt_2"))
        async with asyncio.timeout(5):
            await both.wait()
    assert not await _is_handled(database, "evt_1")
    again = Handler()
    async with _consuming(bus, database, again):
        await until(lambda: _is_handled(database, "evt_1"))
        await until(lambda: _is_handled(database, "evt_2"))
    assert {event.id for event in again.given} == {"evt_1", "evt_2"}
