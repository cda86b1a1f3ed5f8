"""What can go wrong with rules, from the file that does not parse to the decision that must not be guessed.

    RuleError
    ├── RuleFileRefused         a rule file cannot be used: file, line, column and what to do
    ├── FactsRefused            facts that the vocabulary does not know, or that are missing or ill-typed
    ├── NoDecision              no rule answers: a gap
    ├── TwoDecisions            two rules of one tier answer: an overlap
    ├── InvariantViolated       facts that a rule file declares impossible
    ├── EvaluatorsDisagree      durable-rules and the reference evaluator differ
    └── EvaluatorBroken         durable-rules failed or did not finish

All but the first two mean that nothing may be bought until a person has looked: nobody guesses around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a rule file that a person can go to; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class RuleError(Exception):
    """Anything that stops a rule file from being used or a decision from being made."""

    code = "rule_error"


class RuleFileRefused(RuleError):
    """A rule file cannot be used; the position and the fix are part of the message."""

    code = "rule_file_refused"

    def __init__(self, position: Position, problem: str, *, fix: str) -> None:
        super().__init__(f"{position}: {problem} {fix}")
        self.position = position
        self.problem = problem
        self.fix = fix


class FactsRefused(RuleError):
    """Facts that the vocabulary does not know, that are missing, or whose value is outside the domain."""

    code = "facts_refused"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Undecided(RuleError):
    """A table did not give exactly one answer; the facts that it read are kept for the person who looks."""

    code = "no_decision"

    def __init__(self, table: str, facts: Mapping[str, bool | str], detail: str) -> None:
        super().__init__(f"table {table}: {detail} (facts: {dict(facts)})")
        self.table = table
        self.facts = dict(facts)
        self.detail = detail


class NoDecision(Undecided):
    """No rule of a table matches these facts."""


class TwoDecisions(Undecided):
    """Two rules of the same tier match these facts."""


class InvariantViolated(Undecided):
    """The facts form a combination that the table declares impossible."""


class EvaluatorsDisagree(Undecided):
    """durable-rules and the reference evaluator matched different rules."""


class EvaluatorBroken(RuleError):
    """durable-rules failed, or did not finish: its answer is unknown."""

    code = "no_decision"
