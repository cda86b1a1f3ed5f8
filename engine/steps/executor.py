"""How is a frozen plan carried out so that a crash at any point is harmless?

Each step is committed as `sent` with its exact parameters before the call, and its answer after it; no
transaction is open in between. The idempotency key is made from the attachment and the step, so a resend can
only replay. What is unknown stays unknown until Stripe was asked again with the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from engine.clock import wall_time
from engine.payments.endpoints import ENDPOINTS
from engine.payments.gateway import (
    Answer,
    Gateway,
    StripeBusy,
    StripeFailed,
    StripeRefused,
)
from engine.steps.plan import Json, resolve
from engine.steps.standing import (
    RUNNING,
    SETTLED_STATUSES,
    is_expected,
    is_settled,
    is_tolerated,
    key_is_forgotten,
    money_moved,
    object_of,
    results_of,
    statuses_of,
    verdict,
)
from engine.steps.working import Working
from engine.telemetry import alarm
from machines import attachment as lifecycle
from persistence.database import Database
from persistence.models.attachments import Attachment, Step, StripeCall
from persistence.states import move

PLANNED, CALLING, UNKNOWN, AWAITING, COMPLETED, FAILED, NEEDS_OPERATOR = map(
    str,
    (
        lifecycle.State.PLANNED,
        lifecycle.State.CALLING,
        lifecycle.State.UNKNOWN,
        lifecycle.State.AWAITING_CUSTOMER,
        lifecycle.State.COMPLETED,
        lifecycle.State.FAILED,
        lifecycle.State.NEEDS_OPERATOR,
    ),
)
LAPSED_STATUSES = frozenset({"void", "uncollectible", "expired"})
ABANDONED_AFTER = timedelta(seconds=60)
"""How long after its last sign of life a plan is taken up by whoever looks; longer than a call may take."""
RETRY_DELAYS = tuple(timedelta(seconds=s) for s in (2, 5, 15, 60, 300, 900, 3600))


@dataclass(frozen=True, slots=True)
class Drive:
    """Where a plan stands after it was driven as far as it goes now."""

    state: str
    failure: Json | None


Completion = Callable[[AsyncSession, Attachment, Sequence[Step]], Awaitable[None]]
"""Applies to our rows what a finished plan has done at Stripe, inside the transaction that completes it."""


Converge = Callable[[AsyncSession, Json], Awaitable[None]]
"""Brings our rows to what an object of Stripe says, in the transaction that records it."""


@dataclass(frozen=True, slots=True)
class _Send:
    n: int
    gen: int
    kind: str
    params: Json
    target: str | None
    key: str


class Executor:
    """Drives attachments: their frozen steps at Stripe, then their completion in our own tables."""

    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        completions: Mapping[str, Completion],
        *,
        converge: Converge,
        environment: str,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._completions = completions
        self._converge = converge
        self._environment = environment
        self.working = Working()
        """The customers for whom this process carries out a plan."""

    async def drive(self, attachment_id: str, *, at: datetime) -> Drive:
        """Carry the plan as far as it goes: to its end, to a payment that is awaited, or to a refusal.

        Safe to call again at any time and by any process; a plan that waits or has ended stays as it is.
        """
        send: _Send | Drive | None = await self._next(attachment_id, at)
        while True:
            if isinstance(send, Drive):
                return send
            if send is None:
                send = await self._next(attachment_id, at)
                continue
            try:
                answer = await self._gateway.call(
                    send.kind, send.params, target=send.target, idempotency_key=send.key
                )
            except StripeFailed as failed:
                send = await self._record_failure(attachment_id, send, failed, at)
            else:
                send = await self._record(attachment_id, send, answer, at)

    async def observe(self, attachment_id: str, seen: Json, *, at: datetime) -> Drive | None:
        """Tell a waiting plan the status of the invoice or session it waits for, as fetched from Stripe.

        Gives where the plan stands when that changed something: it goes on with `drive`, or has failed since
        what it waited for can no longer be paid.
        """
        async with self._transaction(attachment_id, at) as session:
            attachment = await _locked(session, attachment_id)
            if attachment.state != AWAITING or attachment.awaiting_id != seen["id"]:
                return None
            plan = dict(attachment.plan)
            plan["observed"] = {**plan.get("observed", {}), seen["id"]: seen["status"]}
            attachment.plan = plan
            if seen["status"] in LAPSED_STATUSES:
                attachment.error = {"code": "payment_failed", "message": f"{seen['object']} {seen['status']}"}
                move(session, attachment, lifecycle.Event.LAPSED)
                return Drive(FAILED, attachment.error)
            if seen["status"] in SETTLED_STATUSES:
                keep_alive(attachment)
                move(session, attachment, lifecycle.Event.CUSTOMER_ACTED)
                return Drive(CALLING, None)
            return None

    def _transaction(self, attachment_id: str, at: datetime) -> AbstractAsyncContextManager[AsyncSession]:
        return self._database.transaction(cause={"kind": "attachment", "id": attachment_id}, at=at)

    async def _next(self, attachment_id: str, at: datetime) -> _Send | Drive:
        """Mark the next step as sent and give it, or complete the plan, or say why it stops."""
        async with self._transaction(attachment_id, at) as session:
            attachment = await _locked(session, attachment_id)
            if attachment.state not in RUNNING:
                return Drive(attachment.state, attachment.error)
            steps = await _steps(session, attachment_id)
            upcoming = self._upcoming(session, attachment, steps)
            if upcoming is not None:
                return upcoming
            return await self._complete(session, attachment, steps)

    def _upcoming(
        self, session: AsyncSession, attachment: Attachment, steps: Sequence[Step]
    ) -> _Send | Drive | None:
        """The next call, or the wait for the buyer; None when every step is settled."""
        statuses = statuses_of(attachment, steps)
        for step in steps:
            if is_settled(step):
                continue
            match verdict(step, steps, statuses):
                case "skip":
                    step.state = "skipped"
                case "wait":
                    return _await(session, attachment, step, steps)
                case _ if key_is_forgotten(step):
                    alarm("attachment_unknown_too_long", attachment=attachment.id, n=step.n, kind=step.kind)
                    return _call_operator(session, attachment, step.last_error)
                case _:
                    return self._mark_sent(session, attachment, step, steps)
        return None

    def _mark_sent(
        self, session: AsyncSession, attachment: Attachment, step: Step, steps: Sequence[Step]
    ) -> _Send:
        if attachment.state == PLANNED:
            move(session, attachment, lifecycle.Event.CALL_STARTED)
        if step.sent_params is None:
            results = results_of(steps)
            target = resolve(step.params["target"], results)
            sent = {"params": resolve(step.params["params"], results), "target": target}
            step.sent_params = sent
            step.sent_hash = hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()
            step.first_sent_at = func.now()
        keep_alive(attachment)
        step.state = "sent"
        step.attempts += 1
        step.last_sent_at = func.now()
        key = f"ws1:{self._environment}:{attachment.id}:{step.n}:{step.gen}"
        return _Send(step.n, step.gen, step.kind, step.sent_params["params"], step.sent_params["target"], key)

    async def _complete(self, session: AsyncSession, attachment: Attachment, steps: Sequence[Step]) -> Drive:
        move(session, attachment, lifecycle.Event.ANSWERS_RECORDED)
        await self._completions[attachment.kind](session, attachment, steps)
        move(session, attachment, lifecycle.Event.COMPLETED)
        attachment.resume_at = None
        return Drive(COMPLETED, None)

    async def _record(
        self, attachment_id: str, send: _Send, answer: Answer, at: datetime
    ) -> _Send | Drive | None:
        """Write down an answer and mark the next step as sent; None when the plan can be completed.

        Completing takes a transaction of its own, since it reads what this one writes.
        """
        async with self._transaction(attachment_id, at) as session:
            attachment = await _locked(session, attachment_id)
            session.add(_call(attachment_id, send, answer=answer))
            steps = await _steps(session, attachment_id)
            step = steps[send.n]
            if not is_expected(attachment, step):
                return None
            _found(session, attachment)
            step.state = "done"
            step.result = answer.body
            step.object_type = ENDPOINTS[send.kind].answers
            step.object_id = answer.body.get("id")
            step.last_error = None
            await self._converge(session, answer.body)
            return self._upcoming(session, attachment, steps)

    async def _record_failure(
        self, attachment_id: str, send: _Send, failed: StripeFailed, at: datetime
    ) -> Drive | None:
        """Write down a failed call; where the plan stops, or None when it goes on."""
        failure = failed.failure
        error: Json = {
            "code": failure.code,
            "decline_code": failure.decline_code,
            "message": failure.message,
            "status": failure.status,
            "needs_action": failure.needs_action,
            "declined": failure.declined,
            "kind": send.kind,
        }
        async with self._transaction(attachment_id, at) as session:
            attachment = await _locked(session, attachment_id)
            session.add(_call(attachment_id, send, failed=failed))
            step = await session.get_one(Step, (attachment_id, send.n))
            if not is_expected(attachment, step):
                return None
            step.last_error = error
            if not isinstance(failed, StripeRefused):
                return _unknown(session, attachment, step, busy=isinstance(failed, StripeBusy))
            _found(session, attachment)
            step.state = "rejected"
            if is_tolerated(step, failed):
                return None
            return _reject(session, attachment, await _steps(session, attachment_id), error)


def keep_alive(attachment: Attachment) -> None:
    """A sign of life: nobody else takes the plan up until some time without one has passed."""
    attachment.resume_at = func.now() + ABANDONED_AFTER


def _await(session: AsyncSession, attachment: Attachment, step: Step, steps: Sequence[Step]) -> Drive:
    attachment.awaiting_id = object_of(cast("Json", step.params["when"]), steps)
    attachment.awaiting_type = (
        "checkout.session" if str(attachment.awaiting_id).startswith("cs_") else "invoice"
    )
    refused = next((s.last_error for s in steps if s.state == "rejected" and s.last_error), None)
    attachment.error = refused
    attachment.resume_at = None
    if attachment.state == PLANNED:
        move(session, attachment, lifecycle.Event.CALL_STARTED)
    move(session, attachment, lifecycle.Event.CUSTOMER_AWAITED)
    return Drive(AWAITING, refused)


def _found(session: AsyncSession, attachment: Attachment) -> None:
    if attachment.state == UNKNOWN:
        move(session, attachment, lifecycle.Event.ANSWER_FOUND)


def _unknown(session: AsyncSession, attachment: Attachment, step: Step, *, busy: bool) -> Drive:
    step.state = "sent" if busy else "unknown"
    if attachment.state != UNKNOWN:
        move(session, attachment, lifecycle.Event.ANSWER_LOST)
    delay = RETRY_DELAYS[min(step.attempts, len(RETRY_DELAYS)) - 1]
    attachment.resume_at = func.now() + delay
    return Drive(UNKNOWN, step.last_error)


def _reject(session: AsyncSession, attachment: Attachment, steps: Sequence[Step], error: Json) -> Drive:
    """End a plan that Stripe refused; when money has moved already, a person has to look."""
    if money_moved(attachment, steps):
        alarm("attachment_refused_after_payment", attachment=attachment.id, **error)
        return _call_operator(session, attachment, error)
    attachment.error = error
    attachment.resume_at = None
    move(session, attachment, lifecycle.Event.REFUSED)
    move(session, attachment, lifecycle.Event.GIVEN_UP)
    return Drive(FAILED, error)


def _call_operator(session: AsyncSession, attachment: Attachment, error: Json | None) -> Drive:
    """Stop rather than guess; nothing is sent until a person has looked."""
    attachment.error = error
    attachment.resume_at = None
    move(session, attachment, lifecycle.Event.OPERATOR_CALLED)
    return Drive(NEEDS_OPERATOR, error)


def _call(
    attachment_id: str, send: _Send, *, answer: Answer | None = None, failed: StripeFailed | None = None
) -> StripeCall:
    endpoint = ENDPOINTS[send.kind]
    failure = failed.failure if failed else None
    return StripeCall(
        attachment_id=attachment_id,
        n=send.n,
        gen=send.gen,
        idempotency_key=send.key,
        method=endpoint.method,
        path=endpoint.url(send.target),
        params=send.params,
        status=answer.status if answer else failure.status if failure else None,
        request_id=answer.request_id if answer else failure.request_id if failure else None,
        replayed=answer.replayed if answer else False,
        milliseconds=Decimal(str(answer.milliseconds if answer else failure.milliseconds if failure else 0)),
        sent_at=wall_time(),
    )


async def _locked(session: AsyncSession, attachment_id: str) -> Attachment:
    found = await session.scalars(select(Attachment).where(Attachment.id == attachment_id).with_for_update())
    return found.one()


async def _steps(session: AsyncSession, attachment_id: str) -> Sequence[Step]:
    found = await session.scalars(select(Step).where(Step.attachment_id == attachment_id).order_by(Step.n))
    return found.all()
