"""The product inside a subscription: what the states mean in time, and what must have happened in between."""

from datetime import UTC, datetime, timedelta

import pytest

from machines import START, GuardNotAnswered, IllegalTransition, UnreachableState
from machines.subscription_product import (
    END_REASON,
    LIVE,
    MACHINE,
    EndReason,
    Event,
    State,
    events_towards,
    guards_at,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def guards(*, overdue: bool = False, ends: bool = False, trial: bool = False) -> dict[str, bool]:
    return guards_at(
        NOON,
        ends_at=NOON + HOUR if ends else None,
        trial_ends_at=NOON + HOUR if trial else None,
        overdue=overdue,
    )


def test_an_instant_that_is_reached_is_past() -> None:
    assert guards_at(NOON, ends_at=NOON, trial_ends_at=NOON) == {
        "payment_overdue": False,
        "has_end": False,
        "in_trial": False,
    }
    assert guards_at(NOON, ends_at=NOON + HOUR, trial_ends_at=NOON + HOUR, overdue=True) == {
        "payment_overdue": True,
        "has_end": True,
        "in_trial": True,
    }


def test_guards_at_answers_every_guard() -> None:
    assert set(guards()) == {guard.value for guard in MACHINE.guards}


@pytest.mark.parametrize(
    ("event", "source", "answers", "dest"),
    [
        (Event.PAYMENT_RECOVERED, "past_due", guards(ends=True, trial=True), State.CANCELING),
        (Event.PAYMENT_RECOVERED, "past_due", guards(trial=True), State.TRIALING),
        (Event.PAYMENT_RECOVERED, "past_due", guards(), State.ACTIVE),
        (Event.END_WITHDRAWN, "canceling", guards(overdue=True, trial=True), State.PAST_DUE),
        (Event.END_WITHDRAWN, "canceling", guards(trial=True), State.TRIALING),
        (Event.END_WITHDRAWN, "canceling", guards(), State.ACTIVE),
        (Event.RESUMED, "paused", guards(overdue=True, ends=True), State.PAST_DUE),
        (Event.RESUMED, "paused", guards(ends=True, trial=True), State.CANCELING),
        (Event.RESUMED, "paused", guards(trial=True), State.TRIALING),
        (Event.RESUMED, "paused", guards(), State.ACTIVE),
        (Event.SCHEDULE_BEGAN, "scheduled", guards(trial=True), State.TRIALING),
        (Event.SCHEDULE_BEGAN, "scheduled", guards(), State.ACTIVE),
    ],
)
def test_what_comes_back_comes_back_as_it_was(
    event: Event, source: str, answers: dict[str, bool], dest: State
) -> None:
    assert MACHINE.step(source, event, answers).dest is dest


@pytest.mark.parametrize("state", [State.PAST_DUE, State.PAUSED])
def test_past_due_and_paused_win_over_a_planned_end(state: State) -> None:
    assert MACHINE.step(state, Event.END_SCHEDULED).dest is state
    assert MACHINE.step(state, Event.END_WITHDRAWN).dest is state


def test_every_end_has_its_reason_and_no_other_event_has_one() -> None:
    ending = {row.event for row in MACHINE.rows if row.dest is State.ENDED}
    assert set(END_REASON) == ending
    assert set(END_REASON.values()) == set(EndReason)


def test_balances_open_once_in_force_and_close_when_what_was_in_force_ends() -> None:
    for row in MACHINE.rows:
        for source in row.sources:
            begins = source not in LIVE and row.dest in LIVE
            ends = source in LIVE and row.dest is State.ENDED
            if begins:
                assert row.effects == ("open_balances",)
            elif ends:
                assert row.effects == ("close_balances",)
            elif row.effects:
                assert row.event is Event.TRIAL_STARTED


def test_nothing_expires_that_has_no_end() -> None:
    with pytest.raises(IllegalTransition):
        MACHINE.step(State.ACTIVE, Event.EXPIRED)


@pytest.mark.parametrize(
    ("known", "found", "answers", "events"),
    [
        (START, State.ACTIVE, guards(), [Event.ACTIVATED]),
        (START, State.CANCELING, guards(ends=True, trial=True), [Event.TRIAL_STARTED, Event.END_SCHEDULED]),
        (START, State.CANCELING, guards(ends=True), [Event.ACTIVATED, Event.END_SCHEDULED]),
        ("incomplete", State.PAST_DUE, guards(overdue=True), [Event.PAYMENT_CONFIRMED, Event.PAYMENT_FAILED]),
        ("trialing", State.ACTIVE, guards(), [Event.TRIAL_ENDED]),
        ("active", State.TRIALING, guards(trial=True), [Event.TRIAL_STARTED]),
        ("past_due", State.CANCELING, guards(ends=True), [Event.PAYMENT_RECOVERED]),
        ("canceling", State.ACTIVE, guards(), [Event.END_WITHDRAWN]),
        ("paused", State.PAST_DUE, guards(overdue=True), [Event.RESUMED]),
        ("active", State.ACTIVE, guards(), []),
    ],
)
def test_what_was_missed_is_told_in_order(
    known: str, found: State, answers: dict[str, bool], events: list[Event]
) -> None:
    told = events_towards(known, found, answers)
    assert list(told) == events
    state = known
    for event in told:
        state = MACHINE.step(state, event, answers).dest
    assert state == found


@pytest.mark.parametrize(
    ("known", "ended_by", "events"),
    [
        ("active", Event.CANCELED, [Event.CANCELED]),
        ("active", Event.EXPIRED, [Event.END_SCHEDULED, Event.EXPIRED]),
        ("active", Event.RETRIES_EXHAUSTED, [Event.PAYMENT_FAILED, Event.RETRIES_EXHAUSTED]),
        ("past_due", Event.RETRIES_EXHAUSTED, [Event.RETRIES_EXHAUSTED]),
        ("incomplete", Event.INCOMPLETE_EXPIRED, [Event.INCOMPLETE_EXPIRED]),
        ("scheduled", Event.SCHEDULE_DROPPED, [Event.SCHEDULE_DROPPED]),
    ],
)
def test_an_end_is_told_with_its_reason(known: str, ended_by: Event, events: list[Event]) -> None:
    assert list(events_towards(known, State.ENDED, guards(), ended_by=ended_by)) == events


def test_no_story_is_invented() -> None:
    for state in (*LIVE, State.ENDED):
        with pytest.raises(UnreachableState, match=f"{state} never becomes incomplete"):
            events_towards(state, State.INCOMPLETE, guards())
    for found in State:
        if found is not State.ENDED:
            with pytest.raises(UnreachableState):
                events_towards("ended", found, guards())
    for known in LIVE:
        if known is not State.PAST_DUE:
            assert Event.PAYMENT_FAILED not in events_towards(known, State.ACTIVE, guards())


def test_a_question_left_open_is_an_error_on_the_way_too() -> None:
    with pytest.raises(GuardNotAnswered):
        events_towards("past_due", State.ACTIVE, {"has_end": False})
