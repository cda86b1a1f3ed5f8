"""What is wrong with a rule file, before anything is decided by it? Findings that its author can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.compiler import RESERVED, fnv1a
from rules.errors import Position, RuleFileRefused
from rules.loader import FILES
from rules.model import OTHERWISE, Condition, Rule, Table
from rules.vocabulary import ACCESS_FACTS, LINE_FACTS, STAGES, SUMMED_FACTS, WORDS, Scope, Value

PARTS: Final = ("request", "product", "customer", "money")
"""The parts of the reject stage, in the order in which they run."""

_OF_LINES: Final = ("compare", "branch", "config")


class Severity(StrEnum):
    """Whether a finding stops the files from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where, what, and how to mend it."""

    position: Position
    code: str
    message: str
    fix: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.position} {self.code} {self.message} {self.fix}"


def lint(tables: Sequence[Table]) -> list[Finding]:
    """Every finding of these tables, in the order of the files."""
    findings = [finding for table in tables for finding in _table(table)]
    findings.extend(_duplicates(((table.name, table.position) for table in tables), "table"))
    findings.extend(_parts_in_order(tables))
    findings.extend(_not_known_yet(tables))
    findings.extend(_decided_once(tables))
    order = {file: number for number, file in enumerate(FILES)}
    return sorted(findings, key=lambda each: (order.get(each.position.file, -1), each.position))


def refuse_faults(findings: Iterable[Finding]) -> None:
    """Raises the first error, if there is one; the message counts the others."""
    errors = [each for each in findings if each.severity is Severity.ERROR]
    if errors:
        more = f" ({len(errors) - 1} more findings)" if len(errors) > 1 else ""
        first = errors[0]
        raise RuleFileRefused(first.position, f"{first.code}: {first.message}", fix=first.fix + more)


def _table(table: Table) -> Iterator[Finding]:
    yield from _head(table)
    yield from _reads(table)
    yield from _tiers(table)
    yield from _duplicates(((rule.id, rule.position) for rule in table.rules), "rule")
    yield from _duplicates(((each.id, each.position) for each in table.invariants), "invariant")
    for rule in table.rules:
        yield from _rule(table, rule)
    for invariant in table.invariants:
        for condition in invariant.never:
            yield from _condition(table, condition)


def _head(table: Table) -> Iterator[Finding]:
    stage = FILES.get(table.position.file, table.stage)
    if table.stage != stage:
        yield Finding(
            table.position,
            "wrong_stage",
            f"the table {table.name} says stage {table.stage}, but this file holds the stage {stage}.",
            f"Write stage: {stage}.",
        )
    if (table.stage == "reject") != (table.part in PARTS):
        yield Finding(
            table.position,
            "wrong_part",
            f"the table {table.name} has the part {table.part!r}.",
            f"Tables of the stage reject, and no others, have one of {', '.join(PARTS)}.",
        )
    allowed = STAGES.get(table.stage, ())
    for name, position in zip(table.decides, table.decides_positions, strict=True):
        if name not in allowed:
            yield Finding(
                position,
                "not_decided_here",
                f"the stage {table.stage} does not decide {name!r}.",
                f"It decides {', '.join(allowed) or 'nothing'}.",
            )


def _reads(table: Table) -> Iterator[Finding]:
    places = list(zip(table.reads, table.reads_positions, strict=True))
    yield from _duplicates(places, "fact")
    named = {condition.fact for rule in table.rules for condition in rule.when}
    named |= {condition.fact for invariant in table.invariants for condition in invariant.never}
    hashes: dict[int, str] = {fnv1a(name): name for name in RESERVED}
    for name, position in places:
        if name not in WORDS:
            yield Finding(
                position, "unknown_fact", f"there is no fact {name!r}.", f"Did you mean {_nearest(name)}?"
            )
        elif name not in named:
            yield Finding(position, "unused_fact", f"no rule looks at {name!r}.", "Take it out of `reads`.")
        if hashes.setdefault(fnv1a(name), name) != name:
            yield Finding(
                position,
                "name_collision",
                f"durable-rules cannot tell {name!r} from {hashes[fnv1a(name)]!r}.",
                "Rename one of the two words.",
            )


def _tiers(table: Table) -> Iterator[Finding]:
    used = Counter(rule.tier for rule in table.rules)
    yield from _duplicates(((tier, table.position) for tier in table.tiers), "tier")
    for tier in table.tiers:
        if not used[tier]:
            yield Finding(table.position, "empty_tier", f"no rule is in the tier {tier}.", "Take it out.")
    if OTHERWISE in table.tiers and table.tiers[-1] != OTHERWISE:
        yield Finding(
            table.position,
            "otherwise_not_last",
            "the tier `otherwise` is not the last one.",
            "Move it there.",
        )
    if used[OTHERWISE] > 1:
        yield Finding(
            table.position, "two_defaults", "the tier `otherwise` holds several rules.", "Keep one of them."
        )


def _rule(table: Table, rule: Rule) -> Iterator[Finding]:
    if rule.tier not in table.tiers:
        yield Finding(
            rule.position,
            "unknown_tier",
            f"the rule {rule.id} is in the tier {rule.tier}, which the table does not have.",
            f"Use one of {', '.join(table.tiers)}.",
        )
    if (rule.tier == OTHERWISE) == bool(rule.when):
        yield Finding(
            rule.position,
            "empty_when",
            f"the rule {rule.id} has {'conditions' if rule.when else 'no conditions'}.",
            "Only the rule of the tier `otherwise` answers without conditions, and it has none.",
        )
    if not rule.because:
        yield Finding(
            rule.position,
            "missing_because",
            f"the rule {rule.id} does not say why.",
            "Add a sentence that a support person can send to a customer.",
        )
    for condition in rule.when:
        yield from _condition(table, condition)
    yield from _then(table, rule)


def _then(table: Table, rule: Rule) -> Iterator[Finding]:
    given = {outcome.name for outcome in rule.then}
    for outcome in rule.then:
        if outcome.name not in table.decides:
            yield Finding(
                outcome.position,
                "unknown_outcome",
                f"the table {table.name} does not decide {outcome.name!r}.",
                f"It decides {', '.join(table.decides)}.",
            )
        else:
            yield from _value(outcome.name, outcome.value, outcome.value_position)
    for name in table.decides:
        if name not in given:
            yield Finding(
                rule.position, "missing_outcome", f"the rule {rule.id} does not answer {name!r}.", "Add it."
            )


def _condition(table: Table, condition: Condition) -> Iterator[Finding]:
    if condition.fact not in table.reads:
        yield Finding(
            condition.position,
            "fact_not_read",
            f"the table {table.name} does not read {condition.fact!r}.",
            f"Add it to `reads`, or use {_nearest(condition.fact, table.reads)}.",
        )
        return
    for value, position in zip(condition.values, condition.value_positions, strict=True):
        yield from _value(condition.fact, value, position)
    repeated = [value for value, times in Counter(condition.values).items() if times > 1]
    if repeated:
        yield Finding(
            condition.position,
            "repeated_value",
            f"{condition.fact} names {_shown(repeated[0])} twice.",
            "Name each value once.",
        )
    word = WORDS.get(condition.fact)
    if word is not None and set(condition.values) == set(word.values):
        yield Finding(
            condition.position,
            "condition_always_true",
            f"every value of {condition.fact} is named, so this is no condition.",
            "Take it out.",
            Severity.WARNING,
        )


def _value(name: str, value: Value, position: Position) -> Iterator[Finding]:
    word = WORDS.get(name)
    if word is not None and not word.holds(value):
        yield Finding(
            position,
            "value_outside_domain",
            f"{name} cannot be {_shown(value)}.",
            f"It is one of {', '.join(_shown(each) for each in word.values)}.",
        )


def _duplicates(places: Iterable[tuple[str, Position]], kind: str) -> Iterator[Finding]:
    seen: dict[str, Position] = {}
    for name, position in places:
        if name in seen:
            yield Finding(
                position,
                f"duplicate_{kind}",
                f"the {kind} {name!r} was given before, at {seen[name]}.",
                "Rename or remove one.",
            )
        seen.setdefault(name, position)


def _parts_in_order(tables: Sequence[Table]) -> Iterator[Finding]:
    highest = 0
    for table in tables:
        if table.part in PARTS:
            rank = PARTS.index(table.part)
            if rank < highest:
                yield Finding(
                    table.position,
                    "parts_out_of_order",
                    f"the part {table.part} comes after the part {PARTS[highest]}.",
                    f"Keep the order {', '.join(PARTS)}.",
                )
            highest = max(highest, rank)


def run_order(tables: Sequence[Table]) -> list[Table]:
    """The tables in the order in which a request meets them."""

    def rank(table: Table) -> int:
        stages = list(STAGES)
        late = table.stage == "reject" and table.part == "money"
        return 2 * stages.index("combine") + 1 if late else 2 * stages.index(table.stage)

    return sorted((table for table in tables if table.stage in STAGES), key=rank)


def _not_known_yet(tables: Sequence[Table]) -> Iterator[Finding]:
    of_lines = set(LINE_FACTS)
    of_calls = {name for name, word in LINE_FACTS.items() if word.scope is Scope.CALL} | set(SUMMED_FACTS)
    known: set[str]
    for table in run_order(tables):
        if table.stage == "access":
            known = set(ACCESS_FACTS)
        elif table.stage in _OF_LINES or (table.stage == "reject" and table.part != "money"):
            known = of_lines
        else:
            known = of_calls
        for name, position in zip(table.reads, table.reads_positions, strict=True):
            if name in WORDS and name not in known:
                yield Finding(
                    position,
                    "not_known_yet",
                    f"{name!r} is not known when the table {table.name} runs.",
                    "Read something that the engine says, or that an earlier table decides.",
                )
        known.update(table.decides)


def _decided_once(tables: Sequence[Table]) -> Iterator[Finding]:
    for stage, outcomes in STAGES.items():
        for name in outcomes:
            deciding = [table for table in tables if table.stage == stage and name in table.decides]
            file = next((each for each, held in FILES.items() if held == stage), stage)
            if not deciding:
                yield Finding(
                    Position(file, 1, 1), "nobody_decides", f"no table decides {name!r}.", "Add a table."
                )
            elif len(deciding) > 1 and stage != "reject":
                yield Finding(
                    deciding[1].position,
                    "decided_twice",
                    f"{name!r} is decided by the table {deciding[0].name} already.",
                    "Keep one of the two tables.",
                )


def _nearest(name: str, among: Iterable[str] = ()) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only needed when something is wrong

    close = get_close_matches(name, list(among) or list(WORDS), n=1, cutoff=0.0)
    return repr(close[0]) if close else "a word of the vocabulary"


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value
