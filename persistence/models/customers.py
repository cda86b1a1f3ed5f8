"""Who buys, on which clock, and for which of its parts? Clocks, customers, entities."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.ids import EXTERNAL_ID
from persistence.models import words
from persistence.models.base import Base, Json, Owned, identity, one_of, reference

LIVE_CLOCK: Final = "live"
"""The id of the clock that shows the real time; its row is made by the migrations."""


class Clock(Base, kw_only=True):
    """A time that customers live by: the real one, or one of the sandbox that stands still until moved."""

    __tablename__ = "clock"
    __table_args__ = (
        CheckConstraint("(id = 'live') = (stripe_test_clock_id IS NULL AND now IS NULL)", name="live"),
    )

    id: Mapped[str] = identity("clk")
    stripe_test_clock_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    now: Mapped[datetime | None] = mapped_column(default=None)


class Customer(Owned, Base, kw_only=True):
    """A user or an organization; its `version` moves with every change of anything it owns."""

    __tablename__ = "customer"
    __feed__ = "customer"
    __feed_owner__ = "id"
    __feed_silent__ = frozenset({"lease_owner", "lease_until", "fence"})
    __table_args__ = (
        UniqueConstraint("type", "external_id"),
        one_of("type", words.CustomerType),
        CheckConstraint(f"external_id ~ '{EXTERNAL_ID}'", name="external_id"),
        CheckConstraint(
            "connected_account_id IS NULL OR type = 'organization'", name="connected_account_is_organization"
        ),
    )

    id: Mapped[str] = identity("cus")
    catalog: Mapped[str] = mapped_column(reference("catalog.name"))
    type: Mapped[str]
    external_id: Mapped[str]
    clock_id: Mapped[str] = mapped_column(reference("clock.id"), default=LIVE_CLOCK, index=True)
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    connected_account_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    currency: Mapped[str | None] = mapped_column(default=None)
    payment_method: Mapped[Json | None] = mapped_column(default=None)
    name: Mapped[str | None] = mapped_column(default=None)
    email: Mapped[str | None] = mapped_column(default=None)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    fence: Mapped[int] = mapped_column(default=0)
    parked_reason: Mapped[str | None] = mapped_column(default=None)

    clock: Mapped[Clock] = relationship(viewonly=True, lazy="raise", init=False)
    entities: Mapped[list[Entity]] = relationship(viewonly=True, lazy="raise", init=False)


class Entity(Owned, Base, kw_only=True):
    """A part of a customer (a seat, a workspace) that can hold products and balances of its own."""

    __tablename__ = "entity"
    __feed__ = "entity"
    __feed_owner__ = "customer_id"
    __table_args__ = (
        Index(
            "uq_entity_living",
            "customer_id",
            "feature_id",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[str] = identity("ent")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"))
    feature_id: Mapped[str] = mapped_column(reference("feature.id"))
    external_id: Mapped[str]
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)
