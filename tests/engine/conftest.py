"""Wallstreet's parts without doors, on a database that has a catalog already, and the shared twin."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import count

import psycopg
import pytest

from engine.sandbox.postgres import database_named
from persistence.database import Database
from tests.engine.parts import Parts, stock, wired

_numbers = count(1)


@pytest.fixture(scope="session")
async def stocked(make_database: Callable[[], Awaitable[str]], twin_base: str) -> str:
    """The name of a database in which the catalog was applied once for the run; to be copied."""
    url = await make_database()
    await stock(url, twin_base)
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


@pytest.fixture
async def parts(stocked: str, postgres_url: str, twin_base: str) -> AsyncGenerator[Parts]:
    """A customer with a card and the free plan, on a clock that shows January 1, for this test alone."""
    name = f"parts_{next(_numbers)}"
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {stocked} STRATEGY file_copy".encode())
        database = Database(database_named(name, postgres_url), pool_size=5)
        try:
            async with wired(database, twin_base) as parts:
                yield parts
        finally:
            await database.dispose()
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
