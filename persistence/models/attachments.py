"""What was decided, and how far is the doing? Rule sets, decisions, attachments, steps, Stripe calls."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models import states, words
from persistence.models.base import Base, Driven, Json, identity, one_of, reference


class RuleSetVersion(Base, kw_only=True):
    """The rule files as they were when something was decided by them."""

    __tablename__ = "rule_set_version"

    hash: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[Json]


class Decision(Base, kw_only=True):
    """The facts, the rules that matched, and what they said; never changed."""

    __tablename__ = "decision"
    __table_args__ = (one_of("kind", words.DecisionKind),)

    id: Mapped[str] = identity("dec")
    customer_id: Mapped[str | None] = mapped_column(reference("customer.id"), index=True, default=None)
    kind: Mapped[str]
    rule_set_hash: Mapped[str] = mapped_column(reference("rule_set_version.hash"))
    facts: Mapped[Json]
    trace: Mapped[list[Json]]
    branch: Mapped[str | None] = mapped_column(default=None)
    config: Mapped[Json] = mapped_column(default_factory=dict)
    function: Mapped[str | None] = mapped_column(default=None)
    at: Mapped[datetime]


class Attachment(Driven, Base, kw_only=True):
    """One run of frozen steps, from intent to stored result; a customer has at most one running."""

    __tablename__ = "attachment"
    __machine__ = "attachment"
    __table_args__ = (
        one_of("kind", words.AttachmentKind),
        one_of("state", states.ATTACHMENT),
        UniqueConstraint("caller", "idempotency_key"),
        CheckConstraint("customer_id IS NOT NULL OR catalog IS NOT NULL", name="subject"),
        CheckConstraint("(awaiting_type IS NULL) = (awaiting_id IS NULL)", name="awaiting"),
        Index(
            "uq_attachment_running",
            "customer_id",
            unique=True,
            postgresql_where=text(f"state IN {states.ATTACHMENT_RUNNING}"),
        ),
        Index(
            "ix_attachment_awaiting",
            "awaiting_type",
            "awaiting_id",
            postgresql_where=text("awaiting_id IS NOT NULL"),
        ),
        Index("ix_attachment_resume_at", "resume_at", postgresql_where=text("resume_at IS NOT NULL")),
    )

    id: Mapped[str] = identity("att")
    customer_id: Mapped[str | None] = mapped_column(reference("customer.id"), index=True, default=None)
    catalog: Mapped[str | None] = mapped_column(reference("catalog.name"), default=None)
    kind: Mapped[str]
    caller: Mapped[str]
    idempotency_key: Mapped[str | None] = mapped_column(default=None)
    params_hash: Mapped[str]
    request: Mapped[Json]
    decision_id: Mapped[str | None] = mapped_column(reference("decision.id"), default=None)
    lines: Mapped[list[Json]] = mapped_column(default_factory=list)
    plan: Mapped[Json] = mapped_column(default_factory=dict)
    version: Mapped[int | None] = mapped_column(default=None)
    """The customer's version on which the plan was made."""
    fence: Mapped[int] = mapped_column(default=0)
    """The lease under which the attachment is driven."""
    result: Mapped[Json | None] = mapped_column(default=None)
    awaiting_type: Mapped[str | None] = mapped_column(default=None)
    awaiting_id: Mapped[str | None] = mapped_column(default=None)
    resume_at: Mapped[datetime | None] = mapped_column(default=None)
    """When a worker goes on with it, by the database's clock."""
    deadline: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[Json | None] = mapped_column(default=None)
    at: Mapped[datetime]

    decision: Mapped[Decision | None] = relationship(viewonly=True, lazy="raise", init=False)
    steps: Mapped[list[Step]] = relationship(viewonly=True, lazy="raise", init=False, order_by="Step.n")
    calls: Mapped[list[StripeCall]] = relationship(
        viewonly=True, lazy="raise", init=False, order_by="StripeCall.id"
    )


class Step(Base, kw_only=True):
    """One frozen request to Stripe; once sent, what was sent is kept and sent again unchanged."""

    __tablename__ = "step"
    __table_args__ = (
        one_of("state", words.StepState),
        CheckConstraint("state = 'pending' OR state = 'skipped' OR sent_hash IS NOT NULL", name="sent"),
        CheckConstraint("gen >= 1", name="gen"),
    )

    attachment_id: Mapped[str] = mapped_column(reference("attachment.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    gen: Mapped[int] = mapped_column(default=1)
    params: Mapped[Json]
    condition: Mapped[Json | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default=words.StepState.PENDING.value)
    sent_params: Mapped[Json | None] = mapped_column(default=None)
    sent_hash: Mapped[str | None] = mapped_column(default=None)
    object_type: Mapped[str | None] = mapped_column(default=None)
    object_id: Mapped[str | None] = mapped_column(index=True, default=None)
    result: Mapped[Json | None] = mapped_column(default=None)
    first_sent_at: Mapped[datetime | None] = mapped_column(default=None)
    last_sent_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[Json | None] = mapped_column(default=None)


class StripeCall(Base, kw_only=True):
    """One request that was made to Stripe and how it was answered; never changed."""

    __tablename__ = "stripe_call"

    id: Mapped[str] = identity("call")
    attachment_id: Mapped[str | None] = mapped_column(reference("attachment.id"), index=True, default=None)
    n: Mapped[int | None] = mapped_column(default=None)
    gen: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str | None] = mapped_column(index=True, default=None)
    method: Mapped[str]
    path: Mapped[str]
    params: Mapped[Json] = mapped_column(default_factory=dict)
    status: Mapped[int | None] = mapped_column(default=None)
    request_id: Mapped[str | None] = mapped_column(default=None)
    replayed: Mapped[bool] = mapped_column(default=False)
    milliseconds: Mapped[Decimal | None] = mapped_column(default=None)
    sent_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
