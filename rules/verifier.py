"""Do the rules give exactly one answer to every customer there can be? A proof, table by table.

Every valid combination of the facts that a table reads is put to both evaluators. A gap, an overlap, a rule
that never answers, an outcome that nothing leads to, and a difference between the evaluators are faults, each
with a customer in words where there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Final

from rules.errors import Position, RuleError
from rules.lint import run_order
from rules.model import Table
from rules.proof.space import Space, describe
from rules.ruleset import CompiledTable, RuleSet
from rules.vocabulary import STAGES, WORDS
from rules.words.word import Value

MAX_COMBINATIONS: Final = 1_000_000


class Kind(StrEnum):
    """What a proof can find."""

    GAP = "gap"
    OVERLAP = "overlap"
    DEAD_RULE = "dead_rule"
    UNREACHABLE_OUTCOME = "unreachable_outcome"
    EVALUATORS_DIFFER = "evaluators_differ"
    TOO_MANY_COMBINATIONS = "too_many_combinations"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not proved: where, what, and for which customer."""

    kind: Kind
    table: str
    position: Position
    message: str
    fix: str
    times: int = 1
    customer: str = ""
    facts: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """How many combinations an invariant took out."""

    invariant: str
    sentence: str
    combinations: int


@dataclass(frozen=True, slots=True)
class TableProof:
    """What was proved about one table."""

    name: str
    stage: str
    position: Position
    rules: int
    raw: int
    valid: int
    removed: tuple[Removed, ...]
    seconds: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The proof of a rule set; it holds when there is no fault."""

    rule_set_hash: str
    tables: tuple[TableProof, ...]
    outcome_faults: tuple[Fault, ...]
    seconds: float

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every fault of every table."""
        return (*(fault for table in self.tables for fault in table.faults), *self.outcome_faults)

    @property
    def holds(self) -> bool:
        """True when every combination has exactly one answer, agreed on by both evaluators."""
        return not self.faults


def verify(ruleset: RuleSet, *, only: Collection[str] = ()) -> Report:
    """The proof of every table of a rule set, or of some of them, by name."""
    began = perf_counter()
    reached: dict[str, set[Value]] = {}
    chosen = [table for table in run_order(ruleset.tables) if not only or table.name in only]
    proofs = [_prove(ruleset.compiled(table.name), reached) for table in chosen]
    whole = [
        table
        for table in chosen
        if all(other in chosen or table.decides != other.decides for other in ruleset.tables)
    ]
    unreachable = tuple(_unreachable(whole, reached))
    return Report(ruleset.hash, tuple(proofs), unreachable, perf_counter() - began)


class _Faults:
    """Collects the first case of each fault of a table, and how often it came."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._found: dict[tuple[Kind, str], Fault] = {}
        self._times: dict[tuple[Kind, str], int] = {}

    def add(
        self,
        kind: Kind,
        message: str,
        fix: str,
        *,
        position: Position | None = None,
        facts: Mapping[str, Value] | None = None,
    ) -> None:
        key = (kind, message)
        self._times[key] = self._times.get(key, 0) + 1
        if key not in self._found:
            seen = None if facts is None else {name: facts[name] for name in self._table.reads}
            self._found[key] = Fault(
                kind=kind,
                table=self._table.name,
                position=position or self._table.position,
                message=message,
                fix=fix,
                customer=describe(seen) if seen else "",
                facts=seen,
            )

    def all(self) -> tuple[Fault, ...]:
        return tuple(
            Fault(
                fault.kind,
                fault.table,
                fault.position,
                fault.message,
                fault.fix,
                self._times[key],
                fault.customer,
                fault.facts,
            )
            for key, fault in self._found.items()
        )


def _prove(compiled: CompiledTable, reached: dict[str, set[Value]]) -> TableProof:
    began = perf_counter()
    table, space, faults = compiled.table, Space(compiled.table), _Faults(compiled.table)
    answered: set[int] = set()
    valid = 0
    for facts in space.walk():
        valid += 1
        if valid > MAX_COMBINATIONS:
            faults.add(
                Kind.TOO_MANY_COMBINATIONS,
                f"the table has more than {MAX_COMBINATIONS} valid combinations",
                "Read fewer facts, or split the table.",
            )
            break
        _check(compiled, facts, answered, faults)
    else:
        _dead_rules(compiled, answered, faults)
    for number in answered:
        for name, value in compiled.ordered[number].outcome.items():
            reached.setdefault(name, set()).add(value)
    return TableProof(
        name=table.name,
        stage=table.stage,
        position=table.position,
        rules=len(table.rules),
        raw=space.raw,
        valid=valid,
        removed=tuple(Removed(each.id, each.sentence, space.removed[each.id]) for each in table.invariants),
        seconds=perf_counter() - began,
        faults=faults.all(),
    )


def _check(compiled: CompiledTable, facts: Mapping[str, Value], answered: set[int], faults: _Faults) -> None:
    matches = compiled.reference.matches(facts)
    _compare(compiled, facts, matches, faults)
    if not matches:
        faults.add(Kind.GAP, "no rule answers", "Add a rule for this case, or an invariant.", facts=facts)
        return
    ordered = compiled.ordered
    tier = ordered[matches[0]].tier
    rivals = [number for number in matches if ordered[number].tier == tier]
    answered.update(rivals)
    if len(rivals) > 1:
        names = " and ".join(ordered[number].id for number in rivals)
        faults.add(
            Kind.OVERLAP,
            f"the rules {names} of the tier {tier} both answer",
            "Narrow one of them, or move it to another tier.",
            position=ordered[rivals[1]].position,
            facts=facts,
        )


def _compare(
    compiled: CompiledTable, facts: Mapping[str, Value], matches: list[int], faults: _Faults
) -> None:
    try:
        fired = compiled.durable.matches(facts)
    except RuleError as error:
        faults.add(
            Kind.EVALUATORS_DIFFER, f"durable-rules failed: {error}", "Tell the engineers.", facts=facts
        )
        return
    if fired != matches:
        faults.add(
            Kind.EVALUATORS_DIFFER,
            "durable-rules and the reference evaluator match different rules",
            "Tell the engineers; nothing may be decided by this table.",
            facts=facts,
        )


def _dead_rules(compiled: CompiledTable, answered: set[int], faults: _Faults) -> None:
    for number, rule in enumerate(compiled.ordered):
        if number not in answered:
            faults.add(
                Kind.DEAD_RULE,
                f"the rule {rule.id} never answers",
                "Earlier tiers or invariants leave it nothing: remove it, or move it up.",
                position=rule.position,
            )


def _unreachable(tables: Sequence[Table], reached: Mapping[str, set[Value]]) -> Iterable[Fault]:
    for name in dict.fromkeys(name for outcomes in STAGES.values() for name in outcomes):
        deciding = next((table for table in tables if name in table.decides), None)
        for value in WORDS[name].values:
            if deciding is not None and value not in reached.get(name, ()):
                yield Fault(
                    Kind.UNREACHABLE_OUTCOME,
                    deciding.name,
                    deciding.position,
                    f"nothing leads to {name} {str(value).lower() if isinstance(value, bool) else value}",
                    "Add a rule that answers it, or take it out of the vocabulary.",
                )


def render(report: Report) -> str:
    """The report as text for a terminal."""
    from rules.proof.render import render_report  # noqa: PLC0415 - the picture needs the types above

    return render_report(report)
