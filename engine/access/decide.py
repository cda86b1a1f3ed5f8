"""May it be done? One decision from the balances of a feature, with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.ledger.model import BalanceState, FeatureType
from engine.ledger.view import feature_balance
from engine.pricing.model import ZERO


class Reason(StrEnum):
    """Why a check was answered so."""

    INCLUDED = "included"
    UNLIMITED = "unlimited"
    BOOLEAN = "boolean"
    OVERAGE_ALLOWED = "overage_allowed"
    NOT_GRANTED = "not_granted"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    LIMIT_REACHED = "limit_reached"


GRANTING = frozenset({Reason.INCLUDED, Reason.UNLIMITED, Reason.BOOLEAN, Reason.OVERAGE_ALLOWED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may be done, why, and what is left; nothing is left to count of a yes-or-no feature."""

    reason: Reason
    remaining: Decimal | None

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.reason in GRANTING


def decide(balances: Sequence[BalanceState], required: Decimal) -> Verdict:
    """The answer for the balances of one feature, of which none is a refusal.

    In this order: no balance; a yes-or-no feature; unlimited; enough left of what is granted; overage, up to
    its limit; not enough.
    """
    if not balances:
        return Verdict(Reason.NOT_GRANTED, ZERO)
    if balances[0].type is FeatureType.BOOLEAN:
        return Verdict(Reason.BOOLEAN, None)
    if any(balance.unlimited for balance in balances):
        return Verdict(Reason.UNLIMITED, None)
    left = feature_balance(balances).remaining
    free = sum((balance.free for balance in balances), ZERO)
    return Verdict(_counted(balances, free, required), left)


def _counted(balances: Sequence[BalanceState], free: Decimal, required: Decimal) -> Reason:
    if required <= free:
        return Reason.INCLUDED
    if not any(balance.overage_allowed for balance in balances):
        return Reason.INSUFFICIENT_BALANCE
    headroom = [balance.overage_left for balance in balances]
    if any(left is None for left in headroom):
        return Reason.OVERAGE_ALLOWED
    room = sum((left for left in headroom if left is not None), ZERO)
    return Reason.OVERAGE_ALLOWED if required <= free + room else Reason.LIMIT_REACHED
