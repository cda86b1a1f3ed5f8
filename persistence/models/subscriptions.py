"""What does a customer have? Subscriptions, the products in them, Stripe items, and how each came there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models import states, words
from persistence.models.base import Base, Driven, Json, Owned, identity, one_of, reference
from persistence.models.catalog import Price, Product
from persistence.models.customers import Customer, Entity

_MAIN_PRODUCT = 'NOT add_on AND NOT one_off AND "group" IS NOT NULL'


class Subscription(Owned, Base, kw_only=True):
    """What is billed together: one Stripe subscription if it costs something recurring, else none."""

    __tablename__ = "subscription"
    __feed__ = "subscription"
    __feed_owner__ = "customer_id"
    __table_args__ = (
        one_of("collection", words.Collection),
        CheckConstraint("paid OR stripe_subscription_id IS NULL", name="costless_is_not_at_stripe"),
    )

    id: Mapped[str] = identity("sub")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"), index=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    stripe_schedule_id: Mapped[str | None] = mapped_column(unique=True, default=None)
    currency: Mapped[str] = mapped_column(default="usd")
    collection: Mapped[str] = mapped_column(default=words.Collection.CHARGE.value)
    anchor: Mapped[datetime]
    stripe_status: Mapped[str | None] = mapped_column(default=None)
    paid: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    products: Mapped[list[SubscriptionProduct]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="SubscriptionProduct.id"
    )


class SubscriptionProduct(Owned, Driven, Base, kw_only=True):
    """A product inside a Subscription, with a lifecycle of its own; its state moves by its machine only.

    A customer (or one entity of it) has at most one live and one scheduled main product in each group.
    """

    __tablename__ = "subscription_product"
    __feed__ = "subscription_product"
    __feed_owner__ = "customer_id"
    __feed_silent__ = frozenset({"state_version"})
    __machine__ = "subscription_product"
    __table_args__ = (
        one_of("state", states.SUBSCRIPTION_PRODUCT),
        one_of("end_reason", states.END_REASONS),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", name="ended_for_a_reason"),
        CheckConstraint("state <> 'canceling' OR ends_at IS NOT NULL", name="canceling_has_an_end"),
        Index(
            "uq_subscription_product_live",
            "customer_id",
            func.coalesce(text("entity_id"), text("''")),
            "group",
            unique=True,
            postgresql_where=text(f"state IN {states.SUBSCRIPTION_PRODUCT_LIVE} AND {_MAIN_PRODUCT}"),
        ),
        Index(
            "uq_subscription_product_scheduled",
            "customer_id",
            func.coalesce(text("entity_id"), text("''")),
            "group",
            unique=True,
            postgresql_where=text(f"state = 'scheduled' AND {_MAIN_PRODUCT}"),
        ),
    )

    id: Mapped[str] = identity("sp")
    subscription_id: Mapped[str] = mapped_column(reference("subscription.id"), index=True)
    customer_id: Mapped[str] = mapped_column(reference("customer.id"), index=True)
    product_id: Mapped[str] = mapped_column(reference("product.id"))
    entity_id: Mapped[str | None] = mapped_column(reference("entity.id"), default=None)
    group: Mapped[str | None] = mapped_column(default=None)
    add_on: Mapped[bool] = mapped_column(default=False)
    one_off: Mapped[bool] = mapped_column(default=False)
    end_reason: Mapped[str | None] = mapped_column(default=None)
    quantities: Mapped[Json] = mapped_column(default_factory=dict)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    trial_ends_at: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    canceled_at: Mapped[datetime | None] = mapped_column(default=None)
    attachment_id: Mapped[str | None] = mapped_column(reference("attachment.id"), default=None)

    customer: Mapped[Customer] = relationship(viewonly=True, lazy="raise", init=False)
    subscription: Mapped[Subscription] = relationship(viewonly=True, lazy="raise", init=False)
    product: Mapped[Product] = relationship(viewonly=True, lazy="raise", init=False)
    entity: Mapped[Entity | None] = relationship(viewonly=True, lazy="raise", init=False)
    items: Mapped[list[SubscriptionItem]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="SubscriptionItem.id"
    )


class SubscriptionItem(Base, kw_only=True):
    """What ties a price of a product to a Stripe item; several may share one item, which holds their sum."""

    __tablename__ = "subscription_item"
    __table_args__ = (
        UniqueConstraint("subscription_product_id", "price_id"),
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("period_start < period_end", name="period"),
    )

    id: Mapped[str] = identity("si")
    subscription_product_id: Mapped[str] = mapped_column(reference("subscription_product.id"))
    price_id: Mapped[str] = mapped_column(reference("price.id"))
    stripe_item_id: Mapped[str | None] = mapped_column(index=True, default=None)
    quantity: Mapped[Decimal] = mapped_column(default=Decimal(1))
    period_start: Mapped[datetime | None] = mapped_column(default=None)
    period_end: Mapped[datetime | None] = mapped_column(default=None)

    price: Mapped[Price] = relationship(viewonly=True, lazy="raise", init=False)


class Transition(Base, kw_only=True):
    """One move of one row by one event: the history of every machine, never changed."""

    __tablename__ = "transition"
    __table_args__ = (
        UniqueConstraint("machine", "row_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[str] = identity("tr")
    machine: Mapped[str]
    row_id: Mapped[str]
    version: Mapped[int]
    source: Mapped[str]
    event: Mapped[str]
    dest: Mapped[str]
    cause: Mapped[Json]
    at: Mapped[datetime]
