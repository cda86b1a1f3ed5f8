"""What is a rule set made of? Tables of rules that remember where they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rules.errors import Position
from rules.words.word import Value

REQUEST: Final = "request"
"""The tier of rules that pass on what the caller asked for."""

OTHERWISE: Final = "otherwise"
"""The tier of the one rule that answers when no other does."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact that must have one of some values."""

    fact: str
    values: tuple[Value, ...]
    position: Position
    value_positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value that a rule gives to a word which its table decides."""

    name: str
    value: Value
    position: Position
    value_position: Position


@dataclass(frozen=True, slots=True)
class Rule:
    """When all its conditions hold, a rule answers, unless a rule of an earlier tier does."""

    id: str
    tier: str
    when: tuple[Condition, ...]
    then: tuple[Outcome, ...]
    because: str
    position: Position

    @property
    def source(self) -> Literal["rule", "request"]:
        """Who chose the value: the caller, or the rules."""
        return "request" if self.tier == REQUEST else "rule"

    @property
    def outcome(self) -> Mapping[str, Value]:
        """What the rule answers."""
        return {each.name: each.value for each in self.then}


@dataclass(frozen=True, slots=True)
class Invariant:
    """A combination of facts that cannot be; meeting it at run time is an error."""

    id: str
    sentence: str
    never: tuple[Condition, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Table:
    """Rules that together give exactly one answer for every combination of the facts that they read."""

    name: str
    stage: str
    part: str
    sentence: str
    reads: tuple[str, ...]
    reads_positions: tuple[Position, ...]
    decides: tuple[str, ...]
    decides_positions: tuple[Position, ...]
    tiers: tuple[str, ...]
    invariants: tuple[Invariant, ...]
    rules: tuple[Rule, ...]
    position: Position

    def ordered(self) -> tuple[Rule, ...]:
        """The rules by tier, and inside a tier as written."""
        rank = {tier: number for number, tier in enumerate(self.tiers)}
        return tuple(sorted(self.rules, key=lambda rule: rank[rule.tier]))

    def read(self, facts: Mapping[str, Value]) -> dict[str, Value]:
        """The facts that this table looks at, and no other."""
        return {name: facts[name] for name in self.reads}


def violated(invariants: Sequence[Invariant], facts: Mapping[str, Value]) -> Invariant | None:
    """The first invariant that these facts break, if any."""
    for invariant in invariants:
        if all(facts[each.fact] in each.values for each in invariant.never):
            return invariant
    return None
