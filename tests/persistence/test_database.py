"""Transactions end as they should, reading changes nothing, and nobody is called while one is open."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, InvalidRequestError

from persistence.database import Database, assert_idle
from persistence.database import database_url as with_driver
from persistence.errors import TransactionOpen
from persistence.models import Catalog, Customer
from tests.persistence.rows import CAUSE, make_world, unique, writing


async def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    catalog = Catalog(name=unique("catalog"))
    async with writing(database) as session:
        session.add(catalog)
    async with database.session() as session:
        assert (await session.get_one(Catalog, catalog.name)).version == 1


async def test_a_transaction_says_when_with_a_time_zone(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 -- the point of the test
    with pytest.raises(ValueError, match="no time zone"):
        async with database.transaction(cause=CAUSE, at=naive):
            pass


async def test_reading_cannot_write(database: Database) -> None:
    async with database.session() as session:
        with pytest.raises(InternalError, match="read-only"):
            await session.execute(text("INSERT INTO clock (id) VALUES ('x')"))
    async with writing(database) as session:
        await session.execute(text("SELECT pg_current_xact_id()"))


async def test_times_come_back_in_utc(database: Database) -> None:
    world = await make_world(database)
    async with database.session() as session:
        stored = await session.get_one(Customer, world.customer.id)
    assert stored.created_at.utcoffset() == timedelta(0)


async def test_a_row_is_whole_after_the_commit(database: Database) -> None:
    """Nothing is loaded behind our back: what was written is there, times of the database included."""
    world = await make_world(database)
    async with writing(database) as session:
        customer = await session.get_one(Customer, world.customer.id)
        before = customer.updated_at
        customer.name = "Acme"
    assert customer.updated_at > before


async def test_what_was_not_loaded_is_not_loaded_by_looking(database: Database) -> None:
    world = await make_world(database)
    async with database.session() as session:
        customer = await session.get_one(Customer, world.customer.id)
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            _ = customer.entities


async def test_nobody_is_called_while_a_transaction_is_open(database: Database) -> None:
    assert_idle()
    async with writing(database):
        with pytest.raises(TransactionOpen):
            assert_idle()
        async with database.session():
            pass
        with pytest.raises(TransactionOpen):
            assert_idle()
    assert_idle()
    async with database.session():
        with pytest.raises(TransactionOpen):
            assert_idle()
    assert_idle()


async def test_a_task_started_in_a_transaction_may_call_when_it_is_over(database: Database) -> None:
    over = asyncio.Event()

    async def call_later() -> None:
        await over.wait()
        assert_idle()

    async with writing(database):
        task = asyncio.create_task(call_later())
        await asyncio.sleep(0)
    over.set()
    await task


async def test_a_transaction_of_one_task_is_no_concern_of_another(database: Database) -> None:
    opened, looked = asyncio.Event(), asyncio.Event()

    async def hold_open() -> None:
        async with writing(database):
            opened.set()
            await looked.wait()

    task = asyncio.create_task(hold_open())
    await opened.wait()
    assert_idle()
    looked.set()
    await task


async def test_one_leads_at_a_time(database: Database) -> None:
    async with database.leadership("relay") as leader:
        assert leader is not None
        assert await leader.held()
        async with database.leadership("relay") as second:
            assert second is None
        async with database.leadership("other") as other:
            assert other is not None
    async with database.leadership("relay") as again:
        assert again is not None


async def test_ping_answers(database: Database) -> None:
    await database.ping()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_any_address_of_a_postgres_will_do(scheme: str) -> None:
    given = f"{scheme}://me:secret@db.test:5433/wallstreet?sslmode=require"
    assert with_driver(given) == "postgresql+psycopg://me:secret@db.test:5433/wallstreet?sslmode=require"


async def test_what_is_open_is_closed(database_url: str) -> None:
    opened = Database(database_url)
    await opened.ping()
    await opened.dispose()
    await opened.ping()
    await opened.dispose()
