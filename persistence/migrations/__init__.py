"""How does a database become what the models say? Alembic, callable from the program.

The command line works too: `WALLSTREET_DATABASE_URL=... alembic upgrade head`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text

from persistence.database import database_url

LOCATION: Final = "persistence:migrations"
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('wallstreet migrations', 0))")


async def upgrade(url: str, to: str = "head") -> None:
    """Bring the database to the revision, the newest unless told; of several at once each waits its turn."""
    await asyncio.to_thread(_run, url, to, up=True)


async def downgrade(url: str, to: str = "base") -> None:
    """Take the database back to the revision, to nothing at all unless told; what the tables held is gone."""
    await asyncio.to_thread(_run, url, to, up=False)


def _run(url: str, to: str, *, up: bool) -> None:
    engine = create_engine(database_url(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", LOCATION)
    with engine.begin() as connection:
        connection.execute(_LOCK)
        config.attributes["connection"] = connection
        if up:
            command.upgrade(config, to)
        else:
            command.downgrade(config, to)
