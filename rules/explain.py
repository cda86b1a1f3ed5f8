"""Why this, and why not something else? For each rule of a table: did it answer, and what was missing?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.model import Rule
from rules.ruleset import Match, RuleSet
from rules.vocabulary import WORDS
from rules.words.word import Value


@dataclass(frozen=True, slots=True)
class Missing:
    """A condition that did not hold: what the rule wants, and what the facts say."""

    fact: str
    wanted: tuple[Value, ...]
    actual: Value
    sentence: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A rule that did not answer: the conditions that failed, or the rule that came first."""

    rule_id: str
    outcome: Mapping[str, Value]
    file: str
    line: int
    missing: tuple[Missing, ...]
    beaten_by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a table answered as it did."""

    table: str
    question: str
    answer: Match
    because: tuple[str, ...]
    others: tuple[WhyNot, ...]


def explain(ruleset: RuleSet, table: str, facts: Mapping[str, Value]) -> Explanation:
    """The answer of one table, and for each of its other rules why not that one.

    `facts` are those of a `LineDecision` or, for tables that look at the whole call, those of a `Decision`.
    """
    compiled = ruleset.compiled(table)
    answer = compiled.decide(facts)
    rules = {rule.id: rule for rule in compiled.ordered}
    return Explanation(
        table=table,
        question=compiled.table.sentence,
        answer=answer,
        because=tuple(WORDS[each.fact].phrase(facts[each.fact]) for each in rules[answer.rule_id].when),
        others=tuple(_why_not(rule, facts, answer) for rule in compiled.ordered if rule.id != answer.rule_id),
    )


def render(explanation: Explanation) -> str:
    """An explanation as text for a person."""
    return "\n".join(_lines(explanation))


def _why_not(rule: Rule, facts: Mapping[str, Value], answer: Match) -> WhyNot:
    missing = tuple(
        Missing(each.fact, each.values, facts[each.fact], WORDS[each.fact].phrase(facts[each.fact]))
        for each in rule.when
        if facts[each.fact] not in each.values
    )
    return WhyNot(
        rule_id=rule.id,
        outcome=rule.outcome,
        file=rule.position.file,
        line=rule.position.line,
        missing=missing,
        beaten_by="" if missing else answer.rule_id,
    )


def _lines(explanation: Explanation) -> Iterator[str]:
    answer = explanation.answer
    yield f"{explanation.question} {_shown(answer.outcome)}"
    yield f"  {answer.because} ({answer.table}.{answer.rule_id}, {answer.file}:{answer.line})"
    for phrase in explanation.because:
        yield f"    since {phrase}"
    yield "Why not:"
    for other in explanation.others:
        yield f"  {_shown(other.outcome)} ({other.rule_id}, {other.file}:{other.line})"
        for missing in other.missing:
            wanted = " or ".join(_text(each) for each in missing.wanted)
            yield f"    {missing.fact} is {_text(missing.actual)}, not {wanted}: {missing.sentence}"
        if other.beaten_by:
            yield f"    {other.beaten_by} comes first"


def _shown(outcome: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in outcome.items())


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value
