"""What may a customer use, and what has it used? Balances, the ledger behind them, and reported use."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models import words
from persistence.models.base import Base, Json, Owned, identity, one_of, reference
from persistence.models.catalog import Feature
from persistence.models.customers import Entity


class Balance(Owned, Base, kw_only=True):
    """What one source grants of one feature: included and purchased units, and how many of them are used.

    One source (a product's feature, for a customer or an entity) has one balance that has not ended.
    """

    __tablename__ = "balance"
    __feed__ = "balance"
    __feed_owner__ = "customer_id"
    __table_args__ = (
        one_of("reset", words.ResetInterval),
        CheckConstraint("included >= 0 AND purchased >= 0", name="granted"),
        Index("ix_balance_scope", "customer_id", "feature_id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_balance_source",
            "subscription_product_id",
            "product_feature_id",
            func.coalesce(text("entity_id"), text("''")),
            "source",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = identity("bal")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"))
    entity_id: Mapped[str | None] = mapped_column(reference("entity.id"), default=None)
    feature_id: Mapped[str] = mapped_column(reference("feature.id"))
    subscription_product_id: Mapped[str | None] = mapped_column(
        reference("subscription_product.id"), default=None
    )
    product_feature_id: Mapped[str | None] = mapped_column(reference("product_feature.id"), default=None)
    source: Mapped[str]
    included: Mapped[Decimal] = mapped_column(default=Decimal(0))
    purchased: Mapped[Decimal] = mapped_column(default=Decimal(0))
    used: Mapped[Decimal] = mapped_column(default=Decimal(0))
    unlimited: Mapped[bool] = mapped_column(default=False)
    overage_allowed: Mapped[bool] = mapped_column(default=False)
    reset: Mapped[str] = mapped_column(default=words.ResetInterval.NEVER.value)
    anchor: Mapped[datetime]
    period_start: Mapped[datetime]
    next_reset_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    feature: Mapped[Feature] = relationship(viewonly=True, lazy="raise", init=False)
    entity: Mapped[Entity | None] = relationship(viewonly=True, lazy="raise", init=False)


class LedgerEntry(Base, kw_only=True):
    """One reason why a balance moved; a source moves it at most once in each way, and it is never changed."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("balance_id", "source_type", "source_id", "kind"),
        one_of("kind", words.LedgerKind),
    )

    id: Mapped[str] = identity("le")
    balance_id: Mapped[str] = mapped_column(reference("balance.id"))
    delta: Mapped[Decimal]
    kind: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[str]
    at: Mapped[datetime]


class UsageEvent(Base, kw_only=True):
    """One report of use and the answer it got; a key that was used before names the first report."""

    __tablename__ = "usage_event"
    __table_args__ = (UniqueConstraint("customer_id", "idempotency_key"),)

    id: Mapped[str] = identity("use")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"))
    feature_id: Mapped[str] = mapped_column(reference("feature.id"))
    entity_id: Mapped[str | None] = mapped_column(reference("entity.id"), default=None)
    value: Mapped[Decimal]
    idempotency_key: Mapped[str | None] = mapped_column(default=None)
    answer: Mapped[Json] = mapped_column(default_factory=dict)
    at: Mapped[datetime]
