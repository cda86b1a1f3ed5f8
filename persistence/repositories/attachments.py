"""How far is an attachment, and what was decided for it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from machines.attachment import LIVE
from persistence.models import Attachment, Decision, RuleSetVersion, Transition


async def find(session: AsyncSession, attachment_id: str) -> Attachment | None:
    """The attachment with its decision, steps and calls."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.id == attachment_id)
        .options(
            selectinload(Attachment.decision),
            selectinload(Attachment.steps),
            selectinload(Attachment.calls),
        )
    )
    return found.one_or_none()


async def with_steps(session: AsyncSession, attachment_id: str) -> Attachment:
    """The attachment with its steps and nothing else."""
    found = await session.scalars(
        select(Attachment).where(Attachment.id == attachment_id).options(selectinload(Attachment.steps))
    )
    return found.one()


async def lock(session: AsyncSession, attachment_id: str) -> Attachment:
    """The attachment as it is now, with its decision and steps, locked until commit."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.id == attachment_id)
        .options(selectinload(Attachment.decision), selectinload(Attachment.steps))
        .with_for_update(of=Attachment)
        .execution_options(populate_existing=True)
    )
    return found.one()


async def asked_with(session: AsyncSession, caller: str, idempotency_key: str) -> Attachment | None:
    """The attachment that this caller asked for under the key."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.caller == caller, Attachment.idempotency_key == idempotency_key)
        .options(selectinload(Attachment.decision), selectinload(Attachment.steps))
    )
    return found.one_or_none()


async def running(session: AsyncSession, customer_id: str) -> Attachment | None:
    """The one attachment of the customer that is on its way; another must not begin beside it."""
    found = await session.scalars(
        select(Attachment).where(Attachment.customer_id == customer_id, Attachment.state.in_(LIVE))
    )
    return found.one_or_none()


async def awaiting(session: AsyncSession, customer_id: str) -> Sequence[Attachment]:
    """What waits for the customer to pay or confirm, with steps, oldest first."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.customer_id == customer_id, Attachment.state == "awaiting_customer")
        .options(selectinload(Attachment.steps), selectinload(Attachment.decision))
        .order_by(Attachment.id)
    )
    return found.all()


async def claim_abandoned(
    session: AsyncSession, *, limit: int = 20, hold: timedelta = timedelta(seconds=30)
) -> Sequence[str]:
    """Running attachments whose time to go on has come, held against others; commit, then drive them."""
    chosen = (
        select(Attachment.id)
        .where(Attachment.state.in_(LIVE), Attachment.resume_at <= func.clock_timestamp())
        .order_by(Attachment.resume_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    found = await session.scalars(
        update(Attachment)
        .where(Attachment.id.in_(select(chosen.c.id)))
        .values(resume_at=func.clock_timestamp() + hold)
        .returning(Attachment.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(found.all())


async def history(session: AsyncSession, machine: str, row_ids: Sequence[str]) -> Sequence[Transition]:
    """Every move of these rows, each row's in order."""
    found = await session.scalars(
        select(Transition)
        .where(Transition.machine == machine, Transition.row_id.in_(row_ids))
        .order_by(Transition.row_id, Transition.version)
    )
    return found.all()


async def decision(session: AsyncSession, decision_id: str) -> Decision | None:
    """What was decided, on which facts, by which rules."""
    return await session.get(Decision, decision_id)


async def remember_rule_set(session: AsyncSession, *, hash: str, files: Mapping[str, str]) -> None:  # noqa: A002 -- its column
    """Keep the rule files under their hash, once."""
    await session.execute(
        insert(RuleSetVersion).values(hash=hash, files=dict(files)).on_conflict_do_nothing()
    )


async def caused_by(session: AsyncSession, attachment_id: str) -> Sequence[Transition]:
    """Every move of any machine that the attachment caused, and its own moves, in order."""
    found = await session.scalars(
        select(Transition)
        .where(
            or_(
                Transition.cause["id"].astext == attachment_id,
                (Transition.machine == "attachment") & (Transition.row_id == attachment_id),
            )
        )
        .order_by(Transition.id)
    )
    return found.all()
