"""What is for sale? Catalogs, features, products with their versions, prices, and what a product grants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models import words
from persistence.models.base import Base, Json, Owned, identity, one_of, reference


class Catalog(Owned, Base, kw_only=True):
    """Everything sold under one name, as the document that was applied last."""

    __tablename__ = "catalog"
    __feed__ = "catalog"
    __feed_silent__ = frozenset({"document"})

    name: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[Json] = mapped_column(default_factory=dict)
    settings: Mapped[Json] = mapped_column(default_factory=dict)


class Feature(Owned, Base, kw_only=True):
    """Something a product can grant: a yes, units that are used up or held, or a pool of credits."""

    __tablename__ = "feature"
    __feed__ = "feature"
    __table_args__ = (UniqueConstraint("catalog", "external_id"), one_of("type", words.FeatureType))

    id: Mapped[str] = identity("feat")
    catalog: Mapped[str] = mapped_column(reference("catalog.name"))
    external_id: Mapped[str]
    type: Mapped[str]
    consumable: Mapped[bool] = mapped_column(default=False)
    event_names: Mapped[list[str]] = mapped_column(default_factory=list)
    costs: Mapped[Json] = mapped_column(default_factory=dict)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)


class Product(Owned, Base, kw_only=True):
    """One version of a product; at most one version of it is active.

    Activating an older version and deactivating a newer one takes a flush between the two.
    """

    __tablename__ = "product"
    __feed__ = "product"
    __table_args__ = (
        UniqueConstraint("catalog", "external_id", "version_number"),
        Index(
            "uq_product_active_version",
            "catalog",
            "external_id",
            unique=True,
            postgresql_where=text("active"),
        ),
        one_of("kind", words.ProductKind),
        one_of("price_kind", words.PaidHow),
    )

    id: Mapped[str] = identity("prod")
    catalog: Mapped[str] = mapped_column(reference("catalog.name"))
    external_id: Mapped[str]
    version_number: Mapped[int] = mapped_column(default=1)
    active: Mapped[bool] = mapped_column(default=True)
    group: Mapped[str | None] = mapped_column(default=None)
    kind: Mapped[str] = mapped_column(default=words.ProductKind.PLAN.value)
    add_on: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    trial: Mapped[Json | None] = mapped_column(default=None)
    price_kind: Mapped[str]
    seller_id: Mapped[str | None] = mapped_column(reference("customer.id"), default=None)
    stripe_product_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    ready: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)

    prices: Mapped[list[Price]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="Price.position"
    )
    features: Mapped[list[ProductFeature]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="ProductFeature.position"
    )


class Price(Owned, Base, kw_only=True):
    """What is charged, how often and for what; it never changes once Stripe knows it."""

    __tablename__ = "price"
    __feed__ = "price"
    __table_args__ = (
        UniqueConstraint("product_id", "position"),
        one_of("kind", words.PriceKind),
        one_of("interval", words.BillingInterval),
        one_of("tier_mode", words.TierMode),
        one_of("settled_by", words.SettledBy),
        CheckConstraint("interval_count >= 1", name="interval_count"),
        CheckConstraint("(kind = 'fixed') = (feature_id IS NULL)", name="feature"),
        CheckConstraint("per > 0", name="per"),
    )

    id: Mapped[str] = identity("price")
    product_id: Mapped[str] = mapped_column(reference("product.id"))
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(default=words.PriceKind.FIXED.value)
    feature_id: Mapped[str | None] = mapped_column(reference("feature.id"), default=None)
    amount: Mapped[int | None] = mapped_column(default=None)
    currency: Mapped[str] = mapped_column(default="usd")
    interval: Mapped[str]
    interval_count: Mapped[int] = mapped_column(default=1)
    per: Mapped[Decimal] = mapped_column(default=Decimal(1))
    tiers: Mapped[list[Json] | None] = mapped_column(default=None)
    tier_mode: Mapped[str | None] = mapped_column(default=None)
    max_purchase: Mapped[Decimal | None] = mapped_column(default=None)
    on_increase: Mapped[str | None] = mapped_column(default=None)
    on_decrease: Mapped[str | None] = mapped_column(default=None)
    settled_by: Mapped[str] = mapped_column(default=words.SettledBy.WALLSTREET.value)
    stripe_price_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)

    feature: Mapped[Feature | None] = relationship(viewonly=True, lazy="raise", init=False)


class ProductFeature(Owned, Base, kw_only=True):
    """What a product grants of a feature, when it starts again, and the price of more."""

    __tablename__ = "product_feature"
    __feed__ = "product_feature"
    __table_args__ = (UniqueConstraint("product_id", "position"), one_of("reset", words.ResetInterval))

    id: Mapped[str] = identity("pf")
    product_id: Mapped[str] = mapped_column(reference("product.id"))
    feature_id: Mapped[str] = mapped_column(reference("feature.id"), index=True)
    price_id: Mapped[str | None] = mapped_column(reference("price.id"), default=None)
    position: Mapped[int] = mapped_column(default=0)
    included: Mapped[Decimal] = mapped_column(default=Decimal(0))
    unlimited: Mapped[bool] = mapped_column(default=False)
    reset: Mapped[str] = mapped_column(default=words.ResetInterval.NEVER.value)
    reset_on_switch: Mapped[bool] = mapped_column(default=True)
    per_entity: Mapped[str | None] = mapped_column(default=None)
    rollover: Mapped[Json | None] = mapped_column(default=None)

    feature: Mapped[Feature] = relationship(
        viewonly=True, lazy="raise", init=False, foreign_keys=[feature_id]
    )
    price: Mapped[Price | None] = relationship(viewonly=True, lazy="raise", init=False)
