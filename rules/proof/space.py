"""Which customers can a table meet? Every combination of the facts that it reads, less what cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from rules.model import Invariant, Table, violated
from rules.vocabulary import WORDS
from rules.words.word import Value


class Space:
    """The combinations of one table; what each invariant removes is counted while they are walked."""

    def __init__(self, table: Table) -> None:
        weight = _weights(table)
        self._names = sorted(table.reads, key=lambda name: -weight.get(name, 0))
        self._domains = [tuple(WORDS[name].values) for name in self._names]
        self._due = [_due_at(table, self._names, depth) for depth in range(len(self._names))]
        self.raw = prod(len(domain) for domain in self._domains)
        self.removed: dict[str, int] = {each.id: 0 for each in table.invariants}

    def walk(self) -> Iterator[Mapping[str, Value]]:
        """Every combination that can be; the same mapping is reused, so copy what you keep."""
        return self._below(0, {})

    def _below(self, depth: int, facts: dict[str, Value]) -> Iterator[dict[str, Value]]:
        if depth == len(self._names):
            yield facts
            return
        name, due = self._names[depth], self._due[depth]
        for value in self._domains[depth]:
            facts[name] = value
            broken = violated(due, facts)
            if broken is None:
                yield from self._below(depth + 1, facts)
            else:
                self.removed[broken.id] += prod(len(domain) for domain in self._domains[depth + 1 :])


def describe(facts: Mapping[str, Value]) -> str:
    """The facts as a sentence about a customer."""
    return "A request where " + "; ".join(WORDS[name].phrase(value) for name, value in facts.items()) + "."


def _weights(table: Table) -> dict[str, int]:
    """How many invariants look at each fact: those first, so that whole subtrees fall away early."""
    weights: dict[str, int] = {}
    for invariant in table.invariants:
        for condition in invariant.never:
            weights[condition.fact] = weights.get(condition.fact, 0) + 1
    return weights


def _due_at(table: Table, names: list[str], depth: int) -> list[Invariant]:
    """The invariants whose last fact is assigned at that depth."""
    known = set(names[: depth + 1])
    return [
        invariant
        for invariant in table.invariants
        if names[depth] in {each.fact for each in invariant.never}
        and all(each.fact in known for each in invariant.never)
    ]
