"""Which rules match? The reference: plain Python over the tables, sharing no code with the compiler."""

from __future__ import annotations

from collections.abc import Mapping

from rules.errors import NoDecision, TwoDecisions
from rules.model import Rule, Table
from rules.words.word import Value


class ReferenceEvaluator:
    """Finds the rules of one table that match, by looking at each."""

    def __init__(self, table: Table) -> None:
        self._conditions = tuple(
            (number, tuple((each.fact, frozenset(each.values)) for each in rule.when))
            for number, rule in enumerate(table.ordered())
        )

    def matches(self, facts: Mapping[str, Value]) -> list[int]:
        """The numbers of the matching rules, counted in the order of `Table.ordered`."""
        found: list[int] = []
        for number, conditions in self._conditions:
            for fact, values in conditions:
                if facts[fact] not in values:
                    break
            else:
                found.append(number)
        return found


def winner(table: Table, ordered: tuple[Rule, ...], matches: list[int], facts: Mapping[str, Value]) -> Rule:
    """The one rule that answers: the only match of the earliest tier that has one."""
    if not matches:
        raise NoDecision(table.name, facts, "no rule matches")
    first = ordered[matches[0]]
    rivals = [ordered[number].id for number in matches if ordered[number].tier == first.tier]
    if len(rivals) > 1:
        raise TwoDecisions(table.name, facts, f"the rules {', '.join(rivals)} of one tier match")
    return first
