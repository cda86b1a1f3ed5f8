"""Which balance pays first? The order of deduction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction

from engine.ledger.model import BalanceState, FeatureType
from engine.pricing.model import Cadence

NO_EXPIRY = datetime.max.replace(tzinfo=UTC)
Rank = tuple[bool, bool, bool, bool, bool, Fraction, bool, datetime, bool, bool, str]


def deduction_order(
    balances: Iterable[BalanceState], *, entity: str | None = None
) -> tuple[BalanceState, ...]:
    """The balances that may pay, the first to pay first; those of other entities cannot.

    Rollovers; the named entity's own before the customer's (the customer's first when none is named); the
    feature's own balance before credits; unlimited first; resetting before never; the shorter interval; the
    earlier expiry; main products before add-ons; prepaid before pay-per-use; the older one.
    """
    able = [balance for balance in balances if entity is None or balance.entity in {None, entity}]
    return tuple(sorted(able, key=lambda balance: _rank(balance, entity)))


def _rank(balance: BalanceState, entity: str | None) -> Rank:
    is_customers = balance.entity is None
    interval = Cadence(balance.reset).months if balance.reset else Fraction(0)
    return (
        not balance.rollover,
        is_customers if entity is not None else not is_customers,
        balance.type is FeatureType.CREDIT_SYSTEM,
        not balance.unlimited,
        balance.reset is None,
        interval,
        balance.expires_at is None,
        balance.expires_at or NO_EXPIRY,
        balance.add_on,
        balance.overage_allowed,
        balance.id,
    )
