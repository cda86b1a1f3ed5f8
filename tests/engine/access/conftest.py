from __future__ import annotations

import pytest

from persistence.database import Database
from tests.engine.access.world import World


@pytest.fixture
async def world(database: Database) -> World:
    """A customer without any product, in a database of its own."""
    return await World(database).begin()
