"""What happens at an instant that no event of Stripe tells? Each kind by one function, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.reset import reset_balance
from engine.attach.store import LAPSE_DUE
from engine.ledger.model import UsageOnSwitch
from engine.ledger.rows import RESET_DUE
from engine.mirror import holdings
from engine.payments.gateway import Gateway, StripeRefused
from engine.telemetry import alarm
from persistence import due
from persistence.database import Database
from persistence.models import Due
from persistence.repositories import attachments, customers
from persistence.repositories import holdings as held_rows

Json = dict[str, Any]
ATTEMPTS = 5
SETTLED_ALREADY = frozenset({400, 404})
"""How Stripe refuses to void what is paid, void or gone."""
AGAIN_IN = timedelta(seconds=30)


async def _reset(session: AsyncSession, payload: Json, at: datetime) -> None:
    await reset_balance(session, payload["balance"], at=at)


async def _begin(session: AsyncSession, payload: Json, at: datetime) -> None:
    """A scheduled product begins that follows nothing Stripe bills."""
    held = await held_rows.held_product(session, payload["subscription_product"])
    if held is None or held.state != "scheduled":
        return
    customer = await customers.lock(session, held.customer_id)
    product = await held_rows.product(session, held.product_id)
    await holdings.begin(
        session,
        customer,
        held,
        product,
        anchor=held.starts_at,
        replaced=await held_rows.in_force_before(session, held),
        usage=UsageOnSwitch.RESET,
        at=at,
    )


async def _lapsed(session: AsyncSession, payload: Json, at: datetime) -> None:
    """Nothing of ours moves here: Stripe was asked before, and its event moves what has to be moved."""
    del session, payload, at


_KINDS: Mapping[str, Callable[[AsyncSession, Json, datetime], Awaitable[None]]] = {
    RESET_DUE: _reset,
    holdings.BEGIN_DUE: _begin,
    LAPSE_DUE: _lapsed,
}


class DueWork:
    """Does what is due, each thing in a transaction of its own."""

    def __init__(self, database: Database, gateway: Gateway) -> None:
        self._database = database
        self._gateway = gateway

    async def run(self, clock_id: str, *, until: datetime) -> int:
        """Do everything that is due on the clock up to the instant; how much that was."""
        count = 0
        while True:
            async with self._database.transaction(cause={"kind": "due", "id": clock_id}, at=until) as session:
                claimed = await due.claim(session, clock_id, until=until)
            if not claimed:
                return count
            for work in claimed:
                await self._do(work)
            count += len(claimed)

    async def _do(self, work: Due) -> None:
        try:
            if work.kind == LAPSE_DUE:
                await self._void_unpaid(work.payload["attachment"])
            async with self._database.transaction(
                cause={"kind": "due", "id": work.id}, at=work.at
            ) as session:
                await _KINDS[work.kind](session, work.payload, work.at)
                await due.done(session, work.id)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is written down, tried again and told
            hopeless = work.attempts >= ATTEMPTS
            alarm("due_failed", due=work.id, kind=work.kind, error=repr(error), parked=hopeless)
            async with self._database.transaction(
                cause={"kind": "due", "id": work.id}, at=work.at
            ) as session:
                again = None if hopeless else AGAIN_IN
                await due.failed(session, work.id, error=repr(error), again_in=again)

    async def _void_unpaid(self, attachment_id: str) -> None:
        """Take the invoice back that an attachment still waits for; the event of that ends the attachment.

        One that was paid a moment ago cannot be voided: then its own event lets the attachment go on.
        """
        async with self._database.session() as session:
            attachment = await attachments.with_steps(session, attachment_id)
        waits = attachment.state == "awaiting_customer" and attachment.awaiting_type == "invoice"
        if waits and attachment.awaiting_id is not None:
            key = f"ws1:lapse:{attachment_id}"
            try:
                await self._gateway.call("invoices.void", target=attachment.awaiting_id, idempotency_key=key)
            except StripeRefused as refused:
                if refused.failure.status not in SETTLED_ALREADY:
                    raise
