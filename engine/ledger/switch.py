"""What becomes of balances when one product takes the place of another, or only its quantity changes?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.ledger.model import BalanceState, Grant, Source, UsageOnSwitch
from engine.pricing.model import ZERO

OUTLIVING = frozenset({Source.BOUGHT_ONCE.value, Source.KEPT.value})


@dataclass(frozen=True, slots=True)
class Opening:
    """A balance to open: a grant, and the use that it begins with."""

    grant: Grant
    used: Decimal = ZERO
    kept_from: str | None = None


@dataclass(frozen=True, slots=True)
class BalanceSwitch:
    """The balances that end, and those that begin in their place."""

    ended: tuple[str, ...]
    opened: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Resize:
    """A balance that goes on with other amounts."""

    balance: str
    included: Decimal
    purchased: Decimal


def opening(grants: Iterable[Grant]) -> BalanceSwitch:
    """The balances of a product that takes nobody's place."""
    return BalanceSwitch((), tuple(Opening(grant) for grant in grants))


def switch(
    old: Sequence[BalanceState],
    grants: Sequence[Grant],
    *,
    at: datetime,
    usage: UsageOnSwitch = UsageOnSwitch.RESET,
    keep_bought: bool = True,
) -> BalanceSwitch:
    """End the balances of the old product and open those of the new one.

    Held features bring their use along, consumables start at 0 unless the new item keeps usage or usage is
    carried. What is left of units bought once goes on for good, also where the new product lacks the feature.
    """
    used = _used_by_feature(old)
    opened: list[Opening] = []
    for grant in grants:
        carried = grant.keeps_usage or usage is UsageOnSwitch.CARRY
        takes = carried and not grant.unlimited and grant.source is Source.PRODUCT
        opened.append(Opening(grant, used.pop(grant.feature_id, ZERO) if takes else ZERO))
    if keep_bought:
        opened.extend(_kept(balance, at) for balance in old if balance.source in OUTLIVING and balance.free)
    return BalanceSwitch(tuple(balance.id for balance in old), tuple(opened))


def ending(old: Sequence[BalanceState], *, at: datetime, keep_bought: bool = False) -> BalanceSwitch:
    """End the balances of a product after which nothing follows."""
    return switch(old, (), at=at, keep_bought=keep_bought)


def resize(old: Sequence[BalanceState], grants: Sequence[Grant]) -> tuple[Resize, ...]:
    """The balances of a product whose quantity changed: other amounts, use and reset date as they were.

    Units bought once are never taken back, since nothing is paid back for them.
    """
    there = {(balance.feature_id, balance.source): balance for balance in old}
    result: list[Resize] = []
    for grant in grants:
        balance = there.get((grant.feature_id, grant.source.value))
        if balance is None or balance.unlimited:
            continue
        purchased = _purchased(balance, grant)
        if (balance.included, balance.purchased) != (grant.included, purchased):
            result.append(Resize(balance.id, grant.included, purchased))
    return tuple(result)


def missing(old: Sequence[BalanceState], grants: Sequence[Grant]) -> BalanceSwitch:
    """The grants of a changed quantity that have no balance yet, as the first units ever bought once."""
    there = {(balance.feature_id, balance.source) for balance in old}
    return opening(grant for grant in grants if (grant.feature_id, grant.source.value) not in there)


def _purchased(balance: BalanceState, grant: Grant) -> Decimal:
    if balance.seats:
        return balance.purchased
    once = grant.source is Source.BOUGHT_ONCE
    return max(balance.purchased, grant.purchased) if once else grant.purchased


def _used_by_feature(old: Iterable[BalanceState]) -> dict[str, Decimal]:
    used: dict[str, Decimal] = {}
    for balance in old:
        if balance.source not in OUTLIVING:
            used[balance.feature_id] = used.get(balance.feature_id, ZERO) + balance.used
    return used


def _kept(balance: BalanceState, at: datetime) -> Opening:
    grant = Grant(
        feature_id=balance.feature_id,
        feature=balance.feature,
        product_feature_id=None,
        source=Source.KEPT,
        consumable=balance.consumable,
        anchor=balance.anchor,
        period_start=at,
        purchased=balance.free,
        expires_at=balance.expires_at,
    )
    return Opening(grant, kept_from=balance.id)
