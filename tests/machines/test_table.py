"""One machine for all: what it promises to callers and threads, and what it refuses when it is made."""

import threading
from itertools import product
from random import Random
from typing import Any

import pytest

from machines import (
    REGISTRY,
    START,
    EnginesDisagree,
    GuardNotAnswered,
    IllegalTransition,
    InconsistentMachine,
    Machine,
    Row,
    UnknownWord,
    Word,
)
from machines.subscription_product import MACHINE, Event, State


class Door(Word):
    OPEN = "open", "One can walk through."
    SHUT = "shut", "One cannot."
    GONE = "gone", "There is no door."


class Act(Word):
    HUNG = "hung", "It was put in."
    PUSHED = "pushed", "Somebody pushed."
    REMOVED = "removed", "It was taken out."


class Ask(Word):
    LOCKED = "locked", "The key was turned."


HUNG: Row[Door, Act] = Row(Act.HUNG, (START,), Door.SHUT)
PUSHED: Row[Door, Act] = Row(Act.PUSHED, (Door.SHUT,), Door.OPEN, unless=("locked",))
STUCK: Row[Door, Act] = Row(Act.PUSHED, (Door.SHUT,), Door.SHUT, guard=("locked",))
REMOVED: Row[Door, Act] = Row(Act.REMOVED, (Door.OPEN, Door.SHUT), Door.GONE)


def door(*rows: Row[Door, Act], final: tuple[Door, ...] = (Door.GONE,)) -> Machine[Door, Act]:
    return Machine("door", about="A door.", states=Door, events=Act, guards=Ask, final=final, rows=rows)


def test_a_consistent_table_moves() -> None:
    machine = door(HUNG, PUSHED, STUCK, REMOVED)
    assert machine.step("shut", "pushed", {"locked": True}).dest is Door.SHUT
    assert machine.step("shut", "pushed", {"locked": False}).dest is Door.OPEN
    assert machine.asks("shut", "pushed") == ("locked",)
    assert machine.allowed("open") == (Act.REMOVED,)


@pytest.mark.parametrize(
    ("rows", "final", "fault"),
    [
        pytest.param(
            (HUNG, PUSHED, REMOVED), (Door.GONE,), "pushed in shut has no row with locked", id="one-sided"
        ),
        pytest.param(
            (HUNG, PUSHED, STUCK, Row(Act.PUSHED, (Door.SHUT,), Door.GONE, guard=("locked",)), REMOVED),
            (Door.GONE,),
            "pushed in shut has several rows with locked",
            id="ambiguous",
        ),
        pytest.param(
            (HUNG, PUSHED, STUCK, REMOVED, Row(Act.REMOVED, (Door.SHUT,), Door.OPEN)),
            (Door.GONE,),
            "removed in shut has several rows with no guard",
            id="duplicate",
        ),
        pytest.param((HUNG, STUCK, REMOVED), (Door.GONE,), "open cannot be reached", id="unreachable"),
        pytest.param(
            (HUNG, PUSHED, STUCK, REMOVED, Row(Act.PUSHED, (Door.GONE,), Door.SHUT)),
            (Door.GONE,),
            "pushed leaves the final state gone",
            id="exit-from-final",
        ),
        pytest.param((HUNG, PUSHED, STUCK, REMOVED), (), "gone leads to no end", id="no-end"),
        pytest.param(
            (HUNG, PUSHED, STUCK, REMOVED),
            (Door.SHUT,),
            "gone has no way out and is not declared final",
            id="dead-end",
        ),
        pytest.param(
            (HUNG, PUSHED, STUCK, Row(Act.REMOVED, (Door.OPEN,), Door.GONE, guard=("lucky",))),
            (Door.GONE,),
            "removed asks the unknown guard lucky",
            id="unknown-guard",
        ),
        pytest.param((HUNG, PUSHED, STUCK), (Door.OPEN,), "removed has no row", id="unused-event"),
        pytest.param(
            (HUNG, Row(Act.PUSHED, (Door.SHUT,), Door.OPEN), REMOVED),
            (Door.GONE,),
            "no row asks locked",
            id="unused-guard",
        ),
    ],
)
def test_an_inconsistent_table_cannot_be_made(
    rows: tuple[Row[Door, Act], ...], final: tuple[Door, ...], fault: str
) -> None:
    with pytest.raises(InconsistentMachine) as caught:
        door(*rows, final=final)
    assert any(fault in found for found in caught.value.faults), caught.value.faults


def test_words_of_another_machine_are_unknown_here() -> None:
    other: Any = Row(Event.PAUSED, (State.ACTIVE,), State.PAUSED)
    with pytest.raises(InconsistentMachine) as caught:
        door(HUNG, PUSHED, STUCK, REMOVED, other)
    text = str(caught.value)
    assert "the event paused is unknown" in text
    assert "leads to the unknown state paused" in text
    assert "starts in the unknown state active" in text


def test_a_word_without_a_sentence_is_refused() -> None:
    class Mute(Word):
        LOCKED = "locked", ""

    with pytest.raises(InconsistentMachine, match="locked has no sentence"):
        Machine(
            "door",
            about="A door.",
            states=Door,
            events=Act,
            guards=Mute,
            final=(Door.GONE,),
            rows=(HUNG, PUSHED, STUCK, REMOVED),
        )


def test_unknown_words_are_named() -> None:
    with pytest.raises(UnknownWord, match="no state 'asleep'"):
        MACHINE.step("asleep", Event.PAUSED)
    with pytest.raises(UnknownWord, match="no event 'sneezed'"):
        MACHINE.step("active", "sneezed")
    with pytest.raises(UnknownWord, match="no state 'asleep'"):
        MACHINE.allowed("asleep")


def test_a_missing_answer_is_never_taken_for_no() -> None:
    with pytest.raises(GuardNotAnswered) as caught:
        MACHINE.step("past_due", Event.PAYMENT_RECOVERED, {"has_end": False})
    assert caught.value.guards == ("in_trial",)


def test_an_illegal_event_says_what_is_allowed_in_a_sentence() -> None:
    with pytest.raises(IllegalTransition) as caught:
        REGISTRY["checkout"].step("open", "seen_open")
    assert str(caught.value) == (
        "checkout: seen_open cannot happen in state open; allowed are completed, expired."
    )
    with pytest.raises(IllegalTransition, match="nothing is allowed, it is final"):
        REGISTRY["checkout"].step("complete", "expired")


def test_a_library_that_disagrees_is_never_followed() -> None:
    machine = door(HUNG, PUSHED, STUCK, REMOVED)
    machine._library.add_transition("removed", "gone", "open")  # pyright: ignore[reportPrivateUsage] # planted fault
    with pytest.raises(EnginesDisagree, match="removed in gone gives open by library, nothing by table"):
        machine.step("gone", "removed")


def test_eight_threads_on_the_shared_machine_differ_in_nothing() -> None:
    keys = list(product(MACHINE.states, MACHINE.events, (False, True), (False, True), (False, True)))
    wrong: list[str] = []
    walked: list[int] = []
    barrier = threading.Barrier(8)

    def walk(seed: int) -> None:
        chance = Random(seed)  # noqa: S311 - another order for each thread
        barrier.wait()
        for state, event, overdue, has_end, in_trial in chance.sample(keys, 600):
            guards = {"payment_overdue": overdue, "has_end": has_end, "in_trial": in_trial}
            row = MACHINE.lookup(state, event, guards)
            try:
                found = MACHINE.step(state, event, guards).dest
            except IllegalTransition:
                found = None
            if found != (row.dest if row else None):
                wrong.append(f"{state} {event} {guards}")
        walked.append(seed)

    threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(walked) == list(range(8))


def test_nothing_is_kept_of_what_was_moved() -> None:
    for _ in range(50):
        MACHINE.step("active", Event.PAUSED)
    assert MACHINE._library.models == []  # pyright: ignore[reportPrivateUsage] # looks into the library on purpose
