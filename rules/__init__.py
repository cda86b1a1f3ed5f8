"""What should happen: the rules of a purchase as files, proved, decided twice, and explained."""

from pathlib import Path

from rules.errors import (
    EvaluatorBroken,
    EvaluatorsDisagree,
    FactsRefused,
    InvariantViolated,
    NoDecision,
    Position,
    RuleError,
    RuleFileRefused,
    TwoDecisions,
    Undecided,
)
from rules.loader import read_files
from rules.ruleset import Decision, LineDecision, Match, Refusal, RuleSet
from rules.vocabulary import LINE_FACTS, WORDS, check_facts

__all__ = [
    "LINE_FACTS",
    "WORDS",
    "Decision",
    "EvaluatorBroken",
    "EvaluatorsDisagree",
    "FactsRefused",
    "InvariantViolated",
    "LineDecision",
    "Match",
    "NoDecision",
    "Position",
    "Refusal",
    "RuleError",
    "RuleFileRefused",
    "RuleSet",
    "TwoDecisions",
    "Undecided",
    "check_facts",
    "load_ruleset",
]


def load_ruleset(directory: Path | None = None) -> RuleSet:
    """The rules of a folder, or those shipped with the program; a fault names file, line and column."""
    return RuleSet.from_files(read_files(directory))
