"""What was used? One report of use, deducted from all balances of its features in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.balances import all_as_json, number, views
from engine.access.scope import Grants, Holding, Scope, feature_named, features_of, holdings
from engine.access.spend import Spent, refuse_uncounted, report, restart_due, spend
from engine.errors import Refused
from engine.ledger.deduct import Deduction, Overage, total_used
from engine.ledger.rows import Reason
from engine.pricing.model import ZERO
from persistence.ids import new_id
from persistence.models import Feature
from persistence.repositories.access import usage_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a caller reports: a value for one feature, or for all that an event stands for."""

    value: Decimal
    feature: str | None = None
    event: str | None = None
    overage: Overage = Overage.CAP
    key: str | None = None


async def track(session: AsyncSession, scope: Scope, use: Use, *, grants: Grants) -> dict[str, Any]:
    """Deduct what was used; the same key gets the first answer again and deducts nothing.

    The customer is locked, so that of several calls each sees what the one before it left.
    """
    before = await _answered(session, scope, use)
    if before is not None:
        return before
    features = await _features(session, scope, use)
    held = await holdings(session, scope, grants=grants, features=features, lock=True)
    events = [new_id("use") for _ in features]
    spent = [
        _spend(session, scope, feature, held, use, event_id)
        for feature, event_id in zip(features, events, strict=True)
    ]
    answer = answer_of(scope, use.value, spent)
    for position, (feature, event_id) in enumerate(zip(features, events, strict=True)):
        first = position == 0
        kept = {"request": _request(scope, use), "answer": answer} if first else None
        report(
            session,
            scope,
            feature,
            value=use.value,
            event_id=event_id,
            key=use.key if first else None,
            answer=kept,
        )
    return answer


async def set_usage(
    session: AsyncSession, scope: Scope, *, feature: str, value: Decimal, grants: Grants
) -> dict[str, Any]:
    """Make what is used this much, by deducting or giving back the difference; a hard limit still holds."""
    wanted = await feature_named(session, scope, feature)
    refuse_uncounted(wanted)
    held = await holdings(session, scope, grants=grants, features=[wanted], lock=True)
    event_id = new_id("use")
    reason = Reason("usage_event", event_id)
    restarted = restart_due(session, scope, held)
    difference = value - total_used([each.state for each in restarted])
    spent = spend(session, scope, restarted, value=difference, overage=Overage.CAP, reason=reason)
    report(session, scope, wanted, value=difference, event_id=event_id)
    return answer_of(scope, value, [spent])


def answer_of(scope: Scope, value: Decimal, spent: Sequence[Spent]) -> dict[str, Any]:
    """What was reported, what of it the balances took, and how they stand now."""
    held = [each for part in spent for each in part.held]
    deducted = sum((part.deduction.deducted for part in spent), ZERO)
    return {
        "value": number(value),
        "deducted": number(deducted),
        "balances": all_as_json(views(held, at=scope.at)),
    }


def _spend(
    session: AsyncSession,
    scope: Scope,
    feature: Feature,
    held: Sequence[Holding],
    use: Use,
    event_id: str,
) -> Spent:
    own = [each for each in held if each.row.feature_id == feature.id]
    reason = Reason("usage_event", event_id)
    spent = spend(session, scope, own, value=use.value, overage=use.overage, reason=reason)
    if use.overage is Overage.REJECT and not spent.deduction.complete:
        raise _refusal(feature, own, use.value, spent.deduction)
    return spent


def _refusal(feature: Feature, held: Sequence[Holding], value: Decimal, deduction: Deduction) -> Refused:
    limited = any(each.state.overage_allowed for each in held)
    name = feature.external_id
    return Refused(
        "limit_reached" if limited else "insufficient_balance",
        f"{value} of {name} cannot be used: {deduction.short} more would be needed.",
        facts={"feature": name, "value": number(value), "short": number(deduction.short)},
    )


async def _features(session: AsyncSession, scope: Scope, use: Use) -> tuple[Feature, ...]:
    if use.event is not None:
        found = await features_of(session, scope, use.event)
    else:
        assert use.feature is not None
        found = (await feature_named(session, scope, use.feature),)
    for feature in found:
        refuse_uncounted(feature)
    return found


async def _answered(session: AsyncSession, scope: Scope, use: Use) -> dict[str, Any] | None:
    """The answer that the key got before, or None; another request under the same key is refused."""
    if use.key is None:
        return None
    event = await usage_event(session, scope.customer.id, use.key)
    if event is None:
        return None
    if event.answer["request"] != _request(scope, use):
        raise Refused("idempotency_mismatch", f"The key {use.key} was used before, for another request.")
    answer: dict[str, Any] = event.answer["answer"]
    return answer


def _request(scope: Scope, use: Use) -> dict[str, Any]:
    return {
        "feature": use.feature,
        "event": use.event,
        "value": number(use.value),
        "entity": scope.entity_name,
        "overage": use.overage.value,
    }
