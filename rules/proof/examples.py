"""Do the rules say what their examples say? Stories beside the rules, each naming the rules that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rules import source
from rules.errors import FactsRefused, Position, RuleError, RuleFileRefused
from rules.lint import Finding, Severity
from rules.loader import SHIPPED, items_of, keys_of, name_of, read_text, scalar_of, text_of
from rules.ruleset import Match, Refusal, RuleSet
from rules.source import Node, read_source
from rules.vocabulary import check_facts
from rules.words.word import Value

FILE: Final = "attach/examples.yaml"
_KEYS: Final = ("id", "sentence", "facts", "lines", "expect", "shows")
_ACCESS_KEYS: Final = ("id", "product_state", "feature_type", "grants", "shows")


@dataclass(frozen=True, slots=True)
class Example:
    """A request as facts, what must come out, and the rules that must have answered."""

    id: str
    sentence: str
    lines: tuple[Mapping[str, Value], ...]
    expect: Mapping[str, Value]
    shows: tuple[str, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class AccessExample:
    """A product in a state, a type of feature, and whether it is given."""

    id: str
    product_state: str
    feature_type: str
    grants: str
    shows: tuple[str, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Examples:
    """Every example of a folder, with the facts of a plain request."""

    plain: Mapping[str, Value]
    attach: tuple[Example, ...]
    access: tuple[AccessExample, ...]


def load_examples(directory: Path | None = None) -> Examples:
    """The examples of a folder of rules, or of the shipped one; a fault names file, line and column."""
    return parse_examples(read_text(SHIPPED if directory is None else directory, FILE))


def parse_examples(text: str) -> Examples:
    """The examples of one text."""
    top = keys_of(read_source(FILE, text), ("plain", "examples", "access"))
    plain = _facts(top["plain"])
    try:
        check_facts(plain, label="plain")
    except FactsRefused as error:
        raise RuleFileRefused(top["plain"].position, f"{error}.", fix="List every fact once.") from error
    return Examples(
        plain=plain,
        attach=tuple(_example(node, plain) for node in items_of(top["examples"])),
        access=tuple(_access(node) for node in items_of(top["access"])),
    )


def check_examples(ruleset: RuleSet, examples: Examples) -> list[Finding]:
    """What differs from the examples (errors), and rules that no example shows (warnings)."""
    findings: list[Finding] = []
    for example in examples.attach:
        findings.extend(_attach_findings(ruleset, example))
    for each in examples.access:
        findings.extend(_access_findings(ruleset, each))
    findings.extend(_not_shown(ruleset, examples))
    return findings


def _attach_findings(ruleset: RuleSet, example: Example) -> Iterator[Finding]:
    try:
        decided = ruleset.decide(example.lines)
    except RuleError as error:
        yield _wrong(example.id, example.position, f"the rules give no answer: {error}")
        return
    if isinstance(decided, Refusal):
        actual: dict[str, Value] = {"refusal": decided.code}
        trace = [*(match for line in decided.lines for match in line), *decided.trace]
    else:
        actual = {"branch": decided.branch, "function": decided.function, **decided.config}
        trace = [*(match for line in decided.lines for match in line.trace), *decided.trace]
    for name, value in example.expect.items():
        if actual.get(name) != value:
            said = actual.get(name, f"refused with {actual.get('refusal')}")
            yield _wrong(example.id, example.position, f"{name} should be {value}, the rules say {said}")
    answered = {_named(match) for match in trace}
    for name in example.shows:
        if name not in answered:
            yield _wrong(example.id, example.position, f"the rule {name} did not answer")


def _access_findings(ruleset: RuleSet, example: AccessExample) -> Iterator[Finding]:
    facts: dict[str, Value] = {
        "product_state": example.product_state,
        "feature_type": example.feature_type,
    }
    match = ruleset.compiled("access").decide(facts)
    if match.outcome["grants"] != example.grants:
        yield _wrong(example.id, example.position, f"grants should be {example.grants}")
    if (_named(match),) != example.shows:
        yield _wrong(example.id, example.position, f"the rule {_named(match)} answered")


def _not_shown(ruleset: RuleSet, examples: Examples) -> Iterator[Finding]:
    shown = {name for example in examples.attach for name in example.shows}
    shown |= {name for example in examples.access for name in example.shows}
    for table in ruleset.tables:
        for rule in table.rules:
            if f"{table.name}.{rule.id}" not in shown:
                yield Finding(
                    rule.position,
                    "no_example",
                    f"no example shows the rule {table.name}.{rule.id}.",
                    f"Add one to {FILE} that names it under `shows`.",
                    Severity.WARNING,
                )


def _wrong(name: str, position: Position, problem: str) -> Finding:
    return Finding(
        position,
        "example_differs",
        f"example {name}: {problem}.",
        "Correct the rule, or the example when the policy changed.",
    )


def _named(match: Match) -> str:
    return f"{match.table}.{match.rule_id}"


def _example(node: Node, plain: Mapping[str, Value]) -> Example:
    keys = keys_of(node, _KEYS, {"facts", "lines"})
    if ("facts" in keys) == ("lines" in keys):
        raise RuleFileRefused(
            node.position, "an example has either `facts` or `lines`.", fix="Write one of the two."
        )
    given = items_of(keys["lines"]) if "lines" in keys else (keys["facts"],)
    return Example(
        id=name_of(keys["id"]),
        sentence=text_of(keys["sentence"]),
        lines=tuple(_line(each, plain) for each in given),
        expect=_facts(keys["expect"]),
        shows=_shows(keys["shows"]),
        position=node.position,
    )


def _line(node: Node, plain: Mapping[str, Value]) -> Mapping[str, Value]:
    facts = {**plain, **_facts(node)}
    try:
        check_facts(facts, label="example")
    except FactsRefused as error:
        raise RuleFileRefused(node.position, f"{error}.", fix="Use the words of the vocabulary.") from error
    return MappingProxyType(facts)


def _access(node: Node) -> AccessExample:
    keys = keys_of(node, _ACCESS_KEYS)
    return AccessExample(
        id=name_of(keys["id"]),
        product_state=text_of(keys["product_state"]),
        feature_type=text_of(keys["feature_type"]),
        grants=text_of(keys["grants"]),
        shows=_shows(keys["shows"]),
        position=node.position,
    )


def _facts(node: Node) -> Mapping[str, Value]:
    if not isinstance(node, source.Mapping):
        raise RuleFileRefused(node.position, "facts are names with values.", fix="Write {fact: value}.")
    return MappingProxyType({key.text: scalar_of(value).value for key, value in node.entries})


def _shows(node: Node) -> tuple[str, ...]:
    return tuple(text_of(each) for each in items_of(node))


def unshown(findings: Iterable[Finding]) -> Sequence[Finding]:
    """The warnings about rules that no example shows."""
    return [each for each in findings if each.code == "no_example"]
