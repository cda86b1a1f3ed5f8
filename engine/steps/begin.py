"""How does a durable change that no purchase decides begin? Its frozen steps are committed, then driven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.steps.executor import keep_alive
from engine.steps.plan import PlannedStep
from machines.attachment import Event
from persistence.models import Attachment, Step
from persistence.models.words import AttachmentKind
from persistence.states import move

CALLER = "wallstreet"


def begin(
    session: AsyncSession,
    *,
    kind: AttachmentKind,
    steps: Sequence[PlannedStep],
    request: Mapping[str, Any],
    at: datetime,
    customer_id: str | None = None,
    catalog: str | None = None,
) -> Attachment:
    """Add the intent with its frozen steps to the transaction; once it is committed, drive it by its id."""
    attachment = Attachment(
        kind=kind.value,
        customer_id=customer_id,
        catalog=catalog,
        caller=CALLER,
        params_hash="",
        request=dict(request),
        plan={},
        at=at,
    )
    keep_alive(attachment)
    move(session, attachment, Event.PLAN_STORED)
    for n, step in enumerate(steps):
        frozen = step.as_json()
        session.add(
            Step(
                attachment_id=attachment.id,
                n=n,
                kind=step.kind,
                params=frozen,
                condition=frozen["when"],
            )
        )
    return attachment
