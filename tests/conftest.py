"""What tests share: one Postgres, one NATS and one Stripe twin per worker, started when first asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from engine.sandbox.folders import RunFolder
from engine.sandbox.nats import embedded_nats
from engine.sandbox.postgres import database_named, embedded_postgres
from engine.sandbox.stack import twin
from persistence import migrations
from persistence.database import Database
from tests.conformance import findings, told

MakeDatabase = Callable[[], Awaitable[str]]

_TEMPLATE = "wallstreet_template"


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """The folder of this run: logs and sockets of the embedded servers; removed at the end."""
    with RunFolder() as folder:
        yield folder.path


@pytest.fixture(scope="session")
async def postgres_url(run_folder: Path) -> AsyncIterator[str]:
    """An empty Postgres; its database `postgres` belongs to nobody."""
    async with embedded_postgres(run_folder) as url:
        yield url


@pytest.fixture(scope="session")
async def nats_url(run_folder: Path) -> AsyncIterator[str]:
    """A NATS server with JetStream; a test makes streams under names of its own."""
    async with embedded_nats(run_folder) as url:
        yield url


@pytest.fixture(scope="session")
async def twin_base(run_folder: Path) -> AsyncIterator[str]:
    """The base address of a Stripe twin; a test makes customers and clocks of its own.

    All that it said and told is judged at the end.
    """
    traffic = run_folder / "twin-traffic.jsonl"
    async with twin(run_folder, traffic=traffic) as base:
        yield base
        found = findings(traffic, base)
    assert not found, told(found)


@pytest.fixture(scope="session")
async def make_database(postgres_url: str) -> MakeDatabase:
    """A function that gives the address of a fresh database with all tables, a copy of one migrated once."""
    await _execute(postgres_url, f"CREATE DATABASE {_TEMPLATE}")
    await migrations.upgrade(database_named(_TEMPLATE, postgres_url))
    numbers = count(1)

    async def make() -> str:
        name = f"test_{next(numbers)}"
        await _execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
        return database_named(name, postgres_url)

    return make


@pytest.fixture
async def database_url(make_database: MakeDatabase, postgres_url: str) -> AsyncIterator[str]:
    """The address of a fresh database with all tables, for this test alone."""
    url = await make_database()
    yield url
    name = url.split("?")[0].rsplit("/", 1)[1]
    await _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database with all tables, open, for this test alone."""
    opened = Database(database_url, pool_size=5)
    yield opened
    await opened.dispose()


async def _execute(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode())
