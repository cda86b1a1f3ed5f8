"""What is one line of a lifecycle table?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, NamedTuple, Self, TypeVar


class Word(StrEnum):
    """A state, event or guard: its value is what is stored, its meaning is what people read."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Keep the value as the string itself and the meaning beside it."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        return word


S = TypeVar("S", bound=Word)
E = TypeVar("E", bound=Word)


class Start(StrEnum):
    """The pseudo state of what does not exist yet; no row in the database ever has it."""

    NONE = "none"


START: Final = Start.NONE


@dataclass(frozen=True, slots=True)
class Row(Generic[S, E]):
    """One event, the states it may happen in, and the state that follows.

    The row applies when every `guard` is answered yes and every `unless` is answered no. `effects` names what
    the engine owes afterwards; naming is all a machine does.
    """

    event: E
    sources: tuple[S | Start, ...]
    dest: S
    guard: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """Every guard the row depends on."""
        return (*self.guard, *self.unless)

    def holds(self, guards: Mapping[str, bool]) -> bool:
        """Whether the answers, total over `asks`, let the row apply."""
        return all(guards[name] for name in self.guard) and not any(guards[name] for name in self.unless)


@dataclass(frozen=True, slots=True)
class Step(Generic[S, E]):
    """One move of one thing: what is written into its history."""

    source: S | Start
    event: E
    dest: S
    effects: tuple[str, ...] = ()


class Arrow(NamedTuple):
    """One row seen from one of its sources, as plain words."""

    source: str
    event: str
    dest: str
    guard: tuple[str, ...]
    unless: tuple[str, ...]

    @property
    def condition(self) -> str:
        """The guards as they are read aloud: `has_end, not in_trial`; empty when there are none."""
        return ", ".join([*self.guard, *(f"not {name}" for name in self.unless)])


def arrows(rows: Iterable[Row[S, E]]) -> Iterator[Arrow]:
    """Every arrow of the table, in its order."""
    for row in rows:
        for source in row.sources:
            yield Arrow(source.value, row.event.value, row.dest.value, row.guard, row.unless)
