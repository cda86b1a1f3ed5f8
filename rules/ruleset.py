"""What do the rules say about a request? Facts of its lines in; a decision, a refusal, or a named error out.

The stages run in a fixed order:

    each line   compare          what differs, what it stands against, up or down
                reject           request, product, customer: the first table that refuses wins
                branch, config   which case it is, and how it is done
    the call    combine          what the lines come to together
                reject           money: what cannot be collected
                function         what does it

Every table is decided twice, by durable-rules and by the reference evaluator. When the two differ, when no
rule or two rules answer, or when the facts break an invariant, an error says so; nothing is ever guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from rules.compiler import COMPILER_ID, DurableEvaluator
from rules.errors import EvaluatorsDisagree, FactsRefused, InvariantViolated
from rules.evaluator import ReferenceEvaluator, winner
from rules.lint import lint, refuse_faults
from rules.loader import parse_tables
from rules.model import Rule, Table, violated
from rules.vocabulary import (
    CONFIG_FIELDS,
    LET_THROUGH,
    LINE_FACTS,
    STAGES,
    WORDS,
    Scope,
    Value,
    check_lines,
    sum_lines,
)

MONEY = "money"
"""The part of the reject stage that looks at the whole request, after its lines are decided."""

_QUANTITIES = "update_quantity"


@dataclass(frozen=True, slots=True)
class Match:
    """The rule of one table that answered: what it said, why, and where it is written."""

    stage: str
    table: str
    rule_id: str
    file: str
    line: int
    because: str
    outcome: Mapping[str, Value]
    source: Literal["rule", "request"]

    @property
    def lets_through(self) -> bool:
        """True for the answer of a reject table that had nothing to object."""
        return self.outcome.get("refusal") == LET_THROUGH


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What was decided about one line, and by which rules."""

    branch: str
    config: Mapping[str, Value]
    direction: str
    trace: tuple[Match, ...]
    facts: Mapping[str, Value]
    """What was known about the line at the end, outcomes included."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a request: each line, and the call as a whole."""

    lines: tuple[LineDecision, ...]
    branch: str
    config: Mapping[str, Value]
    function: str
    trace: tuple[Match, ...]
    facts: Mapping[str, Value]
    """What was known about the call at the end, outcomes included."""
    deciders: Mapping[str, Match]
    """For each config value the rule of a line that gave it; its `source` says whether the caller chose."""
    rule_set_hash: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the rules do not let through; `match.because` tells the caller what to do.

    `line` counts from 0 and is None when the request as a whole was refused. The traces hold what was decided
    before the refusal, `facts` what was known about the refused line, or call.
    """

    code: str
    match: Match
    line: int | None
    lines: tuple[tuple[Match, ...], ...]
    trace: tuple[Match, ...]
    facts: Mapping[str, Value]
    rule_set_hash: str


class CompiledTable:
    """One table with both of its evaluators."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.ordered = table.ordered()
        self.reference = ReferenceEvaluator(table)
        self.durable = DurableEvaluator(table)
        self._answers = {rule.id: _answer(table, rule) for rule in self.ordered}

    def decide(self, facts: Mapping[str, Value]) -> Match:
        """The answer of the table, agreed on by both evaluators, or a named error."""
        read = self.table.read(facts)
        broken = violated(self.table.invariants, read)
        if broken is not None:
            raise InvariantViolated(self.table.name, read, f"this cannot be: {broken.sentence} ({broken.id})")
        matches, fired = self.reference.matches(read), self.durable.matches(read)
        if matches != fired:
            raise EvaluatorsDisagree(self.table.name, read, f"reference {matches}, durable-rules {fired}")
        return self._answers[winner(self.table, self.ordered, matches, read).id]


def _answer(table: Table, rule: Rule) -> Match:
    return Match(
        stage=table.stage,
        table=table.name,
        rule_id=rule.id,
        file=rule.position.file,
        line=rule.position.line,
        because=rule.because,
        outcome=MappingProxyType(dict(rule.outcome)),
        source=rule.source,
    )


class _Run:
    """Facts that grow by what tables answer, and the answers."""

    def __init__(self, facts: Mapping[str, Value]) -> None:
        self.facts = dict(facts)
        self.trace: list[Match] = []

    def through(self, table: CompiledTable) -> Match:
        match = table.decide(self.facts)
        self.facts.update(match.outcome)
        self.trace.append(match)
        return match


class RuleSet:
    """The rules of one set of files; deciding is pure and safe from any thread."""

    def __init__(self, files: Mapping[str, str], tables: Iterable[Table]) -> None:
        self.files: Mapping[str, str] = MappingProxyType(dict(files))
        self.tables = tuple(tables)
        self.hash = _fingerprint(self.files)
        self._compiled = {table.name: CompiledTable(table) for table in self.tables}
        self._stages = {
            stage: tuple(self._compiled[table.name] for table in self.tables if table.stage == stage)
            for stage in STAGES
        }
        self._access = self._access_by_state()

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> RuleSet:
        """A rule set from texts by path, for instance of a stored version whose decisions are replayed."""
        tables = parse_tables(files)
        refuse_faults(lint(tables))
        return cls(files, tables)

    def compiled(self, name: str) -> CompiledTable:
        """The table of that name with its evaluators."""
        return self._compiled[name]

    def decide(
        self, lines: Sequence[Mapping[str, object]], basket_facts: Mapping[str, object] | None = None
    ) -> Decision | Refusal:
        """What the rules say about the lines of one request.

        `basket_facts` may name the `line_count` that the caller counted; it is compared with ours.
        """
        checked = check_lines(lines)
        _check_basket(checked, basket_facts)
        runs = [_Run(facts) for facts in checked]
        self._each(runs, "compare")
        for table in self._stages["reject"]:
            refusal = None if table.table.part == MONEY else self._refused(table, runs)
            if refusal is not None:
                return refusal
        self._each(runs, "branch")
        self._each(runs, "config")
        return self._together(runs)

    def access(self, product_state: str) -> Mapping[str, bool]:
        """For each type of feature, whether a product in that state gives it."""
        return self._access[product_state]

    def _each(self, runs: Iterable[_Run], stage: str) -> None:
        for run in runs:
            for table in self._stages[stage]:
                run.through(table)

    def _refused(self, table: CompiledTable, runs: Sequence[_Run]) -> Refusal | None:
        for number, run in enumerate(runs):
            match = run.through(table)
            if not match.lets_through:
                return self._refusal(match, runs, run, line=number)
        return None

    def _refusal(self, match: Match, runs: Sequence[_Run], refused: _Run, *, line: int | None) -> Refusal:
        return Refusal(
            code=str(match.outcome["refusal"]),
            match=match,
            line=line,
            lines=tuple(tuple(run.trace) for run in runs),
            trace=tuple(refused.trace) if line is None else (),
            facts=MappingProxyType(dict(refused.facts)),
            rule_set_hash=self.hash,
        )

    def _together(self, runs: Sequence[_Run]) -> Decision | Refusal:
        carrying = _carrying(runs)
        call = _Run(_summed(runs, carrying))
        for table in self._stages["combine"]:
            call.through(table)
        for table in self._stages["reject"]:
            if table.table.part == MONEY:
                match = call.through(table)
                if not match.lets_through:
                    return self._refusal(match, runs, call, line=None)
        for table in self._stages["function"]:
            call.through(table)
        return Decision(
            lines=tuple(_line_decision(run) for run in runs),
            branch=str(call.facts["branch"]),
            config=_config(call.facts),
            function=str(call.facts["function"]),
            trace=tuple(call.trace),
            facts=MappingProxyType(dict(call.facts)),
            deciders=_deciders(call, carrying),
            rule_set_hash=self.hash,
        )

    def _access_by_state(self) -> Mapping[str, Mapping[str, bool]]:
        states, types = WORDS["product_state"].values, WORDS["feature_type"].values
        answers: dict[str, Mapping[str, bool]] = {}
        for state in states:
            grants: dict[str, bool] = {}
            for kind in types:
                run = _Run({"product_state": state, "feature_type": kind})
                for table in self._stages["access"]:
                    run.through(table)
                grants[str(kind)] = run.facts["grants"] == "yes"
            answers[str(state)] = MappingProxyType(grants)
        return MappingProxyType(answers)


def _fingerprint(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256(COMPILER_ID.encode())
    for file in sorted(files):
        for part in (file, files[file]):
            data = part.encode()
            digest.update(f"\n{len(data)}\n".encode() + data)
    return digest.hexdigest()


def _line_count(lines: Sequence[Mapping[str, Value]]) -> str:
    return "several" if sum(facts["line_kind"] == "product" for facts in lines) > 1 else "one"


def _check_basket(lines: Sequence[Mapping[str, Value]], basket: Mapping[str, object] | None) -> None:
    for name, value in (basket or {}).items():
        if name != "line_count":
            raise FactsRefused([f"basket: the fact {name!r} is not known"])
        if value != _line_count(lines):
            raise FactsRefused(
                [f"basket: line_count is {value!r}, but the lines make {_line_count(lines)!r}"]
            )


def _carrying(runs: Sequence[_Run]) -> list[_Run]:
    """The lines whose config makes that of the call.

    A product line that only stands for changed quantities carries nothing itself when those have lines.
    """
    if all(run.facts["line_kind"] == "product" for run in runs):
        return list(runs)
    return [run for run in runs if run.facts["line_kind"] != "product" or run.facts["branch"] != _QUANTITIES]


def _summed(runs: Sequence[_Run], carrying: Sequence[_Run]) -> dict[str, Value]:
    """The facts of the call: what is the same on each line, and what the lines that carry it come to."""
    lines = [run.facts for run in runs]
    lead = next((facts for facts in lines if facts["line_kind"] == "product"), lines[0])["branch"]
    shared = {name: value for name, value in lines[0].items() if _is_of_call(name)}
    summed = sum_lines((run.facts for run in carrying), line_count=_line_count(lines), lead_branch=lead)
    return {**shared, **summed}


def _deciders(call: _Run, carrying: Sequence[_Run]) -> Mapping[str, Match]:
    """For each config value of the call, the rule of the first line that has the same value."""
    deciders = {name: match for match in call.trace for name in match.outcome if name in CONFIG_FIELDS}
    for name in CONFIG_FIELDS:
        for run in carrying:
            if run.facts[name] == call.facts[name]:
                deciders[name] = next(match for match in run.trace if name in match.outcome)
                break
    return MappingProxyType(deciders)


def _is_of_call(name: str) -> bool:
    return name in LINE_FACTS and LINE_FACTS[name].scope is Scope.CALL


def _config(facts: Mapping[str, Value]) -> Mapping[str, Value]:
    return MappingProxyType({name: facts[name] for name in CONFIG_FIELDS})


def _line_decision(run: _Run) -> LineDecision:
    return LineDecision(
        branch=str(run.facts["branch"]),
        config=_config(run.facts),
        direction=str(run.facts["direction"]),
        trace=tuple(run.trace),
        facts=MappingProxyType(dict(run.facts)),
    )
