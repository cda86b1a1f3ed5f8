from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NotImplementedYet
from engine.pricing.lines import (
    Proration,
    cancel_lines,
    change_lines,
    charge_lines,
    credit_lines,
    full_lines,
    next_cycle,
    quantity_lines,
)
from engine.pricing.model import (
    BilledLineView,
    Line,
    LineKind,
    OnDecrease,
    OnIncrease,
    Period,
    PricedItem,
    PriceKind,
    quote,
)
from tests.engine.pricing.build import (
    FEB,
    JAN,
    JAN_16,
    JANUARY,
    ONCE,
    YEARLY,
    amounts,
    base,
    billed,
    day,
    packs_of,
)


def as_billed(lines: tuple[Line, ...]) -> list[BilledLineView]:
    """What the ledger of billed lines holds after these charges were paid."""
    return [
        BilledLineView(
            id=f"bl_{n}",
            title=line.description,
            net=line.amount,
            currency=line.currency,
            product=line.product,
            period=line.period,
        )
        for n, line in enumerate(lines)
        if line.kind is LineKind.CHARGE
    ]


@pytest.mark.parametrize(
    ("at", "before", "after", "expected"),
    [
        pytest.param(JAN_16, 2000, base(5000), [-1032, 2581], id="A upgrade: each line rounds by itself"),
        pytest.param(day(1, 16, 12), 2000, base(5000), [-1000, 2500], id="B upgrade at the exact middle"),
        pytest.param(JAN_16, 5000, base(2000), [-2581, 1032], id="C downgrade taken at once"),
        pytest.param(JAN_16, 1000, packs_of(1000, units=5, per=1), [-516, 2581], id="D one to five"),
        pytest.param(JAN_16, 5000, packs_of(1000, units=2, per=1), [-2581, 1032], id="E five to two"),
        pytest.param(
            JAN_16, 2000, base(20000, YEARLY), [-1032, 19178], id="H month to year on the old anchor"
        ),
    ],
)
def test_a_change_credits_the_old_and_charges_the_new_to_the_cent(
    at: datetime, before: int, after: PricedItem, expected: list[int]
) -> None:
    lines = change_lines([billed(before)], [after], anchor=JAN, at=at)
    assert amounts(lines) == expected
    assert quote(lines, currency="usd").total == sum(expected)


def test_f_an_added_item_is_charged_for_the_rest_of_the_period() -> None:
    (line,) = charge_lines([base(1000)], anchor=JAN, at=JAN_16)
    assert (line.amount, line.period) == (516, Period(JAN_16, FEB))
    assert line.description == "Remaining time on Pro after 16 Jan 2026"
    assert line.formula == "1000 × 1382400 / 2678400 s = 516.13"  # noqa: RUF001 - the sign that buyers read


def test_g_what_was_added_mid_period_is_credited_by_its_own_period_when_it_goes() -> None:
    added = billed(516, Period(JAN_16, FEB))
    quarter_of_january_left = FEB - (FEB - JAN) / 4
    assert amounts(credit_lines([added], at=quarter_of_january_left)) == [-250]


def test_h_a_yearly_price_joins_the_grid_of_the_old_anchor() -> None:
    (line,) = charge_lines([base(20000, YEARLY)], anchor=JAN, at=JAN_16)
    assert line.period == Period(JAN_16, day(1, 1, year=2027))


def test_l_cancelling_now_credits_the_unused_time() -> None:
    (line,) = cancel_lines([billed(2000)], at=JAN_16)
    assert (line.amount, line.kind, line.billed_line_id) == (-1032, LineKind.CREDIT, "bl_1")
    assert line.description == "Unused time on Pro after 16 Jan 2026"
    assert line.formula == "-2000 × 1382400 / 2678400 s = -1032.26"  # noqa: RUF001 - the sign that buyers read


def test_the_example_of_fourteen_days_into_january_costs_one_cent_more_than_the_sum_rounded_once() -> None:
    old, new = packs_of(1250, units=400, included=100), packs_of(1250, units=500, included=100)
    lines = quantity_lines([billed(3750)], old=old, new=new, anchor=JAN, at=day(1, 15))
    assert amounts(lines) == [-2056, 2742]
    assert sum(amounts(lines)) == 686


def test_at_the_start_of_a_period_the_full_price_is_due_without_words_about_time() -> None:
    (line,) = full_lines([packs_of(1000, units=300)], at=JAN)
    assert (line.amount, line.quantity, line.description) == (
        3000,
        3,
        "Pro: 3 × 100 Messages",  # noqa: RUF001 - the sign that buyers read
    )
    assert line.period == JANUARY


def test_an_annual_plan_next_to_a_monthly_one_is_charged_to_the_shared_anchor() -> None:
    assert amounts(charge_lines([base(50000, YEARLY)], anchor=JAN, at=day(2, 16))) == [43699]


def test_a_period_read_from_stripe_beats_the_grid() -> None:
    item = base(20000, YEARLY)
    period = Period(JAN_16, day(1, 16, year=2027))
    assert amounts(charge_lines([item], anchor=JAN, at=JAN_16, periods={YEARLY: period})) == [20000]


def test_what_is_charged_once_is_charged_whole_and_never_credited() -> None:
    (line,) = charge_lines([base(1000, ONCE)], anchor=JAN, at=JAN_16)
    assert (line.amount, line.period) == (1000, None)
    assert credit_lines([billed(1000, None)], at=JAN_16) == ()


def test_an_unpaid_line_is_credited_only_where_access_was_given_and_never_by_a_cancel() -> None:
    unpaid_with_access = billed(2000, paid=False)
    unpaid = billed(2000, paid=False, access_given=False)
    assert amounts(credit_lines([unpaid_with_access, unpaid], at=JAN_16)) == [-1032]
    assert cancel_lines([unpaid_with_access, unpaid], at=JAN_16) == ()


def test_a_period_that_is_over_or_was_credited_gives_nothing_back() -> None:
    assert credit_lines([billed(2000)], at=FEB) == ()
    assert credit_lines([billed(2000, credited=1032)], at=JAN_16) == ()
    assert credit_lines([billed(2000, credited=1032)], at=day(1, 20)) == ()


def test_a_period_that_has_not_begun_is_credited_whole() -> None:
    (line,) = credit_lines([billed(2000, Period(FEB, day(3, 1)))], at=JAN_16)
    assert (line.amount, line.period) == (-2000, Period(FEB, day(3, 1)))


def test_usage_is_not_charged_up_front() -> None:
    assert full_lines([packs_of(10, units=50, per=1, kind=PriceKind.ARREARS)], at=JAN) == ()


def test_no_proration_makes_no_line_and_next_cycle_is_not_built() -> None:
    assert change_lines([billed(2000)], [base(5000)], anchor=JAN, at=JAN_16, proration=Proration.NONE) == ()
    with pytest.raises(NotImplementedYet):
        change_lines([billed(2000)], [base(5000)], anchor=JAN, at=JAN_16, proration=Proration.NEXT_CYCLE)


class TestQuantityPolicies:
    def lines(
        self,
        units: int,
        *,
        on_increase: OnIncrease = OnIncrease.PRORATE_IMMEDIATELY,
        on_decrease: OnDecrease = OnDecrease.PRORATE_IMMEDIATELY,
        proration: Proration | None = None,
    ) -> list[int]:
        old = packs_of(1000, units=300, on_increase=on_increase, on_decrease=on_decrease)
        new = packs_of(1000, units=units, on_increase=on_increase, on_decrease=on_decrease)
        running = [billed(3000)]
        return amounts(quantity_lines(running, old=old, new=new, anchor=JAN, at=JAN_16, proration=proration))

    def test_prorating_at_once_credits_the_old_packs_whole(self) -> None:
        assert self.lines(500) == [-1548, 2581]
        assert self.lines(100) == [-1548, 516]

    def test_billing_at_once_charges_the_difference_in_full(self) -> None:
        assert self.lines(500, on_increase=OnIncrease.BILL_IMMEDIATELY) == [2000]

    @pytest.mark.parametrize("policy", [OnDecrease.NONE, OnDecrease.NO_PRORATIONS])
    def test_a_decrease_without_credit_makes_no_line(self, policy: OnDecrease) -> None:
        assert self.lines(100, on_decrease=policy) == []

    def test_as_many_packs_as_before_make_no_line(self) -> None:
        assert self.lines(250) == []

    def test_the_request_may_ask_for_no_lines(self) -> None:
        assert self.lines(500, proration=Proration.NONE) == []

    def test_what_waits_for_the_next_cycle_is_not_built(self) -> None:
        for policy in (OnIncrease.PRORATE_NEXT_CYCLE, OnIncrease.BILL_NEXT_CYCLE):
            with pytest.raises(NotImplementedYet):
                self.lines(500, on_increase=policy)
        with pytest.raises(NotImplementedYet):
            self.lines(100, on_decrease=OnDecrease.PRORATE_NEXT_CYCLE)

    def test_more_packs_bought_once_cost_the_difference_and_fewer_give_nothing_back(self) -> None:
        old, new = packs_of(1000, units=200, cadence=ONCE), packs_of(1000, units=500, cadence=ONCE)
        more = quantity_lines([], old=old, new=new, anchor=JAN, at=JAN_16)
        assert [(line.amount, line.period, line.quantity) for line in more] == [(3000, None, 3)]
        assert quantity_lines([], old=new, new=old, anchor=JAN, at=JAN_16) == ()


class TestNextCycle:
    def test_it_is_the_first_renewal_and_leaves_longer_intervals_out(self) -> None:
        cycle = next_cycle([base(2000), base(20000, YEARLY, "annual")], anchor=JAN, at=JAN_16)
        assert cycle is not None
        assert (cycle.starts_at, cycle.total) == (FEB, 2000)
        assert [line.period for line in cycle.lines] == [Period(FEB, day(3, 1))]

    def test_a_trial_end_is_its_own_start(self) -> None:
        trial_end = day(1, 15)
        cycle = next_cycle([base(5000)], anchor=trial_end, at=JAN, starts_at=trial_end)
        assert cycle is not None
        assert (cycle.starts_at, cycle.total) == (trial_end, 5000)

    def test_nothing_recurring_has_no_next_cycle(self) -> None:
        assert next_cycle([base(1000, ONCE)], anchor=JAN, at=JAN) is None


instants = st.integers(0, int((FEB - JAN).total_seconds()) - 1).map(lambda s: JAN + timedelta(seconds=s))


@given(net=st.integers(1, 10**9), at=instants, credited=st.integers(0, 10**9))
def test_a_credit_never_exceeds_what_is_left_of_what_was_billed(
    net: int, at: datetime, credited: int
) -> None:
    lines = credit_lines([billed(net, credited=min(credited, net))], at=at)
    assert 0 <= -sum(amounts(lines)) <= net - min(credited, net)


@given(prices=st.lists(st.integers(1, 10**7), min_size=1, max_size=5), at=instants)
def test_swapping_there_and_back_at_one_instant_costs_nothing(prices: list[int], at: datetime) -> None:
    swaps = [*prices, prices[0]]
    running = as_billed(charge_lines([base(prices[0])], anchor=JAN, at=at))
    total = 0
    for _, after in pairwise(swaps):
        lines = change_lines(running, [base(after)], anchor=JAN, at=at)
        total += sum(amounts(lines))
        running = as_billed(lines)
    assert total == 0


@given(net=st.integers(1, 10**7), first=instants, second=instants)
def test_crediting_a_line_twice_gives_no_more_than_crediting_it_at_the_earlier_instant(
    net: int, first: datetime, second: datetime
) -> None:
    early, late = sorted((first, second))
    once = -sum(amounts(credit_lines([billed(net)], at=early)))
    again = -sum(amounts(credit_lines([billed(net, credited=once)], at=late)))
    assert again == 0


@given(amount=st.integers(0, 10**7), at=instants)
def test_a_rest_of_a_period_costs_at_most_the_full_price(amount: int, at: datetime) -> None:
    lines = charge_lines([base(amount)], anchor=JAN, at=at)
    assert 0 <= sum(amounts(lines)) <= amount
    assert all(line.period is not None and line.period.end == FEB for line in lines)
