from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger.deduct import Overage, apply, deduct, total_used
from engine.ledger.model import BalanceState
from tests.engine.ledger.build import balance, seen


def used_after(
    balances: Sequence[BalanceState], value: float | str, overage: Overage = Overage.CAP
) -> list[Decimal]:
    deduction = deduct(balances, Decimal(str(value)), overage=overage)
    return [state.used for state in apply(balances, deduction)]


class TestOneConsumable:
    def test_cap_stops_at_zero_and_still_succeeds(self) -> None:
        deduction = deduct([balance(5)], Decimal(10))
        assert seen(deduction.deducted, deduction.short, deduction.complete) == (5, 5, False)
        assert used_after([balance(5, 5)], 10) == [5]

    def test_reject_moves_nothing(self) -> None:
        deduction = deduct([balance(5)], Decimal(10), overage=Overage.REJECT)
        assert seen(deduction.deltas, deduction.deducted, deduction.short) == ((), 0, 5)

    def test_overflow_goes_below_zero(self) -> None:
        assert used_after([balance(5)], 10, Overage.OVERFLOW) == [10]

    def test_decimals_are_exact(self) -> None:
        state = balance(50000)
        for _ in range(300):
            (state,) = apply([state], deduct([state], Decimal("0.1234")))
        assert state.used == Decimal("37.02")

    def test_giving_back_stops_at_nothing_used(self) -> None:
        assert used_after([balance(100, 30)], -50) == [0]
        assert deduct([balance(100, 30)], Decimal(-50)).deducted == -30


@pytest.mark.parametrize(
    ("value", "expected"), [(8, 8), (-2, 0), (5, 5)], ids=["over", "below nothing", "exactly"]
)
def test_held_features_record_what_is_held(value: int, expected: int) -> None:
    assert used_after([balance(5, consumable=False)], value) == [expected]


def test_held_features_can_be_refused_beyond_what_is_granted() -> None:
    seats = [balance(5, 5, consumable=False)]
    assert not deduct(seats, Decimal(1), overage=Overage.REJECT).complete


def test_unlimited_takes_everything_and_counts_nothing() -> None:
    deduction = deduct([balance(5), balance(unlimited=True, name="bal_2")], Decimal(10**6))
    assert seen(deduction.deltas, deduction.deducted, deduction.short) == ((), 10**6, 0)


def test_pay_per_use_goes_over_without_end_or_to_its_limit() -> None:
    assert used_after([balance(100, overage_allowed=True)], 500) == [500]
    limited = [balance(100, overage_allowed=True, overage_limit=Decimal(25))]
    assert used_after(limited, 500) == [125]
    assert not deduct(limited, Decimal(126), overage=Overage.REJECT).complete
    assert deduct(limited, Decimal(125), overage=Overage.REJECT).complete


def test_several_balances_pay_in_order_and_overage_comes_last() -> None:
    balances = [
        balance(100, name="bal_1", overage_allowed=True),
        balance(1000, name="bal_2"),
    ]
    assert used_after(balances, 1050) == [100, 950]
    assert used_after(balances, 1120) == [120, 1000]


def test_what_went_over_is_given_back_first_and_then_what_was_used_last() -> None:
    balances = [balance(10, 15, name="bal_1", overage_allowed=True), balance(10, 10, name="bal_2")]
    assert used_after(balances, -3) == [12, 10]
    assert used_after(balances, -8) == [10, 7]
    assert used_after(balances, -100) == [0, 0]


def test_without_a_balance_nothing_is_covered() -> None:
    assert deduct([], Decimal(3)).short == 3
    assert deduct([], Decimal(3), overage=Overage.OVERFLOW).deducted == 0
    assert deduct([], Decimal(-3)).deducted == 0


amounts = st.decimals(0, 1000, places=2)


@st.composite
def several(draw: st.DrawFn) -> list[BalanceState]:
    return [
        balance(str(draw(amounts)), str(draw(amounts)), name=f"bal_{n}", overage_allowed=draw(st.booleans()))
        for n in range(draw(st.integers(0, 5)))
    ]


states = several()


@given(balances=states, value=amounts, overage=st.sampled_from(Overage))
def test_every_unit_is_deducted_or_short_and_the_deltas_add_up(
    balances: list[BalanceState], value: Decimal, overage: Overage
) -> None:
    deduction = deduct(balances, value, overage=overage)
    assert deduction.deducted + deduction.short == value or overage is Overage.REJECT
    after = apply(balances, deduction)
    assert total_used(after) - total_used(balances) == deduction.deducted
    assert all(delta.used > 0 for delta in deduction.deltas)


@given(balances=states, value=amounts)
def test_a_cap_never_lets_a_hard_limit_go_over(balances: list[BalanceState], value: Decimal) -> None:
    after = apply(balances, deduct(balances, value))
    for before, state in zip(balances, after, strict=True):
        assert state.overage_allowed or state.used <= max(before.used, state.granted)


@given(balances=states, value=amounts)
def test_giving_back_what_was_taken_restores_the_sum(balances: list[BalanceState], value: Decimal) -> None:
    deduction = deduct(balances, value, overage=Overage.OVERFLOW)
    taken = apply(balances, deduction)
    back = apply(taken, deduct(taken, -deduction.deducted))
    assert total_used(back) == total_used(balances)
    assert all(state.used >= 0 for state in back)
