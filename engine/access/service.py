"""How are check, track and usage asked for? Each one question, one transaction, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.access.check import Checked, answer, check, check_and_consume, decisive
from engine.access.scope import Grants, WallTime, cause, scope_of
from engine.access.track import Use, set_usage, track
from engine.clock import wall_time
from engine.customers.reference import Customer
from engine.ledger.deduct import Overage
from persistence.database import Database


@dataclass(frozen=True, slots=True)
class AccessService:
    """The questions of access; `grants` says in which states a product gives what it holds."""

    database: Database
    grants: Grants
    wall: WallTime = wall_time

    async def check(
        self,
        scopes: Sequence[Customer],
        *,
        feature: str,
        required: Decimal,
        entity: str | None,
        consume: bool,
    ) -> dict[str, Any]:
        """Whether one of the scopes grants it, asked in their order; with `consume`, the first deducts it."""
        ask = self._consume if consume else self._ask
        checked: list[Checked] = []
        for scope in scopes:
            checked.append(await ask(scope, feature=feature, required=required, entity=entity))
            if checked[-1].verdict.allowed:
                break
        return answer(decisive(checked), required=required)

    async def track(
        self,
        customer: Customer,
        *,
        feature: str | None,
        event: str | None,
        value: Decimal,
        entity: str | None,
        overage: str,
        idempotency_key: str | None,
    ) -> dict[str, Any]:
        """Deduct what was used, of a feature or of all that an event name stands for."""
        use = Use(value=value, feature=feature, event=event, overage=Overage(overage), key=idempotency_key)
        async with self.database.transaction(cause=cause("track"), at=self.wall()) as session:
            scope = await scope_of(session, customer, entity, wall=self.wall, lock=True)
            return await track(session, scope, use, grants=self.grants)

    async def set_usage(
        self, customer: Customer, *, feature: str, value: Decimal, entity: str | None
    ) -> dict[str, Any]:
        """Make the usage of a feature this much."""
        async with self.database.transaction(cause=cause("usage"), at=self.wall()) as session:
            scope = await scope_of(session, customer, entity, wall=self.wall, lock=True)
            return await set_usage(session, scope, feature=feature, value=value, grants=self.grants)

    async def _ask(
        self, customer: Customer, *, feature: str, required: Decimal, entity: str | None
    ) -> Checked:
        async with self.database.session() as session:
            scope = await scope_of(session, customer, entity, wall=self.wall)
            return await check(session, scope, feature=feature, required=required, grants=self.grants)

    async def _consume(
        self, customer: Customer, *, feature: str, required: Decimal, entity: str | None
    ) -> Checked:
        async with self.database.transaction(cause=cause("check"), at=self.wall()) as session:
            scope = await scope_of(session, customer, entity, wall=self.wall, lock=True)
            return await check_and_consume(
                session, scope, feature=feature, required=required, grants=self.grants
            )
