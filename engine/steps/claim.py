"""How does one call have a customer for itself? By a lease; what an earlier call left open goes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.clock import wall_time
from engine.errors import Refused
from engine.steps.executor import Executor
from engine.steps.standing import RUNNING
from persistence.database import Database
from persistence.errors import CustomerBusy
from persistence.ids import new_id
from persistence.models import Customer
from persistence.repositories import attachments, customers
from persistence.repositories.leases import Lease, claim, release

PATIENCE: Final = 10.0
"""Seconds that a call waits for another one of the same customer."""
PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Claim:
    """The customer as it was when it was claimed, and the instant at which it lives."""

    customer: Customer
    at: datetime
    fence: int
    unfinished: bool
    """An earlier plan still waits for an answer of Stripe's; another one cannot be stored beside it."""

    def begin_nothing_beside(self) -> None:
        """Return when a new plan may be stored.

        Raises:
            Refused: an earlier plan is unfinished (`concurrent_request`).
        """
        if self.unfinished:
            raise Refused(
                "concurrent_request",
                "An earlier change of this customer waits for an answer of Stripe's; send the request again "
                "in a moment.",
            )


@asynccontextmanager
async def claimed(database: Database, executor: Executor, customer_id: str) -> AsyncGenerator[Claim]:
    """The customer belongs to this call inside the block.

    Raises:
        Refused: another call of this customer takes too long (`concurrent_request`).
    """
    owner = new_id("own")
    lease = await _lease(database, customer_id, owner)
    at = wall_time()
    try:
        with executor.working.on(customer_id):
            customer, at, unfinished = await _ready(database, executor, customer_id)
            yield Claim(customer, at, lease.fence, unfinished)
    finally:
        async with database.transaction(cause={"kind": "api", "id": owner}, at=at) as session:
            await release(session, lease)


async def _ready(database: Database, executor: Executor, customer_id: str) -> tuple[Customer, datetime, bool]:
    """The customer once what was left of it was driven on, its now, and whether that is still unfinished."""
    async with database.session() as session:
        customer = await customers.get(session, customer_id)
        unfinished = await attachments.running(session, customer_id)
    at = business_now(customer)
    if unfinished is None:
        return customer, at, False
    drive = await executor.drive(unfinished.id, at=at)
    async with database.session() as session:
        return await customers.get(session, customer_id), at, drive.state in RUNNING


def business_now(customer: Customer) -> datetime:
    """The instant at which the customer lives: of its sandbox clock, or of the wall."""
    return customer.clock.now or wall_time()


async def _lease(database: Database, customer_id: str, owner: str) -> Lease:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            cause = {"kind": "api", "id": owner}
            async with database.transaction(cause=cause, at=wall_time()) as session:
                return await claim(session, customer_id, owner=owner)
        except CustomerBusy as busy:
            if asyncio.get_running_loop().time() > deadline:
                raise Refused(
                    "concurrent_request",
                    "Another change of this customer is under way; send the request again in a moment.",
                ) from busy
            await asyncio.sleep(PAUSE)
