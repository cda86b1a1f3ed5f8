"""Wallstreet's parts wired as at the start, without doors and loops: one customer on a clock at the twin.

Nothing hears of Stripe's events unless a test lets it: `tell` handles what has happened since.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text

from engine.attach.body import AttachBody, CancelBody, UncancelBody
from engine.attach.request import attach_request, cancel_request, uncancel_request
from engine.attach.service import Attach
from engine.bootstrap import COMPLETIONS
from engine.bus.tunnel import StripeEvent
from engine.catalog.document import CatalogDocument
from engine.catalog.service import CatalogService
from engine.clock import to_unix
from engine.customers.reference import Customer as Reference
from engine.customers.reference import CustomerTerms
from engine.customers.service import CustomerService
from engine.mirror.converge import converge, converge_answer
from engine.payments.gateway import Gateway
from engine.settle.due import DueWork
from engine.settle.events import Events
from engine.steps.executor import Executor
from persistence.database import Database
from persistence.models import Base, Clock, Customer, Outbox, SubscriptionProduct, Transition
from persistence.models.words import CustomerType
from persistence.repositories import customers
from rules import load_ruleset
from rules.ruleset import RuleSet
from tests.engine.steps.stripe import Stripe

JAN, FEB, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
MID = datetime(2026, 1, 16, 12, tzinfo=UTC)
ACME = Reference(CustomerType.ORGANIZATION, "acme")
CLOCK = "clk_test"
GRANTING = frozenset({"trialing", "active", "past_due", "canceling"})
Json = dict[str, Any]


def _plan(name: str, included: int, amount: int | None = None, **more: Any) -> Json:
    prices = [{"amount": amount, "interval": "month"}] if amount else []
    items = [{"feature": "messages", "included": included, "reset": "month"}]
    return {"id": name, "group": "main", "prices": prices, "items": items, **more}


CATALOG: Json = {
    "features": [{"id": "messages", "type": "metered", "consumable": True}],
    "products": [
        _plan("free", 10, default=True),
        _plan("starter", 100, 1000),
        _plan("pro", 500, 2000),
        _plan("premium", 1000, 5000),
        {"id": "gift", "prices": [{"amount": 500, "interval": "one_off"}]},
    ],
}
_RULES: list[RuleSet] = []


def rules() -> RuleSet:
    """The rules that we come with, compiled once for the run."""
    if not _RULES:
        _RULES.append(load_ruleset(None))
    return _RULES[0]


@dataclass
class Parts:
    """The parts, and a customer with the default plan."""

    database: Database
    stripe: Stripe
    stripe_clock: str
    told: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        gateway: Any = self.stripe
        self.gateway = self.stripe.gateway
        self.executor = Executor(
            self.database, gateway, COMPLETIONS, converge=converge_answer, environment="test"
        )
        self.customers = CustomerService(self.database, self.executor, grants=lambda s, _: s in GRANTING)
        self.attaching = Attach(
            self.database,
            rules,
            self.executor,
            self.customers.ensure_stripe_customer,
            success_url="https://example.com/done",
        )
        self.customers.give_defaults = self.attaching.give_defaults
        self.events = Events(self.database, self.gateway, self.executor)
        self.due = DueWork(self.database, self.gateway)

    async def attach(self, product: str, **more: Any) -> Json:
        """Buy a product."""
        body = AttachBody.model_validate({"customer": _ACME, "product": product, **more})
        return await self.attaching.execute(attach_request(body))

    async def cancel(self, product: str, mode: str = "end_of_cycle") -> Json:
        """End a product."""
        body = CancelBody.model_validate({"customer": _ACME, "product": product, "mode": mode})
        return await self.attaching.cancel(cancel_request(body))

    async def uncancel(self, product: str) -> Json:
        """Take back the end of a product."""
        body = UncancelBody.model_validate({"customer": _ACME, "product": product})
        return await self.attaching.uncancel(uncancel_request(body))

    async def card(self, name: str) -> None:
        """Put a test card on file."""
        await self.customers.set_payment_method(ACME, name)

    async def customer(self) -> Customer:
        """The customer as it is now."""
        async with self.database.session() as session:
            found = await customers.find(session, ACME.type.value, ACME.id)
        assert found is not None
        return found

    async def view(self) -> Json:
        """What the customer is shown of itself."""
        return await self.customers.view(ACME)

    async def states(self) -> dict[str, str]:
        """The state of each product, the last one of a name."""
        return {held.product.external_id: held.state for held in await self.held()}

    async def held(self) -> Sequence[SubscriptionProduct]:
        """Every product that the customer has or had, oldest first."""
        async with self.database.session() as session:
            found = await session.scalars(
                select(SubscriptionProduct).order_by(
                    SubscriptionProduct.starts_at, SubscriptionProduct.created_at
                )
            )
            rows = found.all()
            for row in rows:
                await session.refresh(row, ["product", "subscription"])
            return rows

    async def holding(self, product: str) -> SubscriptionProduct:
        """The last product of that name."""
        return next(h for h in reversed(await self.held()) if h.product.external_id == product)

    async def move(self, to: datetime) -> None:
        """Move both clocks; what Stripe does on the way is done, and nobody here has heard of it."""
        async with self.database.transaction(cause={"kind": "api", "id": "clock"}, at=to) as session:
            await customers.move_clock(session, CLOCK, to=to)
        await self.call("test_helpers.test_clocks.advance", self.stripe_clock, frozen_time=to_unix(to))
        shown = "test_helpers.test_clocks.retrieve"
        while (await self.call(shown, self.stripe_clock))["status"] != "ready":  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.005)

    async def call(self, kind: str, target: str | None = None, **params: Any) -> Json:
        """Ask Stripe directly, as somebody else would."""
        return (await self.gateway.call(kind, params, target=target)).body

    async def subscription(self) -> Json:
        """The customer's one subscription at Stripe."""
        (found,) = {
            held.subscription.stripe_subscription_id for held in await self.held() if held.subscription.paid
        }
        return await self.call("subscriptions.retrieve", found)

    async def invoices(self, **more: Any) -> list[Json]:
        """The customer's invoices at Stripe, newest first."""
        query = {"customer": (await self.customer()).stripe_customer_id, **more}
        return await self.gateway.list_all("invoices.list", query)

    async def apply(self, seen: Json, *, at: datetime) -> None:
        """Bring our rows to what the object says."""
        async with self.database.transaction(cause={"kind": "stripe_event", "id": "evt"}, at=at) as session:
            await converge(session, seen)

    async def apply_twice(self, seen: Json, *, at: datetime) -> None:
        """Apply it, and once more: that changes nothing and tells nobody anything."""
        await self.apply(seen, at=at)
        before = await self.trace()
        await self.apply(seen, at=at)
        assert await self.trace() == before

    async def trace(self) -> tuple[int, ...]:
        """How much has been written so far: messages, moves, balances, lines."""
        tables = ("outbox", "transition", "balance", "ledger_entry", "billed_line", "invoice")
        async with self.database.session() as session:
            counts = [await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]  # noqa: S608 - the words above
            version = await session.scalar(select(func.sum(Customer.version)))
        return (*(count or 0 for count in counts), version or 0)

    async def tell(self) -> list[StripeEvent]:
        """Handle what happened at Stripe to the customer and was not handled yet, in its order."""
        new: list[StripeEvent] = []
        customer = (await self.customer()).stripe_customer_id
        for told in reversed(await self.gateway.list_all("events.list")):
            about = told["data"]["object"]
            if told["id"] not in self.told and customer in {about.get("customer"), about.get("id")}:
                self.told.add(told["id"])
                new.append(StripeEvent.model_validate(told))
        for event in new:
            await self.events.handle(event)
        return new

    async def rows(self, kind: type[Base]) -> list[Any]:
        """All rows of a table, by their keys."""
        async with self.database.session() as session:
            return list(await session.scalars(select(kind).order_by(*kind.__table__.primary_key)))

    async def moves(self, row_id: str) -> list[str]:
        """The events of a row's machine, in order."""
        return [move.event for move in await self.rows(Transition) if move.row_id == row_id]

    async def messages(self, entity: str) -> list[Outbox]:
        """What is told of an entity, in order."""
        return [message for message in await self.rows(Outbox) if message.entity == entity]


_ACME = {"type": ACME.type.value, "id": ACME.id}


async def stock(database_url: str, twin_base: str) -> None:
    """Apply the catalog, here and at Stripe."""
    database, gateway = Database(database_url), Gateway("sk_test_wallstreet", api_base=twin_base)
    executor = Executor(database, gateway, COMPLETIONS, converge=converge_answer, environment="test")
    catalogs = CatalogService(database, executor, now=lambda: JAN)
    await catalogs.apply("main", CatalogDocument.model_validate(CATALOG))
    await gateway.close()
    await database.dispose()


@asynccontextmanager
async def wired(database: Database, twin_base: str) -> AsyncGenerator[Parts]:
    """The parts inside the block; the clock shows January 1, and the customer holds the free plan."""
    gateway = Gateway("sk_test_wallstreet", api_base=twin_base)
    made = await gateway.call("test_helpers.test_clocks.create", {"frozen_time": to_unix(JAN)})
    parts = Parts(database, Stripe(gateway), made.body["id"])
    async with database.transaction(cause={"kind": "api", "id": "test"}, at=JAN) as session:
        session.add(Clock(id=CLOCK, stripe_test_clock_id=parts.stripe_clock, now=JAN))
    await parts.customers.put(ACME, CustomerTerms(clock=CLOCK))
    await parts.card("pm_card_visa")
    parts.stripe.sent.clear()
    try:
        yield parts
    finally:
        await gateway.close()
