"""What does a customer see of its balances? All balances of one feature, added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.ledger.model import BalanceState, FeatureType
from engine.pricing.model import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureBalance:
    """One feature as a buyer counts it.

    `included` counts packs bought up front; `purchased` counts those, paid seats, and use beyond what is
    granted; `remaining` may be negative, `available` never is.
    """

    included: Decimal = ZERO
    purchased: Decimal = ZERO
    used: Decimal = ZERO
    remaining: Decimal = ZERO
    available: Decimal = ZERO
    unlimited: bool = False
    next_reset_at: datetime | None = None


def feature_balance(balances: Sequence[BalanceState]) -> FeatureBalance:
    """The balances of one feature as one; an unlimited one among them makes every amount 0."""
    if any(balance.unlimited for balance in balances):
        return FeatureBalance(unlimited=True)
    granted = sum((balance.granted for balance in balances), ZERO)
    used = sum((balance.used for balance in balances), ZERO)
    over = max(ZERO, used - granted)
    seats = sum((balance.purchased for balance in balances if balance.seats), ZERO)
    packs = sum((balance.purchased for balance in balances if not balance.seats), ZERO)
    resets = [balance.next_reset_at for balance in balances if balance.next_reset_at is not None]
    return FeatureBalance(
        included=granted,
        purchased=packs + max(seats, over),
        used=used,
        remaining=granted - used,
        available=max(ZERO, granted + seats - used),
        next_reset_at=min(resets, default=None),
    )


def by_feature(balances: Iterable[BalanceState]) -> dict[str, tuple[BalanceState, ...]]:
    """The balances that are counted, by the name of their feature."""
    groups: dict[str, list[BalanceState]] = {}
    for balance in balances:
        if balance.type is not FeatureType.BOOLEAN:
            groups.setdefault(balance.feature, []).append(balance)
    return {feature: tuple(group) for feature, group in sorted(groups.items())}


def feature_balances(balances: Iterable[BalanceState]) -> dict[str, FeatureBalance]:
    """Every counted feature of a customer or entity, added up."""
    return {feature: feature_balance(group) for feature, group in by_feature(balances).items()}
