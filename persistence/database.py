"""How is the database reached? Short transactions that say why and when, and reading that changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from sqlalchemy import event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from persistence.errors import ChangedMeanwhile, TransactionOpen
from persistence.feed import append_messages, prepare_messages
from persistence.states import refuse_unexplained_states

_MOVED_TWICE: Final = "uq_transition_machine_row_id_version"
_SETTINGS: Final = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}


class WatchedSession(Session):
    """A session that tells every change of an owned row and refuses a state that no machine moved."""


@event.listens_for(WatchedSession, "before_flush")
def _watch(session: Session, _context: object, _instances: object) -> None:
    refuse_unexplained_states(session)
    prepare_messages(session)


@event.listens_for(WatchedSession, "after_flush")
def _tell(session: Session, _context: object) -> None:
    append_messages(session)


@dataclass(slots=True)
class _Open:
    """One transaction of this task; a task started inside it sees when it is over."""

    open: bool = True


_OPEN: ContextVar[tuple[_Open, ...]] = ContextVar("open transactions", default=())


def assert_idle() -> None:
    """Raise TransactionOpen if this task holds a transaction: nobody is called while locks are held."""
    if any(transaction.open for transaction in _OPEN.get()):
        raise TransactionOpen


@contextmanager
def _marked_open() -> Generator[None]:
    mark = _Open()
    _OPEN.set((*(other for other in _OPEN.get() if other.open), mark))
    try:
        yield
    finally:
        mark.open = False


@dataclass(frozen=True, slots=True)
class Leadership:
    """A name that one process holds; it is lost with the connection that holds it."""

    connection: AsyncConnection

    async def held(self) -> bool:
        """Whether the connection still lives, and with it the lock."""
        return bool(await self.connection.scalar(text("SELECT true")))


class Database:
    """One Postgres, behind one pool of connections."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url: Final = database_url(url)
        self._engine: Final = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={
                "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
                "application_name": "wallstreet",
            },
        )
        self._reading: Final = self._engine.execution_options(postgresql_readonly=True)
        self._autocommit: Final = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self, *, cause: Mapping[str, Any], at: datetime) -> AsyncGenerator[AsyncSession]:
        """One transaction, committed at the exit and rolled back by an exception.

        Cause and instant go into every message of the change feed and every transition. Raises
        ChangedMeanwhile if another transaction was faster; any other refusal of the database is SQLAlchemy's
        IntegrityError, whose constraint `violated` names.
        """
        if at.tzinfo is None:
            raise ValueError(f"{at!r} has no time zone")
        info = {"cause": dict(cause), "at": at}
        try:
            with _marked_open():
                async with self._session(self._engine, info) as session, session.begin():
                    yield session
        except StaleDataError as stale:
            raise ChangedMeanwhile from stale
        except IntegrityError as refused:
            if violated(refused) == _MOVED_TWICE:
                raise ChangedMeanwhile from refused
            raise

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[AsyncSession]:
        """One read-only transaction; the database refuses a write in it."""
        with _marked_open():
            async with self._session(self._reading, {}) as session:
                yield session

    @asynccontextmanager
    async def leadership(self, name: str) -> AsyncGenerator[Leadership | None]:
        """Hold the name for as long as the block runs; None while another process holds it."""
        key = func.hashtextextended(name, 0)
        async with self._autocommit.connect() as connection:
            taken = await connection.scalar(select(func.pg_try_advisory_lock(key)))
            try:
                yield Leadership(connection) if taken else None
            finally:
                if taken and not connection.closed:
                    # A connection that was cut off in a query has lost the lock with itself; that it cannot
                    # be given back must not take the place of what ended the block.
                    with suppress(DBAPIError, InvalidRequestError):
                        await connection.execute(select(func.pg_advisory_unlock(key)))

    async def ping(self) -> None:
        """Return if the database answers; raise what it says if not."""
        async with self._autocommit.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection of the pool."""
        await self._engine.dispose()

    @staticmethod
    def _session(engine: AsyncEngine, info: dict[str, Any]) -> AsyncSession:
        return AsyncSession(
            engine, sync_session_class=WatchedSession, autoflush=False, expire_on_commit=False, info=info
        )


def violated(refused: IntegrityError) -> str | None:
    """The name of the constraint (or unique index) that refused, such as `uq_subscription_product_live`."""
    original = refused.orig
    return original.diag.constraint_name if isinstance(original, psycopg.Error) else None


def database_url(url: str) -> str:
    """The address with the driver that Wallstreet uses, whatever driver it names."""
    named = make_url(url).set(drivername="postgresql+psycopg")
    return named.render_as_string(hide_password=False)
