"""How is an intent kept before anything is done? Decision, lines and frozen steps, committed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.decision import Decided
from engine.attach.planning.plan import AttachPlan
from engine.steps.executor import keep_alive
from machines.attachment import Event
from persistence import due
from persistence.database import Database
from persistence.models import Attachment, Decision, Step
from persistence.repositories import attachments, customers
from persistence.states import move
from rules.ruleset import RuleSet

Json = dict[str, Any]

LAPSE_DUE = "lapse"
"""The kind of what is due when an invoice that waits for the buyer may be paid no longer."""

_REMEMBERED: set[tuple[str, str]] = set()
"""The rule sets that this process has stored already; the files are large and do not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Who asked for what, when, and on which version of the customer it was decided."""

    attachment: str
    customer_id: str
    clock_id: str
    customer_version: int
    kind: str
    caller: str
    idempotency_key: str | None
    params_hash: str
    request: Mapping[str, Any]
    fence: int
    decision_kind: str
    at: datetime


async def store(
    database: Database, intent: Intent, plan: AttachPlan, decided: Decided | None, rules: RuleSet
) -> bool:
    """Commit the attachment with its decision and its steps: from here on it is driven to an end.

    False, and nothing is stored, when the customer changed or was claimed by somebody else since the facts
    were read: then it has to be decided anew.
    """
    cause = {"kind": "attachment", "id": intent.attachment}
    async with database.transaction(cause=cause, at=intent.at) as session:
        customer = await customers.lock(session, intent.customer_id)
        if (customer.version, customer.fence) != (intent.customer_version, intent.fence):
            return False
        decision = None
        if decided is not None:
            if (database.url, rules.hash) not in _REMEMBERED:
                await attachments.remember_rule_set(session, hash=rules.hash, files=rules.files)
            decision = _decision(intent, decided)
            session.add(decision)
        attachment = _attachment(intent, plan, decided, decision)
        keep_alive(attachment)
        move(session, attachment, Event.PLAN_STORED)
        session.add_all(_steps(intent, plan))
        await _plan_lapse(session, intent, plan)
    _REMEMBERED.add((database.url, rules.hash))
    return True


def _attachment(
    intent: Intent, plan: AttachPlan, decided: Decided | None, decision: Decision | None
) -> Attachment:
    return Attachment(
        id=intent.attachment,
        customer_id=intent.customer_id,
        kind=intent.kind,
        caller=intent.caller,
        idempotency_key=intent.idempotency_key,
        params_hash=intent.params_hash,
        request=dict(intent.request),
        decision_id=decision.id if decision is not None else None,
        lines=plan.lines_as_json(),
        plan={**plan.as_json(), "decision": decided.as_json() if decided is not None else None},
        version=intent.customer_version,
        fence=intent.fence,
        at=intent.at,
    )


def _steps(intent: Intent, plan: AttachPlan) -> list[Step]:
    frozen = [step.as_json() for step in plan.steps]
    return [
        Step(
            attachment_id=intent.attachment,
            n=n,
            kind=step["kind"],
            params=step,
            condition=step["when"],
        )
        for n, step in enumerate(frozen)
    ]


async def _plan_lapse(session: AsyncSession, intent: Intent, plan: AttachPlan) -> None:
    """Remember until when an invoice of the plan may be paid."""
    lapses_at = plan.lapses_at(intent.at)
    if lapses_at is not None:
        await due.put(
            session,
            clock_id=intent.clock_id,
            customer_id=intent.customer_id,
            at=lapses_at,
            kind=LAPSE_DUE,
            key=f"{LAPSE_DUE}:{intent.attachment}",
            payload={"attachment": intent.attachment},
        )


def _decision(intent: Intent, decided: Decided) -> Decision:
    told = decided.as_json()
    return Decision(
        customer_id=intent.customer_id,
        kind=intent.decision_kind,
        rule_set_hash=told["rule_set_hash"],
        facts={"lines": [line["facts"] for line in told["lines"]]},
        trace=[*(match for line in told["lines"] for match in line["trace"]), *told["trace"]],
        branch=told["branch"],
        config=told["config"],
        function=told["function"],
        at=intent.at,
    )
