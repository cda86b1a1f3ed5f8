"""Who pays for this use? A value spread over several balances, as a change of what each has used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from engine.ledger.model import BalanceState
from engine.pricing.model import ZERO


class Overage(StrEnum):
    """What happens to use that nothing covers: dropped, refused as a whole, or booked anyway."""

    CAP = "cap"
    REJECT = "reject"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Delta:
    """How much more (or less) of one balance is used."""

    balance: str
    used: Decimal


@dataclass(frozen=True, slots=True)
class Deduction:
    """What each balance pays, how much that is in all, and what nothing covers."""

    deltas: tuple[Delta, ...]
    deducted: Decimal
    short: Decimal = ZERO

    @property
    def complete(self) -> bool:
        """Whether the whole value was taken."""
        return not self.short


def deduct(balances: Sequence[BalanceState], value: Decimal, *, overage: Overage = Overage.CAP) -> Deduction:
    """Take a value from balances in the order given; a negative value gives back.

    An unlimited balance takes everything and counts nothing. What goes beyond all that is granted is taken by
    the balances that allow overage; held features record it in any case but `reject`, since what is held is a
    fact. With `reject` a value that is not covered whole moves nothing.
    """
    if value < 0:
        return _give_back(balances, -value)
    if any(balance.unlimited for balance in balances):
        return Deduction((), value)
    taken: dict[str, Decimal] = {}
    rest = _take_granted(balances, value, taken)
    rest = _take_overage(balances, rest, taken)
    if rest and overage is Overage.REJECT:
        return Deduction((), ZERO, rest)
    if rest and balances and (overage is Overage.OVERFLOW or not balances[0].consumable):
        taken[balances[0].id] = taken.get(balances[0].id, ZERO) + rest
        rest = ZERO
    return Deduction(_deltas(balances, taken), value - rest, rest)


def apply(balances: Sequence[BalanceState], deduction: Deduction) -> tuple[BalanceState, ...]:
    """The balances after a deduction."""
    moved = {delta.balance: delta.used for delta in deduction.deltas}
    return tuple(
        replace(balance, used=balance.used + moved[balance.id]) if balance.id in moved else balance
        for balance in balances
    )


def total_used(balances: Sequence[BalanceState]) -> Decimal:
    """What all limited balances together have used."""
    return sum((balance.used for balance in balances if not balance.unlimited), ZERO)


def _take_granted(balances: Sequence[BalanceState], rest: Decimal, taken: dict[str, Decimal]) -> Decimal:
    for balance in balances:
        part = min(rest, balance.free)
        if part > 0:
            taken[balance.id] = part
            rest -= part
    return rest


def _take_overage(balances: Sequence[BalanceState], rest: Decimal, taken: dict[str, Decimal]) -> Decimal:
    for balance in balances:
        left = balance.overage_left
        part = rest if left is None else min(rest, left)
        if part > 0:
            taken[balance.id] = taken.get(balance.id, ZERO) + part
            rest -= part
    return rest


def _give_back(balances: Sequence[BalanceState], value: Decimal) -> Deduction:
    """What went over is given back first, then what was used last; no use falls below nothing."""
    given: dict[str, Decimal] = {}
    rest = value
    last_first = [balance for balance in reversed(balances) if not balance.unlimited]
    for balance in last_first:
        part = min(rest, balance.over)
        given[balance.id] = part
        rest -= part
    for balance in last_first:
        part = min(rest, max(ZERO, balance.used - given[balance.id]))
        given[balance.id] += part
        rest -= part
    if len(last_first) != len(balances):
        rest = ZERO
    returned = {name: -part for name, part in given.items() if part}
    return Deduction(_deltas(balances, returned), rest - value)


def _deltas(balances: Sequence[BalanceState], moved: dict[str, Decimal]) -> tuple[Delta, ...]:
    return tuple(Delta(balance.id, moved[balance.id]) for balance in balances if balance.id in moved)
