"""What becomes of an event of Stripe's? Verified, written down, handled, and only then acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.client import JetStreamContext
from sqlalchemy.exc import InterfaceError, OperationalError

from engine.background import background
from engine.bus.connection import Bus
from engine.bus.streams import TUNNEL_SUBJECT, ensure_tunnel
from engine.bus.tunnel import StripeEvent, UnreadableWebhook, Webhook, read_event, read_webhook
from engine.clock import wall_time
from engine.errors import Contradiction, TemporarilyUnable
from engine.payments.signature import BadSignature
from engine.telemetry import alarm
from persistence import inbox
from persistence.database import Database

DURABLE = "wallstreet"
WORKERS = 4
ACK_WAIT = 60.0
"""Seconds after which the server gives a message to somebody else."""
HANDLING = 45.0
"""Seconds after which the handling of an event is given up for this time, while the message is still ours."""
DELAYS = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds until the next attempt; the last one repeats."""
ATTEMPTS = 8
"""How often something that is not known to pass by itself is tried before a person has to look."""

_FETCH = 30.0
_PASSING = (TemporarilyUnable, TimeoutError, OSError, OperationalError, InterfaceError, nats.errors.Error)

_log = structlog.get_logger("stripe_events")

Verify = Callable[[Webhook], None]
"""Returns when Stripe sent the webhook, raises BadSignature when it did not."""
Handle = Callable[[StripeEvent], Awaitable[None]]
"""Commits what the event brings; the same event may come again at any time."""


@dataclass(frozen=True, slots=True)
class StripeEvents:
    """The one consumer of the tunnel: no event is lost, and one that was handled is not handled again."""

    bus: Bus
    database: Database
    verify: Verify
    handle: Handle

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Events are handled inside the block; one that is interrupted at its end comes again."""
        subscription = await self.bus.streams.pull_subscribe(
            TUNNEL_SUBJECT,
            durable=DURABLE,
            stream=await ensure_tunnel(self.bus.streams),
            config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT, max_deliver=-1),
        )
        async with background(*(self._work(subscription) for _ in range(WORKERS))):
            yield

    async def _work(self, subscription: JetStreamContext.PullSubscription) -> None:
        while True:
            try:
                messages = await subscription.fetch(1, timeout=_FETCH)
            except nats.errors.TimeoutError:
                continue
            except nats.errors.Error as error:
                _log.warning("tunnel_interrupted", error=repr(error))
                await asyncio.sleep(1)
                continue
            for message in messages:
                await self._try(message)

    async def _try(self, message: Msg) -> None:
        try:
            await self._receive(message)
        except Exception as error:  # noqa: BLE001 - a worker that ended would be missed by nobody
            # Our own database or NATS is away. Without an answer the message would come again as well, later.
            _log.warning("stripe_event_interrupted", error=repr(error))
            with suppress(nats.errors.Error):
                await message.nak(delay=1)

    async def _receive(self, message: Msg) -> None:
        try:
            webhook = read_webhook(message.data, message.headers or {})
            self.verify(webhook)
            event = read_event(webhook.body)
        except (UnreadableWebhook, BadSignature) as error:
            # It stays in the stream under this number for whoever looks at the alarm.
            alarm("webhook_refused", why=str(error), sequence=message.metadata.sequence.stream)
            await message.term()
            return
        if not await self._is_open(event, webhook):
            await message.ack()
            return
        try:
            async with asyncio.timeout(HANDLING):
                await self.handle(event)
        except Exception as error:  # noqa: BLE001 - every failure is written down and judged there
            await self._failed(message, event, error)
        else:
            await self._handled(event)
            await message.ack_sync()

    async def _is_open(self, event: StripeEvent, webhook: Webhook) -> bool:
        async with self.database.transaction(cause=_cause(event), at=wall_time()) as session:
            await inbox.hear(
                session,
                event.id,
                type=event.type,
                object_type=event.object_type,
                object_id=event.object_id,
                account=event.account,
                livemode=event.livemode,
                created=event.created,
                received_at=webhook.received_at,
            )
            # What another process has locked is in its hands, with a message of its own.
            return await inbox.claim(session, event.id) is not None

    async def _handled(self, event: StripeEvent) -> None:
        async with self.database.transaction(cause=_cause(event), at=wall_time()) as session:
            if (row := await inbox.claim(session, event.id)) is not None:
                await inbox.handled(session, row)

    async def _failed(self, message: Msg, event: StripeEvent, error: Exception) -> None:
        """Once more after a while, or a person's turn when that cannot help."""
        async with self.database.transaction(cause=_cause(event), at=wall_time()) as session:
            row = await inbox.claim(session, event.id)
            attempts = row.attempts if row is not None else 0
            delay = DELAYS[min(attempts, len(DELAYS) - 1)]
            hopeless = isinstance(error, Contradiction) or (
                not isinstance(error, _PASSING) and attempts + 1 >= ATTEMPTS
            )
            if row is not None and hopeless:
                inbox.park(row, error=repr(error))
            elif row is not None:
                await inbox.failed(session, row, error=repr(error), again_in=timedelta(seconds=delay))
        facts = {"event_id": event.id, "type": event.type, "attempts": attempts + 1, "error": repr(error)}
        if hopeless:
            alarm("stripe_event_parked", **facts)
            await message.ack_sync()
        else:
            _log.warning("stripe_event_failed", again_in=delay, **facts)
            await message.nak(delay=delay)


def _cause(event: StripeEvent) -> dict[str, str]:
    return {"kind": "stripe_event", "id": event.id}
