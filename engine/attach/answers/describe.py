"""What is known of one attachment? Everything a support person or an engineer asks for, in one answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.answers.outcome import outcome
from engine.errors import NotFound, WallstreetError
from persistence.models import Attachment, Step, StripeCall, Transition
from persistence.repositories import attachments

Json = dict[str, Any]


async def describe(session: AsyncSession, attachment_id: str) -> Json:
    """The attachment with its decision, lines, steps, calls to Stripe and transitions.

    Raises:
        NotFound: there is none of that id.
    """
    found = await attachments.find(session, attachment_id)
    if found is None:
        raise NotFound("attachment_not_found", f"There is no attachment {attachment_id}.")
    moved = await attachments.caused_by(session, attachment_id)
    decision = found.plan.get("decision")
    return {
        "id": found.id,
        "kind": found.kind,
        "state": found.state,
        "status": _status(found),
        "at": _text(found.at),
        "request": found.request,
        "decision": decision,
        "lines": found.lines,
        "steps": [_step(step) for step in found.steps],
        "calls": [_call(call) for call in found.calls],
        "transitions": [_transition(row) for row in moved],
        "result": found.plan.get("result"),
        "error": found.error,
    }


def _status(found: Attachment) -> str:
    try:
        return str(outcome(found, found.steps, customer_version=0)["status"])
    except WallstreetError as error:
        return error.code


def _step(step: Step) -> Json:
    return {
        "n": step.n,
        "kind": step.kind,
        "state": step.state,
        "params": step.sent_params or step.params,
        "condition": step.condition,
        "object_id": step.object_id,
        "attempts": step.attempts,
        "error": step.last_error,
    }


def _call(call: StripeCall) -> Json:
    return {
        "n": call.n,
        "method": call.method.upper(),
        "path": call.path,
        "params": call.params,
        "status": call.status,
        "request_id": call.request_id,
        "idempotency_key": call.idempotency_key,
        "replayed": call.replayed,
        "milliseconds": float(call.milliseconds) if call.milliseconds is not None else None,
    }


def _transition(row: Transition) -> Json:
    return {
        "machine": row.machine,
        "row": row.row_id,
        "version": row.version,
        "from": row.source,
        "event": row.event,
        "to": row.dest,
        "at": _text(row.at),
        "cause": row.cause,
    }


def _text(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))
