"""Every change of every owned row is told exactly once, with versions that have no hole; nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import object_session

from machines.invoice import Event as InvoiceEvent
from machines.subscription_product import Event
from persistence.database import Database
from persistence.errors import ChangedMeanwhile, FeedCauseMissing
from persistence.feed import subject
from persistence.models import Base, Clock, Customer, Driven, Entity, Owned, Subscription, SubscriptionProduct
from persistence.repositories import leases
from persistence.states import move
from tests.persistence.rows import AT, World, hold, make_world, messages, unique, writing


@dataclass(frozen=True, slots=True)
class Case:
    """Which row of a world stands for an entity, and a change that can happen to it."""

    pick: Callable[[World], Base]
    column: str
    value: object
    event: str | None = None


CASES = {
    "catalog": Case(lambda world: world.catalog, "settings", {"void_invoices_on_cancel": True}),
    "feature": Case(lambda world: world.feature, "event_names", ["sent"]),
    "product": Case(lambda world: world.product, "kind", "add_on"),
    "price": Case(lambda world: world.price, "archived_at", AT),
    "product_feature": Case(lambda world: world.grant, "included", Decimal(200)),
    "customer": Case(lambda world: world.customer, "name", "Acme"),
    "entity": Case(lambda world: world.entity, "deleted_at", AT),
    "subscription": Case(lambda world: world.subscription, "ended_at", AT),
    "subscription_product": Case(lambda world: world.held(), "ends_at", AT, Event.ACTIVATED),
    "invoice": Case(lambda world: world.invoice(), "total", 2000, InvoiceEvent.SEEN_OPEN),
    "balance": Case(lambda world: world.balance(), "used", Decimal(1)),
}


def _key(row: Base) -> str:
    return str(inspect(type(row)).primary_key_from_instance(row)[0])


async def _store(database: Database, case: Case) -> list[Base]:
    """Put a world into the database, the row of the case last."""
    world = World()
    row = case.pick(world)
    rows = [*(other for other in world.rows() if other is not row), row]
    async with writing(database) as session:
        session.add_all(rows)
        if case.event is not None:
            assert isinstance(row, Driven)
            move(session, row, case.event)
    return rows


async def _change_and_fail(database: Database, world: World) -> None:
    async with writing(database) as session:
        (await session.get_one(Customer, world.customer.id)).name = "Other"
        await session.flush()
        raise RuntimeError("changed our mind")


def test_every_owned_entity_is_tried_here() -> None:
    owned = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Owned)]
    assert sorted(CASES) == sorted(entity.__feed__ for entity in owned)


@pytest.mark.parametrize("entity", sorted(CASES))
async def test_insert_update_and_delete_each_give_one_message(database: Database, entity: str) -> None:
    case = CASES[entity]
    rows = await _store(database, case)
    row = rows[-1]
    async with writing(database) as session:
        setattr(await session.get_one(type(row), _key(row)), case.column, case.value)
    async with writing(database) as session:
        for stored in rows:
            await session.delete(await session.get_one(type(stored), _key(stored)))

    told = await messages(database, _key(row))

    assert [(message.entity, message.version, message.body["verb"]) for message in told] == [
        (entity, 1, "created"),
        (entity, 2, "updated"),
        (entity, 3, "deleted"),
    ]
    assert list(told[1].body["changes"]) == [case.column]
    assert told[1].body["state"][case.column] == told[1].body["changes"][case.column]["to"]


async def test_a_message_says_what_whose_when_and_why(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    async with database.transaction(cause={"kind": "attachment", "id": "att_1"}, at=AT) as session:
        move(session, held, Event.ACTIVATED)

    (message,) = await messages(database, held.id)

    token = f"organization_{world.customer.external_id}"
    assert message.subject == f"wallstreet.change_feed.subscription_product.{token}.createdV1"
    assert message.owner == token
    body = message.body
    assert body["event_id"] == message.event_id
    assert body["at"] == "2026-01-01T00:00:00Z"
    assert body["cause"] == {"kind": "attachment", "id": "att_1"}
    assert body["customer"] == {"type": "organization", "id": world.customer.external_id}
    assert (body["id"], body["version"], body["entity"]) == (held.id, 1, "subscription_product")
    assert (body["state"]["state"], body["state"]["starts_at"]) == ("active", "2026-01-01T00:00:00Z")


async def test_what_belongs_to_a_catalog_has_the_token_catalog(database: Database) -> None:
    world = await make_world(database)
    (message,) = await messages(database, world.product.id)
    assert message.subject == "wallstreet.change_feed.product.catalog.createdV1"
    assert message.body["customer"] is None


def test_a_subject_has_five_tokens() -> None:
    assert subject("price", "catalog", "updated").split(".") == [
        "wallstreet",
        "change_feed",
        "price",
        "catalog",
        "updatedV1",
    ]


async def test_a_change_of_owned_rows_is_one_change_of_the_customer(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        customer = await session.get_one(Customer, world.customer.id)
        customer.email = "billing@acme.test"
        subscription = await session.get_one(Subscription, world.subscription.id)
        subscription.paid = True
        move(session, world.held(), Event.ACTIVATED)
        await session.flush()
        assert customer.version == 2

    told = await messages(database, world.customer.id)

    assert [(message.version, message.body["verb"]) for message in told] == [(1, "created"), (2, "updated")]
    assert told[1].body["changes"] == {"email": {"from": None, "to": "billing@acme.test"}}


async def test_the_customer_is_told_after_what_changed_of_it(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    await hold(database, held)
    last = (await messages(database))[-2:]
    assert [message.entity for message in last] == ["subscription_product", "customer"]


async def test_nothing_is_told_of_a_rollback(database: Database) -> None:
    world = await make_world(database)
    before = len(await messages(database))
    with pytest.raises(RuntimeError, match="changed our mind"):
        await _change_and_fail(database, world)
    assert len(await messages(database)) == before
    async with database.session() as session:
        customer = await session.get_one(Customer, world.customer.id)
        assert (customer.name, customer.version) == (None, 1)


async def test_a_flush_that_failed_is_not_told_by_the_next(database: Database) -> None:
    world = await make_world(database)
    before = len(await messages(database))

    async def fail(session: AsyncSession) -> None:
        async with session.begin_nested():
            session.add(Subscription(customer_id=world.customer.id, anchor=AT, collection="barter"))

    async with writing(database) as session:
        with pytest.raises(IntegrityError):
            await fail(session)
        session.add(Clock(stripe_test_clock_id=unique("clock"), now=AT))
    assert len(await messages(database)) == before


async def test_what_is_set_to_what_it_was_is_not_told(database: Database) -> None:
    world = await make_world(database)
    before = len(await messages(database))
    async with writing(database) as session:
        product = await session.get_one(type(world.product), world.product.id)
        product.kind = "plan"
    assert len(await messages(database)) == before


async def test_a_lease_is_nobodys_business(database: Database) -> None:
    world = await make_world(database)
    before = len(await messages(database))
    async with writing(database) as session:
        await leases.claim(session, world.customer.id, owner="worker")
        customer = await session.get_one(Customer, world.customer.id)
        customer.lease_owner = "other"
    assert len(await messages(database)) == before


async def test_a_change_without_a_cause_is_refused(database: Database) -> None:
    async with writing(database) as session:
        session.add(World().catalog)
        cause = session.info.pop("cause")
        with pytest.raises(FeedCauseMissing, match="catalog changed"):
            await session.flush()
        session.info["cause"] = cause
    assert len(await messages(database)) == 1


async def test_two_flushes_of_a_transaction_count_on(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        customer = await session.get_one(Customer, world.customer.id)
        customer.name = "A"
        await session.flush()
        customer.name = "B"
    told = await messages(database, world.customer.id)
    assert [message.version for message in told] == [1, 2, 3]
    assert told[2].body["changes"] == {"name": {"from": "A", "to": "B"}}


async def test_parallel_changes_of_one_customer_leave_no_hole(database: Database) -> None:
    world = await make_world(database)

    async def add_entity() -> None:
        async with writing(database) as session:
            session.add(
                Entity(
                    customer_id=world.customer.id,
                    feature_id=world.feature.id,
                    external_id=unique("seat"),
                )
            )

    await asyncio.gather(*(add_entity() for _ in range(8)))

    told = await messages(database, world.customer.id)
    assert [message.version for message in told] == list(range(1, 10))


async def test_a_customer_read_before_another_changed_it_is_told_as_it_is(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        customer = await session.get_one(Customer, world.customer.id)
        async with writing(database) as other:
            (await other.get_one(Customer, world.customer.id)).name = "Acme"
        customer.email = "billing@acme.test"
    last = (await messages(database, world.customer.id))[-1]
    assert last.version == 3
    assert (last.body["state"]["name"], last.body["state"]["email"]) == ("Acme", "billing@acme.test")


async def test_a_lost_update_is_refused(database: Database) -> None:
    world = await make_world(database)

    async def overtaken() -> None:
        async with writing(database) as session:
            mine = await session.get_one(Subscription, world.subscription.id)
            async with writing(database) as other:
                (await other.get_one(Subscription, world.subscription.id)).paid = True
            mine.ended_at = AT + timedelta(days=1)

    with pytest.raises(ChangedMeanwhile):
        await overtaken()


async def test_one_product_gives_way_to_another_in_one_flush(database: Database) -> None:
    """The end of the old is written before the beginning of the new, else the slot would be taken."""
    world = await make_world(database)
    await hold(database, world.held())
    async with writing(database) as session:
        old = (await session.scalars(select(SubscriptionProduct))).one()
        assert object_session(old) is session.sync_session
        move(session, world.held(), Event.ACTIVATED)
        move(session, old, Event.REPLACED)
        old.ended_at, old.end_reason = AT, "replaced"
    async with database.session() as session:
        states = (await session.scalars(select(SubscriptionProduct.state))).all()
    assert sorted(states) == ["active", "ended"]
