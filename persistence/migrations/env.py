"""What does Alembic migrate? The connection it is given, or the database that the settings name."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine

from persistence.database import database_url
from persistence.models import Base


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction: all of them happen or none."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = create_engine(database_url(os.environ["WALLSTREET_DATABASE_URL"]), poolclass=NullPool)
    with engine.begin() as opened:
        migrate(opened)
