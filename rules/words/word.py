"""What is a word of the rule language? A name, one sentence, and a closed list of values with phrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

Value = bool | str
"""What a fact or an outcome may hold; nothing else reaches an evaluator."""


class Scope(StrEnum):
    """Who says what a word holds."""

    LINE = "line"
    """The engine, for each line of the request."""
    CALL = "call"
    """The engine, once for the request: the same on each of its lines."""
    DERIVED = "derived"
    """An earlier table, or the sum of several lines."""


@dataclass(frozen=True, slots=True)
class Word:
    """A fact or an outcome: what it means, and every value that it can have."""

    name: str
    sentence: str
    values: Mapping[Value, str]
    scope: Scope

    def phrase(self, value: Value) -> str:
        """The value in words, to describe a customer to a person."""
        return self.values[value]

    @property
    def is_boolean(self) -> bool:
        """True when the values are true and false."""
        return True in self.values

    def holds(self, value: object) -> bool:
        """True when the value is one of the domain, of the very type that the domain has."""
        return isinstance(value, bool) == self.is_boolean and value in self.values


def choice(name: str, scope: Scope, sentence: str, values: Mapping[str, str]) -> Word:
    """A word whose values are names."""
    return Word(name, sentence, MappingProxyType(dict[Value, str](values.items())), scope)


def flag(name: str, scope: Scope, sentence: str, *, no: str, yes: str) -> Word:
    """A word that is true or false."""
    return Word(name, sentence, MappingProxyType({False: no, True: yes}), scope)
