"""May this customer do that, now? The answer, who grants it, what is left, and until when it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.balances import as_json, instant, number
from engine.access.decide import Reason, Verdict, decide
from engine.access.scope import Grants, Holding, Scope, as_of, feature_named, holdings
from engine.access.spend import refuse_uncounted, report, spend
from engine.ledger.deduct import Overage
from engine.ledger.model import BalanceState, FeatureType
from engine.ledger.order import deduction_order
from engine.ledger.rows import Reason as Spending
from engine.ledger.view import feature_balance
from persistence.ids import new_id
from persistence.models import Feature


@dataclass(frozen=True, slots=True)
class Checked:
    """What one scope says: the verdict, and the balances that it came from."""

    scope: Scope
    feature: Feature
    verdict: Verdict
    held: tuple[Holding, ...]


async def check(
    session: AsyncSession, scope: Scope, *, feature: str, required: Decimal, grants: Grants
) -> Checked:
    """Ask one scope; nothing is changed."""
    wanted = await feature_named(session, scope, feature)
    held = await holdings(session, scope, grants=grants, features=[wanted])
    return Checked(scope, wanted, decide(_states(scope, held), required), held)


async def check_and_consume(
    session: AsyncSession, scope: Scope, *, feature: str, required: Decimal, grants: Grants
) -> Checked:
    """Ask one scope and, if it may be done, deduct in the same transaction; the scope is locked.

    The verdict is that before the deduction, what is left is that after it.
    """
    wanted = await feature_named(session, scope, feature)
    refuse_uncounted(wanted)
    held = await holdings(session, scope, grants=grants, features=[wanted], lock=True)
    verdict = decide(_states(scope, held), required)
    if not verdict.allowed:
        return Checked(scope, wanted, verdict, held)
    event_id = new_id("use")
    spent = spend(
        session,
        scope,
        held,
        value=required,
        overage=Overage.REJECT,
        reason=Spending("usage_event", event_id),
    )
    report(session, scope, wanted, value=required, event_id=event_id)
    left = None if verdict.remaining is None else feature_balance(_states(scope, spent.held)).remaining
    return Checked(scope, wanted, Verdict(verdict.reason, left), spent.held)


def decisive(checked: Sequence[Checked]) -> Checked:
    """The scope whose answer counts: the first that grants it, else the first that has it at all."""
    allowed = next((each for each in checked if each.verdict.allowed), None)
    known = next((each for each in checked if each.verdict.reason is not Reason.NOT_GRANTED), None)
    return allowed or known or checked[0]


def answer(checked: Checked, *, required: Decimal) -> dict[str, Any]:
    """What the caller reads."""
    verdict, scope = checked.verdict, checked.scope
    states = _states(scope, checked.held)
    counted = bool(states) and states[0].type is not FeatureType.BOOLEAN
    return {
        "allowed": verdict.allowed,
        "reason": verdict.reason.value,
        "feature": checked.feature.external_id,
        "required": number(required),
        "remaining": None if verdict.remaining is None else number(verdict.remaining),
        "balance": as_json(feature_balance(states)) if counted else None,
        "granted_by": _granted_by(checked) if verdict.allowed else None,
        "valid_until": instant(_valid_until(checked)),
    }


def _states(scope: Scope, held: Sequence[Holding]) -> list[BalanceState]:
    return [as_of(each.state, scope.at) for each in held]


def _granted_by(checked: Checked) -> dict[str, Any]:
    """The customer that grants it, and the product whose balance pays first, if it has one."""
    first = deduction_order(_states(checked.scope, checked.held), entity=checked.scope.entity_name)[0]
    customer = checked.scope.customer
    return {
        "customer": {"type": customer.type, "id": customer.external_id},
        "product": first.product,
        "entity": first.entity,
    }


def _valid_until(checked: Checked) -> datetime | None:
    """The first instant at which one of the balances resets, expires or loses its product."""
    states = _states(checked.scope, checked.held)
    instants = [state.next_reset_at for state in states]
    instants += [state.expires_at for state in states]
    instants += [each.ends_at for each in checked.held]
    return min((at for at in instants if at is not None and at > checked.scope.at), default=None)
