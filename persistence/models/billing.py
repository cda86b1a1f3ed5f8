"""What was billed? Invoices, the lines that a later change may credit, and open checkout sessions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models import states
from persistence.models.base import Base, Driven, Json, Owned, identity, one_of, reference


class Invoice(Owned, Driven, Base, kw_only=True):
    """An invoice as Stripe shows it; its state moves by its machine only."""

    __tablename__ = "invoice"
    __feed__ = "invoice"
    __feed_owner__ = "customer_id"
    __feed_silent__ = frozenset({"state_version"})
    __machine__ = "invoice"
    __table_args__ = (one_of("state", states.INVOICE),)

    id: Mapped[str] = identity("inv")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"), index=True)
    subscription_id: Mapped[str | None] = mapped_column(reference("subscription.id"), default=None)
    attachment_id: Mapped[str | None] = mapped_column(reference("attachment.id"), default=None)
    stripe_invoice_id: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    currency: Mapped[str]
    subtotal: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    amount_due: Mapped[int] = mapped_column(default=0)
    amount_paid: Mapped[int] = mapped_column(default=0)
    hosted_url: Mapped[str | None] = mapped_column(default=None)
    lines: Mapped[list[Json]] = mapped_column(default_factory=list)
    stripe_created: Mapped[datetime]
    finalized_at: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    period_start: Mapped[datetime | None] = mapped_column(default=None)
    period_end: Mapped[datetime | None] = mapped_column(default=None)

    billed: Mapped[list[BilledLine]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="BilledLine.id"
    )


class BilledLine(Base, kw_only=True):
    """What was charged (or, below zero, credited) for one thing and one period, and what of it came back."""

    __tablename__ = "billed_line"
    __table_args__ = (
        CheckConstraint("credited >= 0", name="credited"),
        CheckConstraint("credited <= greatest(amount - discount, 0)", name="credited_at_most_once"),
        CheckConstraint("period_start < period_end", name="period"),
        Index(
            "uq_billed_line_stripe_line",
            "stripe_line_id",
            unique=True,
            postgresql_where=text("stripe_line_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = identity("bl")
    subscription_id: Mapped[str] = mapped_column(reference("subscription.id"), index=True)
    subscription_product_id: Mapped[str | None] = mapped_column(
        reference("subscription_product.id"), index=True, default=None
    )
    price_id: Mapped[str | None] = mapped_column(reference("price.id"), default=None)
    product_id: Mapped[str | None] = mapped_column(reference("product.id"), default=None)
    invoice_id: Mapped[str | None] = mapped_column(reference("invoice.id"), index=True, default=None)
    stripe_line_id: Mapped[str | None] = mapped_column(default=None)
    kind: Mapped[str]
    description: Mapped[str]
    amount: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    tax: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[Decimal] = mapped_column(default=Decimal(1))
    currency: Mapped[str]
    period_start: Mapped[datetime | None] = mapped_column(default=None)
    period_end: Mapped[datetime | None] = mapped_column(default=None)
    credited: Mapped[int] = mapped_column(default=0)
    paid: Mapped[bool] = mapped_column(default=False)
    access_given: Mapped[bool] = mapped_column(default=False)


class CheckoutSession(Driven, Base, kw_only=True):
    """A page at Stripe where the buyer pays; a customer has at most one open."""

    __tablename__ = "checkout_session"
    __machine__ = "checkout"
    __table_args__ = (
        one_of("state", states.CHECKOUT),
        Index(
            "uq_checkout_session_open", "customer_id", unique=True, postgresql_where=text("state = 'open'")
        ),
    )

    id: Mapped[str] = identity("cs")
    customer_id: Mapped[str] = mapped_column(reference("customer.id"))
    attachment_id: Mapped[str] = mapped_column(reference("attachment.id"))
    stripe_session_id: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str | None] = mapped_column(default=None)
    params_hash: Mapped[str]
    expires_at: Mapped[datetime]
