"""How does use reach the rows? Deductions, ledger entries and reports of use, inside one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.scope import Holding, Scope, as_of
from engine.errors import InvalidRequest, NotImplementedYet
from engine.ledger.deduct import Deduction, Overage, deduct
from engine.ledger.model import BalanceState, FeatureType
from engine.ledger.order import deduction_order
from engine.ledger.resets import reset
from engine.ledger.rows import Reason, entry, reset_due, restarted
from persistence.models import Feature, UsageEvent
from persistence.models.words import LedgerKind


@dataclass(frozen=True, slots=True)
class Spent:
    """What a deduction did to the balances of one feature."""

    deduction: Deduction
    held: tuple[Holding, ...]


def restart_due(session: AsyncSession, scope: Scope, held: Sequence[Holding]) -> tuple[Holding, ...]:
    """Write the resets that are due and not done yet, so that use falls into the period it belongs to."""
    result: list[Holding] = []
    for each in held:
        change = None if each.state.overage_allowed else reset(each.state, at=scope.at)
        if change is not None:
            session.add(restarted(change, each.row, at=scope.at))
            due = reset_due(each.row, clock_id=scope.customer.clock_id)
            session.add_all([due] if due is not None else [])
        result.append(Holding(each.row, as_of(each.state, scope.at), each.ends_at))
    return tuple(result)


def spend(
    session: AsyncSession,
    scope: Scope,
    held: Sequence[Holding],
    *,
    value: Decimal,
    overage: Overage,
    reason: Reason,
) -> Spent:
    """Deduct a value from locked balances of one feature and write a ledger entry for each that pays."""
    current = restart_due(session, scope, held)
    ordered = deduction_order((each.state for each in current), entity=scope.entity_name)
    deduction = deduct(ordered, value, overage=overage)
    moved = {delta.balance: delta.used for delta in deduction.deltas}
    after: list[Holding] = []
    for each in current:
        change = moved.get(each.row.id)
        if change is None:
            after.append(each)
            continue
        _refuse_unbuilt(each.state, change)
        each.row.used += change
        session.add(entry(each.row, -change, LedgerKind.USAGE, reason, scope.at))
        after.append(Holding(each.row, _with_used(each.state, each.row.used), each.ends_at))
    return Spent(deduction, tuple(after))


def report(
    session: AsyncSession,
    scope: Scope,
    feature: Feature,
    *,
    value: Decimal,
    event_id: str,
    key: str | None = None,
    answer: dict[str, Any] | None = None,
) -> None:
    """Remember one report of use and, under its key, the answer that it got."""
    session.add(
        UsageEvent(
            id=event_id,
            customer_id=scope.customer.id,
            feature_id=feature.id,
            entity_id=None if scope.entity is None else scope.entity.id,
            value=value,
            idempotency_key=key,
            answer=answer or {},
            at=scope.at,
        )
    )


def refuse_uncounted(feature: Feature) -> None:
    """Raise InvalidRequest for a yes-or-no feature: there is nothing to count."""
    if feature.type == FeatureType.BOOLEAN.value:
        raise InvalidRequest(f"{feature.external_id} is a yes-or-no feature; its use is not counted.")


def _refuse_unbuilt(state: BalanceState, change: Decimal) -> None:
    after = _with_used(state, state.used + change)
    if state.billed_when_held and after.over != state.over:
        raise NotImplementedYet(f"billing for {state.feature} at the moment more or fewer are held")


def _with_used(state: BalanceState, used: Decimal) -> BalanceState:
    return replace(state, used=used)
