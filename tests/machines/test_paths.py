"""Where one can get, and by which events."""

from typing import Any

import pytest

from machines import REGISTRY, START, Machine
from machines.paths import dead_ends, reachable, shortest_paths, states_along
from machines.subscription_product import MACHINE, Event, State

every_machine = pytest.mark.parametrize("machine", REGISTRY.values(), ids=REGISTRY)


@every_machine
def test_every_state_is_reached_by_a_path_that_really_leads_there(machine: Machine[Any, Any]) -> None:
    ways = shortest_paths(machine.rows)
    assert set(ways) == {START, *machine.states}
    for state, events in ways.items():
        here = {START.value}
        for event in events:
            here = {row.dest for row in machine.rows if row.event == event and here & set(row.sources)}
        assert state in here or state == START


@every_machine
def test_no_path_is_longer_than_it_must_be(machine: Machine[Any, Any]) -> None:
    ways = shortest_paths(machine.rows)
    for arrow in machine.arrows():
        assert len(ways[arrow.dest]) <= len(ways[arrow.source]) + 1


@every_machine
def test_there_are_no_dead_ends(machine: Machine[Any, Any]) -> None:
    assert dead_ends(machine.rows, machine.states, machine.final) == ()


def test_a_dead_end_is_found() -> None:
    rows = [row for row in MACHINE.rows if State.PAUSED not in row.sources]
    assert dead_ends(rows, MACHINE.states, MACHINE.final) == (State.PAUSED,)


def test_what_lies_behind_is_not_reachable() -> None:
    behind = {START.value, "incomplete", "scheduled"}
    assert reachable(MACHINE.rows, "active") == {state.value for state in MACHINE.states} - behind
    assert reachable(MACHINE.rows, "ended") == {"ended"}


def test_events_and_guards_narrow_the_way() -> None:
    none = {"payment_overdue": False, "has_end": False, "in_trial": False}
    assert shortest_paths(MACHINE.rows, "paused", guards=none)["active"] == (Event.RESUMED,)
    assert shortest_paths(MACHINE.rows, "paused", guards=none | {"has_end": True})["active"] == (
        Event.RESUMED,
        Event.END_WITHDRAWN,
    )
    assert "active" not in shortest_paths(MACHINE.rows, "paused", events={Event.CANCELED})


def test_a_path_is_told_as_states() -> None:
    assert states_along(MACHINE.rows, (Event.TRIAL_STARTED, Event.TRIAL_ENDED, Event.PAUSED)) == (
        "none",
        "trialing",
        "active",
        "paused",
    )
