"""What becomes of an event of Stripe's? A hint that an object changed: it is fetched, and converged.

What waited for that object (an attachment for its invoice or checkout session) then goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.clock import wall_time
from engine.mirror.converge import converge
from engine.payments.gateway import Gateway, StripeBusy, StripeRefused, StripeUnknown
from engine.payments.mapping import identifier
from engine.steps.executor import Executor
from persistence.database import Database
from persistence.repositories import mirror as rows

Json = dict[str, Any]


class Event(Protocol):
    """What of an event is believed: that it happened, and to which object."""

    @property
    def id(self) -> str:
        """Stripe's id of the event."""
        ...

    @property
    def object_type(self) -> str:
        """The type of the object."""
        ...

    @property
    def object_id(self) -> str | None:
        """The id of the object."""
        ...


@dataclass(frozen=True, slots=True)
class _Fetch:
    """How an object is read."""

    kind: str
    params: Mapping[str, Any]


_FETCHES: Mapping[str, _Fetch] = {
    "subscription": _Fetch("subscriptions.retrieve", {}),
    "invoice": _Fetch("invoices.retrieve", {}),
    "subscription_schedule": _Fetch("subscription_schedules.retrieve", {}),
    "checkout.session": _Fetch("checkout.sessions.retrieve", {}),
    "customer": _Fetch("customers.retrieve", {"expand": ["invoice_settings.default_payment_method"]}),
}
"""The objects that mean something to our rows; an event about any other is only noted."""

WANTED = (
    "customer.updated",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "subscription_schedule.created",
    "subscription_schedule.updated",
    "subscription_schedule.released",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.aborted",
    "invoice.created",
    "invoice.finalized",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
    "checkout.session.completed",
    "checkout.session.expired",
)
"""The events that a webhook endpoint has to ask for; each names an object that means something here."""

MOVES_PRODUCTS = frozenset({"subscription", "subscription_schedule"})
PATIENCE = 5.0
LOOK_AGAIN = 0.1
HTTP_NOT_FOUND = 404


class CustomerIsBusy(TimeoutError):
    """A plan of the customer is being carried out; the event is tried again."""


class StripeIsAway(TimeoutError):
    """The object could not be read now; the event is tried again."""


class Events:
    """Handles events of Stripe, each any number of times and in any order."""

    def __init__(self, database: Database, gateway: Gateway, executor: Executor) -> None:
        self._database = database
        self._gateway = gateway
        self._executor = executor

    async def handle(self, event: Event) -> None:
        """Bring our rows to what the object is now, and let go on what waited for it.

        Raises:
            StripeIsAway: Stripe did not answer; the event has to come again.
        """
        if event.object_type not in _FETCHES or event.object_id is None:
            return
        fetch = _FETCHES[event.object_type]
        read_at, found = await self._read(fetch, event.object_id)
        if found is not None and found["object"] in MOVES_PRODUCTS:
            await self._until_no_plan_runs(found)
            read_at, found = await self._read(fetch, event.object_id)
        while found is not None:
            at = await self._now(found)
            if await self._applied(event, found, read_at=read_at, at=at):
                await self.go_on(found, at=at)
                return
            read_at, found = await self._read(fetch, event.object_id)

    async def _read(self, fetch: _Fetch, object_id: str) -> tuple[datetime, Json | None]:
        """The object as it is now, and an instant of the database before it was read."""
        async with self._database.session() as session:
            read_at = await rows.database_time(session)
        return read_at, await self._fetched(fetch, object_id)

    async def _applied(self, event: Event, found: Json, *, read_at: datetime, at: datetime) -> bool:
        """Converge what was read, unless something newer may have been written since then."""
        cause = {"kind": "stripe_event", "id": event.id}
        async with self._database.transaction(cause=cause, at=at) as session:
            changed_at = await rows.change_of_stripe_customer(session, _owner(found))
            if changed_at is not None and changed_at > read_at:
                return False
            await converge(session, found)
            return True

    async def go_on(self, found: Json, *, at: datetime) -> None:
        """Drive the attachment that waited for this invoice or session, if there is one."""
        async with self._database.session() as session:
            waiting = await rows.attachment_awaiting(session, found["id"])
        if waiting is not None and await self._executor.observe(waiting, found, at=at) is not None:
            await self._executor.drive(waiting, at=at)

    async def _until_no_plan_runs(self, found: Json) -> None:
        """Wait while a plan of the customer is carried out: what it moves, it moves itself.

        Raises:
            CustomerIsBusy: it takes longer than an event may wait; the event comes again.
        """
        async with self._database.session() as session:
            customer = await rows.id_of_stripe_customer(session, identifier(found.get("customer")))
        if customer is None:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._executor.working.until_free(customer)
                while await self._runs_elsewhere(customer):  # noqa: ASYNC110 - another process tells us nothing
                    await asyncio.sleep(LOOK_AGAIN)
        except TimeoutError:
            raise CustomerIsBusy(customer) from None

    async def _runs_elsewhere(self, customer_id: str) -> bool:
        async with self._database.session() as session:
            return await rows.plan_runs_for(session, customer_id)

    async def _fetched(self, fetch: _Fetch, object_id: str) -> Json | None:
        """The object as it is now; None when it is gone."""
        try:
            return (await self._gateway.call(fetch.kind, fetch.params, target=object_id)).body
        except StripeRefused as refused:
            if refused.failure.status == HTTP_NOT_FOUND:
                return None
            raise
        except (StripeBusy, StripeUnknown) as away:
            raise StripeIsAway(str(away)) from away

    async def _now(self, found: Json) -> datetime:
        """The instant at which the customer of the object lives."""
        async with self._database.session() as session:
            clock = await rows.clock_of_stripe_customer(session, _owner(found))
        return (clock.now if clock is not None else None) or wall_time()


def _owner(found: Json) -> str | None:
    """Stripe's id of the customer that the object belongs to, or is."""
    return found["id"] if found["object"] == "customer" else identifier(found.get("customer"))
