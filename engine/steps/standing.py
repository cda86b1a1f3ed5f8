"""What do the rows of a plan say: what is settled, what comes next, and may it still be sent?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from engine.clock import wall_time
from engine.payments.endpoints import ENDPOINTS
from engine.payments.gateway import StripeFailed
from engine.steps.plan import Json, look_up
from machines.attachment import State
from persistence.models.attachments import Attachment, Step

RUNNING = frozenset(map(str, (State.PLANNED, State.CALLING, State.UNKNOWN)))
WAITABLE = frozenset({"invoice", "checkout.session"})
SETTLED_STATUSES = frozenset({"paid", "complete"})
FINISHED_STEPS = frozenset({"done", "skipped"})
UNANSWERED_STEPS = frozenset({"sent", "unknown"})
MISSING = "resource_missing"
ENDED_ALREADY = frozenset({400, 404})
KEY_LIVES = timedelta(hours=23)
"""How long a call is sent again under its key: Stripe forgets it after 24 hours and would do it once more."""


def results_of(steps: Sequence[Step]) -> dict[int, Json]:
    """What the finished steps answered, by number."""
    return {step.n: step.result for step in steps if step.result is not None}


def statuses_of(attachment: Attachment, steps: Sequence[Step]) -> dict[str, str]:
    """The latest known status of each invoice and session that the plan has touched or was told about."""
    found: dict[str, str] = {}
    for step in steps:
        result: Json = step.result or {}
        for seen in (result, result.get("latest_invoice")):
            if isinstance(seen, dict) and cast("Json", seen).get("object") in WAITABLE:
                found[cast("Json", seen)["id"]] = cast("Json", seen)["status"]
    return {**found, **attachment.plan.get("observed", {})}


def is_settled(step: Step) -> bool:
    """Whether nothing is left to do for a step: it is done or skipped, or refused and not needed."""
    return step.state in FINISHED_STEPS or (
        step.state == "rejected" and step.params["tolerates"] != "nothing"
    )


def verdict(step: Step, steps: Sequence[Step], statuses: Mapping[str, str]) -> str:
    """What becomes of a step that is not settled: `run`, `skip` or `wait`."""
    condition: Json | None = step.params["when"]
    if condition is None or step.state != "pending":
        return "run"
    of = object_of(condition, steps)
    if of is None:
        return "run" if condition["otherwise"] == "wait" else "skip"
    return "run" if statuses.get(of) in condition["is"] else str(condition["otherwise"])


def object_of(condition: Json, steps: Sequence[Step]) -> str | None:
    """The object a condition speaks of; None when the step that would have made one made none."""
    reference = condition["of"]
    if isinstance(reference, str):
        return reference
    results = results_of(steps)
    try:
        return cast("str | None", look_up(results[reference["ref"]], reference["path"]))
    except (KeyError, TypeError):
        return None


def is_expected(attachment: Attachment, step: Step) -> bool:
    """False when another process has written down an answer to this step while this one still waited."""
    return attachment.state in RUNNING and step.state in UNANSWERED_STEPS


def key_is_forgotten(step: Step) -> bool:
    """True when sending a call again might make a second object at Stripe."""
    reads = ENDPOINTS[step.kind].method == "get"
    return not reads and step.first_sent_at is not None and wall_time() - step.first_sent_at > KEY_LIVES


def is_tolerated(step: Step, failed: StripeFailed) -> bool:
    """Whether the plan goes on although Stripe refused the step."""
    match step.params["tolerates"]:
        case "declined":
            return failed.failure.declined
        case "gone":
            if ENDPOINTS[step.kind].method == "delete":
                return failed.failure.code == MISSING
            return failed.failure.status in ENDED_ALREADY
        case _:
            return False


def money_moved(attachment: Attachment, steps: Sequence[Step]) -> bool:
    """Whether the buyer has paid by now: in a step, or at a page that the plan waited for."""
    observed: Json = attachment.plan.get("observed", {})
    paid = any(step.state == "done" and step.kind == "invoices.pay" for step in steps)
    return paid or bool(SETTLED_STATUSES & set(observed.values()))
