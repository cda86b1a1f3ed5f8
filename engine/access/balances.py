"""What has a customer left? Its balances, feature by feature, as callers read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.scope import Grants, Holding, Scope, as_of, holdings
from engine.ledger.view import FeatureBalance, feature_balances


async def balances_of(session: AsyncSession, scope: Scope, *, grants: Grants) -> dict[str, FeatureBalance]:
    """Every counted feature that the customer (or the entity) has, added up."""
    return views(await holdings(session, scope, grants=grants), at=scope.at)


def views(held: Iterable[Holding], *, at: datetime) -> dict[str, FeatureBalance]:
    """The balances as they stand at the instant, added up by feature."""
    return feature_balances(as_of(each.state, at) for each in held)


def as_json(view: FeatureBalance) -> dict[str, Any]:
    """One feature's balance as an answer shows it."""
    return {
        "included": number(view.included),
        "purchased": number(view.purchased),
        "used": number(view.used),
        "remaining": number(view.remaining),
        "available": number(view.available),
        "unlimited": view.unlimited,
        "next_reset_at": instant(view.next_reset_at),
    }


def all_as_json(balances: Mapping[str, FeatureBalance]) -> dict[str, Any]:
    """The balances of several features as an answer shows them."""
    return {feature: as_json(view) for feature, view in balances.items()}


def number(value: Decimal) -> int | float:
    """Units as JSON holds them: whole ones as integers."""
    return int(value) if value == value.to_integral_value() else float(value)


def instant(at: datetime | None) -> str | None:
    """An instant as JSON holds it."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
