from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.clock import Interval
from engine.pricing.model import MONTHLY, ONCE, YEARLY, Cadence, Period
from engine.pricing.periods import (
    cadences,
    last_boundary,
    needs_new_anchor,
    next_boundary,
    one_interval_after,
    running_period,
    starts_on,
)
from tests.engine.pricing.build import FEB, JAN, JAN_16, base, day


def test_what_is_billed_once_has_no_period() -> None:
    assert running_period(ONCE, anchor=JAN, at=JAN_16) is None
    assert next_boundary([base(1, ONCE)], anchor=JAN, at=JAN_16) is None


def test_a_plan_of_mixed_intervals_renews_with_the_shortest_and_ends_with_the_longest() -> None:
    items = [base(1), base(1, YEARLY)]
    assert next_boundary(items, anchor=JAN, at=JAN_16) == FEB
    assert last_boundary(items, anchor=JAN, at=JAN_16) == day(1, 1, year=2027)


def test_cadences_are_told_apart_and_sorted() -> None:
    assert cadences([base(1, YEARLY), base(2), base(3), base(4, ONCE)]) == (MONTHLY, YEARLY)


def test_an_item_that_would_join_in_mid_period_needs_a_new_anchor() -> None:
    assert needs_new_anchor([base(1), base(1, YEARLY)], anchor=JAN, at=FEB)
    assert not needs_new_anchor([base(1)], anchor=JAN, at=FEB)
    assert not needs_new_anchor([base(1, YEARLY)], anchor=JAN, at=day(1, 1, year=2027))


def test_one_interval_after_a_month_end_is_the_next_month_end() -> None:
    assert one_interval_after(MONTHLY, day(1, 31)) == day(2, 28)


grid = st.tuples(
    st.sampled_from([Cadence(i, n) for i in (Interval.WEEK, Interval.MONTH, Interval.YEAR) for n in (1, 3)]),
    st.integers(0, 2000).map(lambda n: JAN + timedelta(hours=n)),
    st.integers(0, 20000).map(lambda n: JAN_16 + timedelta(hours=n)),
)


@given(grid)
def test_periods_contain_the_instant_and_the_next_one_begins_where_they_end(
    case: tuple[Cadence, datetime, datetime],
) -> None:
    cadence, anchor, at = case
    period = running_period(cadence, anchor=anchor, at=at)
    assert isinstance(period, Period)
    assert period.start <= at < period.end
    assert starts_on(cadence, anchor=anchor, at=period.end)
