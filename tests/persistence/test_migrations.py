"""The tables in the database are those of the models, up and down and up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, NullPool, create_engine

from persistence import migrations
from persistence.database import database_url as with_driver
from persistence.models import Base

_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 't'
    AND conrelid::regclass::text <> 'alembic_version'
"""
_INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
_COLUMNS = """
    SELECT table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""


@pytest.fixture
async def empty_url(postgres_url: str) -> AsyncIterator[str]:
    name = sql.Identifier("migrations_tried")
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield postgres_url.replace("/postgres?", "/migrations_tried?")
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _schema(url: str) -> set[tuple[str, str, str]]:
    with psycopg.connect(url) as connection:
        rows = [
            row
            for query in (_CONSTRAINTS, _INDEXES, _COLUMNS)
            for row in connection.execute(query.encode()).fetchall()
        ]
    return {(str(table), str(name), str(definition)) for table, name, definition in rows}


def _leftovers(url: str) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    query += " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    with psycopg.connect(url) as connection:
        return {str(row[0]) for row in connection.execute(query.encode()).fetchall()}


def _compared(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


async def test_up_down_and_up_again(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    first = _schema(empty_url)
    await migrations.downgrade(empty_url)
    assert _leftovers(empty_url) == {"alembic_version", "alembic_version_pkc"}
    await migrations.upgrade(empty_url)
    assert _schema(empty_url) == first


async def test_alembic_finds_nothing_left_to_do(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    engine = create_engine(with_driver(empty_url), poolclass=NullPool)
    with engine.connect() as connection:
        assert _compared(connection) == []


async def test_constraints_and_indexes_are_those_of_the_models(empty_url: str) -> None:
    """Alembic does not compare checks and index conditions; the catalog of the database shows them all."""
    await migrations.upgrade(empty_url)
    migrated = _schema(empty_url)
    await migrations.downgrade(empty_url)
    engine = create_engine(with_driver(empty_url), poolclass=NullPool)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
    declared = _schema(empty_url)
    assert migrated - declared == set()
    assert declared - migrated == set()


async def test_processes_that_migrate_at_once_wait_in_line(empty_url: str) -> None:
    await asyncio.gather(*(migrations.upgrade(empty_url) for _ in range(3)))
    assert "customer" in _leftovers(empty_url)
