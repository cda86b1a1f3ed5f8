"""What is drawn of a lifecycle, and what is said in words because lines would only tangle?

Arrows between the same two states share one line. An event that many states share, or that leads back to
many states, is a note at its one end instead of a fan of lines. An arrow that keeps the state is written into
its box.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from machines.row import START, Arrow
from machines.table import Machine

MANY: Final = 4
"""From so many states on, a shared event is written as a note."""


@dataclass(frozen=True, slots=True)
class Link:
    """A line from one state to another, with every arrow that runs along it."""

    source: str
    dest: str
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Arrows that share one state and many others; `inward` when they all lead to that state."""

    state: str
    arrows: tuple[Arrow, ...]
    inward: bool

    @property
    def title(self) -> tuple[str, ...]:
        """The events, one a line."""
        return tuple(dict.fromkeys(arrow.event for arrow in self.arrows))

    @property
    def sources(self) -> str:
        """The states that the arrows come from, in words."""
        return f"from {', '.join(dict.fromkeys(arrow.source for arrow in self.arrows))}"

    @property
    def choices(self) -> tuple[str, ...]:
        """The states that the arrows lead to, one a line, each with the condition that chooses it."""
        said: list[str] = []
        asked: set[str] = set()
        for arrow in self.arrows:
            if set(arrow.unless) == asked:
                first, then = (
                    ("else " if said else ""),
                    f" if {' and '.join(arrow.guard)}" if arrow.guard else "",
                )
                said.append(f"{first}to {arrow.dest}{then}")
            else:
                said.append(f"to {arrow.dest} [{arrow.condition}]")
            asked.update(arrow.guard)
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A lifecycle sorted into lines, notes and what stays in its box."""

    states: tuple[str, ...]
    final: tuple[str, ...]
    links: tuple[Link, ...]
    notes: tuple[Note, ...]
    stays: dict[str, tuple[Arrow, ...]]


def sketch(machine: Machine[Any, Any]) -> Sketch:
    """Every arrow of the machine, each in exactly one place of the drawing."""
    states = tuple(state.value for state in machine.states)
    final = tuple(state.value for state in machine.final)
    loops = [arrow for arrow in machine.arrows() if arrow.source == arrow.dest]
    rest = [arrow for arrow in machine.arrows() if arrow.source != arrow.dest]
    inward = _inward(rest)
    noted = {arrow for note in inward for arrow in note.arrows}
    outward = _outward(arrow for arrow in rest if arrow not in noted)
    noted.update(arrow for note in outward for arrow in note.arrows)
    return Sketch(
        states=(START.value, *(state for state in states if state not in final), *final),
        final=final,
        links=_links(arrow for arrow in rest if arrow not in noted),
        notes=(*inward, *outward),
        stays={state: tuple(arrow for arrow in loops if arrow.source == state) for state in states},
    )


def _inward(arrows: Iterable[Arrow]) -> tuple[Note, ...]:
    shared: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in arrows:
        if arrow.source != START and not arrow.condition:
            shared.setdefault((arrow.event, arrow.dest), []).append(arrow)
    merged: dict[tuple[str, frozenset[str]], list[Arrow]] = {}
    for (_, dest), group in shared.items():
        for part in _complete(group, shared, dest):
            merged.setdefault((dest, frozenset(arrow.source for arrow in part)), []).extend(part)
    return tuple(Note(dest, tuple(group), inward=True) for (dest, _), group in merged.items())


def _complete(
    group: list[Arrow], shared: dict[tuple[str, str], list[Arrow]], dest: str
) -> Iterable[list[Arrow]]:
    """The part of a group that other shared events into `dest` have too, so that one note serves them."""
    if len(group) < MANY:
        return ()
    siblings = [
        {arrow.source for arrow in other}
        for (_, into), other in shared.items()
        if into == dest and len(other) >= MANY
    ]
    common = {arrow.source for arrow in group}
    for sources in siblings:
        if len(common & sources) > MANY:
            common &= sources
    return ([arrow for arrow in group if arrow.source in common],)


def _outward(arrows: Iterable[Arrow]) -> tuple[Note, ...]:
    shared: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in arrows:
        if arrow.source != START:
            shared.setdefault((arrow.event, arrow.source), []).append(arrow)
    return tuple(
        Note(source, tuple(group), inward=False)
        for (_, source), group in shared.items()
        if len(group) >= MANY
    )


def _links(arrows: Iterable[Arrow]) -> tuple[Link, ...]:
    pairs: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in arrows:
        pairs.setdefault((arrow.source, arrow.dest), []).append(arrow)
    return tuple(Link(source, dest, tuple(group)) for (source, dest), group in pairs.items())
