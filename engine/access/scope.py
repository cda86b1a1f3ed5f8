"""Who asks, at which instant, and with which balances? What every question of access reads first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.clock import wall_time
from engine.customers.reference import Customer as CustomerName
from engine.errors import NotFound
from engine.ledger.model import BalanceState
from engine.ledger.resets import reset
from engine.ledger.rows import balance_state
from persistence.models import Balance, Customer, Entity, Feature
from persistence.repositories import access as rows

Grants = Callable[[str, str], bool]
"""Whether a product in this state grants features of this type: `grants(product_state, feature_type)`."""

WallTime = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Scope:
    """A customer, perhaps one entity of it, and the instant that its clock shows."""

    customer: Customer
    entity: Entity | None
    at: datetime

    @property
    def entity_name(self) -> str | None:
        """The entity as callers know it."""
        return None if self.entity is None else self.entity.external_id


@dataclass(frozen=True, slots=True)
class Holding:
    """A balance that counts for a scope: its row, how it stands, and when its product ends."""

    row: Balance
    state: BalanceState
    ends_at: datetime | None


async def scope_of(
    session: AsyncSession,
    name: CustomerName,
    entity: str | None,
    *,
    wall: WallTime = wall_time,
    lock: bool = False,
) -> Scope:
    """The customer and entity of a question; raises NotFound for either. Changes then carry its instant."""
    found = await rows.customer_and_clock(session, name.type.value, name.id, lock=lock)
    if found is None:
        raise NotFound("customer_not_found", f"There is no {name.type.value} {name.id}.")
    customer, clock = found
    at = clock.now or wall()
    if lock:
        session.info["at"] = at
    return Scope(customer, await _entity(session, customer, entity), at)


async def feature_named(session: AsyncSession, scope: Scope, name: str) -> Feature:
    """The feature of the customer's catalog; raises NotFound."""
    found = await rows.feature(session, scope.customer.catalog, name)
    if found is None:
        raise NotFound("feature_not_found", f"The catalog {scope.customer.catalog} has no feature {name}.")
    return found


async def features_of(session: AsyncSession, scope: Scope, event: str) -> tuple[Feature, ...]:
    """All features that an event stands for; raises NotFound when there is none."""
    found = await rows.features_of_event(session, scope.customer.catalog, event)
    if not found:
        raise NotFound("feature_not_found", f"No feature of {scope.customer.catalog} counts {event}.")
    return tuple(found)


async def holdings(
    session: AsyncSession,
    scope: Scope,
    *,
    grants: Grants,
    features: Iterable[Feature] | None = None,
    lock: bool = False,
) -> tuple[Holding, ...]:
    """The balances that count: of products whose state grants access, and those that stand alone.

    A named entity sees its own and those of the whole customer; a customer sees all of its entities.
    """
    found = await rows.balances(
        session,
        scope.customer.id,
        at=scope.at,
        features=None if features is None else [feature.id for feature in features],
        lock=lock,
    )
    return tuple(
        Holding(each.balance, state_of(each), each.holding.ends_at if each.holding else None)
        for each in found
        if _sees(scope, each) and (each.holding is None or grants(each.holding.state, each.feature.type))
    )


def state_of(found: rows.BalanceFound) -> BalanceState:
    """A balance as the ledger decides on it."""
    return balance_state(
        found.balance,
        found.feature,
        entity=found.entity,
        holding=found.holding,
        product=found.product,
        price=found.price,
    )


def as_of(state: BalanceState, at: datetime) -> BalanceState:
    """A balance as it will be once the reset that is due has been written.

    Not so where use beyond the limit is billed: that is settled first, by whoever bills it.
    """
    change = None if state.overage_allowed else reset(state, at=at)
    if change is None:
        return state
    return replace(
        state,
        used=state.used - change.returned,
        period_start=change.period_start,
        next_reset_at=change.next_reset_at,
    )


def cause(kind: str) -> Mapping[str, Any]:
    """What the change feed says of a change by one of these calls."""
    return {"kind": "api", "id": kind}


async def _entity(session: AsyncSession, customer: Customer, name: str | None) -> Entity | None:
    if name is None:
        return None
    entity = await rows.living_entity(session, customer.id, name)
    if entity is None:
        raise NotFound("entity_not_found", f"{customer.type} {customer.external_id} has no entity {name}.")
    return entity


def _sees(scope: Scope, found: rows.BalanceFound) -> bool:
    return scope.entity is None or found.balance.entity_id in {None, scope.entity.id}
