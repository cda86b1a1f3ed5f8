"""Rows that stand for one small world: a catalog, a customer, a plan it holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from machines.subscription_product import Event
from persistence.database import Database
from persistence.models import (
    Attachment,
    Balance,
    Base,
    Catalog,
    Customer,
    Decision,
    Entity,
    Feature,
    Invoice,
    Outbox,
    Price,
    Product,
    ProductFeature,
    RuleSetVersion,
    Subscription,
    SubscriptionProduct,
)
from persistence.states import move

AT = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = {"kind": "api", "id": "test"}
_numbers = count(1)


@asynccontextmanager
async def writing(database: Database, *, at: datetime = AT) -> AsyncGenerator[AsyncSession]:
    """A transaction with a cause that does not matter."""
    async with database.transaction(cause=CAUSE, at=at) as session:
        yield session


def unique(word: str) -> str:
    """A name that no other row of the run has."""
    return f"{word}-{next(_numbers)}"


class World:
    """A catalog with a feature and a plan, and a customer, each with the rows it needs."""

    def __init__(self) -> None:
        self.catalog = Catalog(name=unique("catalog"))
        self.feature = Feature(catalog=self.catalog.name, external_id="messages", type="metered")
        self.product = Product(
            catalog=self.catalog.name, external_id="pro", group="main", price_kind="recurring"
        )
        self.price = Price(product_id=self.product.id, amount=2000, interval="month")
        self.grant = ProductFeature(
            product_id=self.product.id, feature_id=self.feature.id, included=Decimal(100), reset="month"
        )
        self.customer = Customer(catalog=self.catalog.name, type="organization", external_id=unique("acme"))
        self.entity = Entity(
            customer_id=self.customer.id, feature_id=self.feature.id, external_id=unique("seat")
        )
        self.subscription = Subscription(customer_id=self.customer.id, anchor=AT)

    def rows(self) -> list[Base]:
        """Everything above."""
        return [
            self.catalog,
            self.feature,
            self.product,
            self.price,
            self.grant,
            self.customer,
            self.entity,
            self.subscription,
        ]

    def held(
        self,
        *,
        group: str | None = "main",
        add_on: bool = False,
        one_off: bool = False,
        entity_id: str | None = None,
    ) -> SubscriptionProduct:
        """The plan inside the Subscription, before any event."""
        return SubscriptionProduct(
            subscription_id=self.subscription.id,
            customer_id=self.customer.id,
            product_id=self.product.id,
            group=group,
            add_on=add_on,
            one_off=one_off,
            entity_id=entity_id,
            starts_at=AT,
        )

    def balance(self) -> Balance:
        """What the plan grants of its feature."""
        return Balance(
            customer_id=self.customer.id,
            feature_id=self.feature.id,
            source="test",
            anchor=AT,
            period_start=AT,
        )

    def invoice(self) -> Invoice:
        """An invoice to the customer, before any event."""
        return Invoice(
            customer_id=self.customer.id,
            stripe_invoice_id=unique("in"),
            currency="usd",
            stripe_created=AT,
        )

    def attachment(self, key: str | None = None) -> Attachment:
        """An attach of the customer, before any event."""
        return Attachment(
            customer_id=self.customer.id,
            kind="attach",
            caller="test",
            idempotency_key=key,
            params_hash="",
            request={},
            at=AT,
        )


def decision(rule_set: RuleSetVersion) -> Decision:
    """A decision by that rule set."""
    return Decision(kind="attach", rule_set_hash=rule_set.hash, facts={}, trace=[], at=AT)


async def make_world(database: Database) -> World:
    """A world that is in the database."""
    world = World()
    async with writing(database) as session:
        session.add_all(world.rows())
    return world


async def hold(database: Database, held: SubscriptionProduct, event: Event = Event.ACTIVATED) -> None:
    """Put a product of a customer into the database, begun by the event."""
    async with writing(database) as session:
        move(session, held, event)


def end(session: AsyncSession, held: SubscriptionProduct) -> None:
    """Let another product take the place of this one."""
    move(session, held, Event.REPLACED)
    held.ended_at = AT + timedelta(days=1)
    held.end_reason = "replaced"


async def messages(database: Database, entity_id: str | None = None) -> list[Outbox]:
    """What was written for the feed, in order; of one row when it is named."""
    query = select(Outbox).order_by(Outbox.seq)
    if entity_id is not None:
        query = query.where(Outbox.entity_id == entity_id)
    async with database.session() as session:
        return list((await session.scalars(query)).all())
