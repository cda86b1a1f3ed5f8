"""What has to be told, what was heard, what is due, and which request was answered how?"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Json, identity, reference


class Outbox(Base, kw_only=True):
    """A message that the relay publishes: written in the transaction of the change that it tells."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("entity", "entity_id", "version"),
        Index("ix_outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True, init=False)
    event_id: Mapped[str] = mapped_column(unique=True)
    entity: Mapped[str]
    entity_id: Mapped[str]
    version: Mapped[int]
    subject: Mapped[str]
    owner: Mapped[str] = mapped_column(index=True)
    """The token of the customer (or `catalog`) in the subject."""
    body: Mapped[Json]
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    published_seq: Mapped[int | None] = mapped_column(default=None)
    """The sequence number that the stream gave the message."""


class Inbox(Base, kw_only=True):
    """An event of Stripe's, heard once however often it is told."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_open", "next_at", postgresql_where=text("handled_at IS NULL AND NOT parked")),
    )

    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str | None] = mapped_column(default=None)
    account: Mapped[str | None] = mapped_column(default=None)
    livemode: Mapped[bool]
    created: Mapped[datetime]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(default=None)
    parked: Mapped[bool] = mapped_column(default=False)


class Due(Base, kw_only=True):
    """Something that must happen at an instant of a clock, once, whoever gets to do it."""

    __tablename__ = "due"
    __table_args__ = (
        Index("ix_due_open", "clock_id", "at", postgresql_where=text("done_at IS NULL AND NOT parked")),
    )

    id: Mapped[str] = identity("due")
    customer_id: Mapped[str | None] = mapped_column(reference("customer.id"), index=True, default=None)
    clock_id: Mapped[str] = mapped_column(reference("clock.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[Json] = mapped_column(default_factory=dict)
    resume_at: Mapped[datetime | None] = mapped_column(default=None)
    """Until when (by the database's clock) whoever claimed it has it for itself."""
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(default=None)
    parked: Mapped[bool] = mapped_column(default=False)


class IdempotencyKey(Base, kw_only=True):
    """A request of one caller: what it was, and once finished the answer it got."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None] = mapped_column(default=None)
    body: Mapped[Json | None] = mapped_column(default=None)
    locked_at: Mapped[datetime | None] = mapped_column(default=None)
