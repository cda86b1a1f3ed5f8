"""Every machine of the registry: every arrow, every illegal pair, both implementations on everything."""

from itertools import product
from typing import Any

import pytest
from transitions import MachineError

from machines import REGISTRY, START, IllegalTransition, Machine
from machines.table import _Carrier  # pyright: ignore[reportPrivateUsage] # the library alone
from machines.validation import answers_to

MACHINES = [pytest.param(machine, id=name) for name, machine in REGISTRY.items()]
every_machine = pytest.mark.parametrize("machine", MACHINES)


def answers(machine: Machine[Any, Any]) -> list[dict[str, bool]]:
    return list(answers_to([guard.value for guard in machine.guards]))


def by_rows(machine: Machine[Any, Any], state: str, event: str, guards: dict[str, bool]) -> str | None:
    """The third opinion: read the rows one after the other."""
    fitting = [
        row.dest
        for row in machine.rows
        if row.event == event
        and state in row.sources
        and all(guards[name] for name in row.guard)
        and not any(guards[name] for name in row.unless)
    ]
    assert len(fitting) <= 1
    return fitting[0] if fitting else None


def by_library(machine: Machine[Any, Any], state: str, event: str, guards: dict[str, bool]) -> str | None:
    carrier = _Carrier(str(state))
    try:
        library = machine._library  # pyright: ignore[reportPrivateUsage] # the library alone
        moved = library.events[event].trigger(carrier, guards=guards)
    except MachineError:
        assert carrier.state == state
        return None
    assert moved
    return carrier.state


@every_machine
def test_library_table_and_rows_agree_on_every_combination(machine: Machine[Any, Any]) -> None:
    compared = 0
    for state, event, guards in product((START, *machine.states), machine.events, answers(machine)):
        row = machine.lookup(state, event, guards)
        expected = by_rows(machine, state, event, guards)
        assert (row.dest if row else None) == expected
        assert by_library(machine, state, event, guards) == expected
        compared += 1
    assert compared == (len(machine.states) + 1) * len(machine.events) * 2 ** len(machine.guards)


@every_machine
def test_every_arrow_can_be_walked(machine: Machine[Any, Any]) -> None:
    walks = [(source, row) for row in machine.rows for source in row.sources]
    for start, taken in walks:
        guards = {guard.value: guard in taken.guard for guard in machine.guards}
        step = machine.step(start, taken.event, guards)
        assert (step.source, step.event) == (start, taken.event)
        assert (step.dest, step.effects) == (taken.dest, taken.effects)
        assert taken.event in machine.allowed(start)


@every_machine
def test_every_other_pair_is_refused_and_names_what_is_allowed(machine: Machine[Any, Any]) -> None:
    legal = {(arrow.source, arrow.event) for arrow in machine.arrows()}
    refused = 0
    for state, event in product((START, *machine.states), machine.events):
        if (state, event) in legal:
            continue
        with pytest.raises(IllegalTransition) as caught:
            machine.step(state, event, answers(machine)[0])
        assert caught.value.allowed == machine.allowed(state)
        assert (caught.value.machine, caught.value.state, caught.value.event) == (machine.name, state, event)
        for allowed in caught.value.allowed:
            assert allowed in str(caught.value)
        refused += 1
    assert refused == (len(machine.states) + 1) * len(machine.events) - len(legal)


@every_machine
def test_final_states_allow_nothing_and_others_something(machine: Machine[Any, Any]) -> None:
    for state in machine.states:
        assert bool(machine.allowed(state)) == (state not in machine.final)


@every_machine
def test_the_registry_knows_it_by_its_name(machine: Machine[Any, Any]) -> None:
    assert REGISTRY[machine.name] is machine
    assert START not in machine.states
