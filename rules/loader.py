"""How does a YAML file become tables? Key by key, each with its place; unknown keys are refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rules import source
from rules.errors import Position, RuleFileRefused
from rules.model import Condition, Invariant, Outcome, Rule, Table
from rules.source import Node, Scalar, read_source

FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "attach/compare.yaml": "compare",
        "attach/reject.yaml": "reject",
        "attach/branch.yaml": "branch",
        "attach/config.yaml": "config",
        "attach/combine.yaml": "combine",
        "attach/function.yaml": "function",
        "lifecycle/access.yaml": "access",
    }
)
"""The rule files and the stage that each one holds."""

SHIPPED: Final = Path(__file__).parent
"""The folder of the rules that come with the program."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TABLE_KEYS: Final = ("name", "stage", "part", "sentence", "reads", "decides", "tiers", "invariants", "rules")
_TABLE_OPTIONAL: Final = frozenset({"part", "invariants"})
_RULE_KEYS: Final = ("id", "tier", "when", "then", "because")
_INVARIANT_KEYS: Final = ("id", "sentence", "never")


def read_files(directory: Path | None = None) -> dict[str, str]:
    """The text of every rule file of a folder, by its path in the folder; a missing one is refused."""
    folder = SHIPPED if directory is None else directory
    return {file: read_text(folder, file) for file in FILES}


def read_text(folder: Path, file: str) -> str:
    """The text of one file, which must exist and be UTF-8."""
    try:
        return (folder / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileRefused(
            Position(file, 1, 1), f"the file cannot be read: {error}.", fix="Put it there as UTF-8 text."
        ) from error


def parse_tables(files: Mapping[str, str]) -> tuple[Table, ...]:
    """The tables of all files, in the order of the stages and then as written."""
    tables: list[Table] = []
    for file in FILES:
        if file not in files:
            raise RuleFileRefused(Position(file, 1, 1), "the file is missing.", fix="Add it.")
        tables.extend(parse_file(file, files[file]))
    return tuple(tables)


def parse_file(file: str, text: str) -> tuple[Table, ...]:
    """The tables of one file."""
    top = keys_of(read_source(file, text), ("tables",))
    return tuple(_table(node) for node in items_of(top["tables"]))


def keys_of(node: Node, allowed: tuple[str, ...], optional: Collection[str] = ()) -> dict[str, Node]:
    """What a mapping holds under each key; a key that is not allowed, or missing, is refused."""
    if not isinstance(node, source.Mapping):
        raise RuleFileRefused(
            node.position, "something with keys is expected here.", fix=f"Write {', '.join(allowed)}."
        )
    found: dict[str, Node] = {}
    for key, value in node.entries:
        if key.text not in allowed:
            raise RuleFileRefused(
                key.position,
                f"the key {key.text!r} is not known here.",
                fix=f"Use one of {', '.join(allowed)}.",
            )
        found[key.text] = value
    for name in allowed:
        if name not in found and name not in optional:
            raise RuleFileRefused(node.position, f"the key {name!r} is missing here.", fix="Add it.")
    return found


def items_of(node: Node) -> tuple[Node, ...]:
    """The items of a list."""
    if not isinstance(node, source.Sequence):
        raise RuleFileRefused(node.position, "a list is expected here.", fix="Write it as a list.")
    return node.items


def scalar_of(node: Node) -> Scalar:
    """A single value."""
    if not isinstance(node, Scalar):
        raise RuleFileRefused(node.position, "a single value is expected here.", fix="Write one value.")
    return node


def text_of(node: Node) -> str:
    """A sentence or a name, as text."""
    scalar = scalar_of(node)
    if isinstance(scalar.value, bool):
        raise RuleFileRefused(scalar.position, "a text is expected here.", fix="Write a word or a sentence.")
    return " ".join(scalar.text.split())


def name_of(node: Node) -> str:
    """A name: small letters, digits and underscores."""
    text = text_of(node)
    if not _NAME.fullmatch(text):
        raise RuleFileRefused(
            node.position,
            f"{text!r} is not a name.",
            fix="Use small letters, digits and _, beginning with a letter.",
        )
    return text


def _table(node: Node) -> Table:
    keys = keys_of(node, _TABLE_KEYS, _TABLE_OPTIONAL)
    reads, decides = _names(keys["reads"]), _names(keys["decides"])
    return Table(
        name=name_of(keys["name"]),
        stage=name_of(keys["stage"]),
        part=name_of(keys["part"]) if "part" in keys else "",
        sentence=text_of(keys["sentence"]),
        reads=tuple(name for name, _ in reads),
        reads_positions=tuple(position for _, position in reads),
        decides=tuple(name for name, _ in decides),
        decides_positions=tuple(position for _, position in decides),
        tiers=tuple(name for name, _ in _names(keys["tiers"])),
        invariants=tuple(_invariant(each) for each in items_of(keys["invariants"]))
        if "invariants" in keys
        else (),
        rules=tuple(_rule(each) for each in items_of(keys["rules"])),
        position=node.position,
    )


def _names(node: Node) -> list[tuple[str, Position]]:
    nodes = items_of(node) if isinstance(node, source.Sequence) else (node,)
    return [(name_of(each), each.position) for each in nodes]


def _rule(node: Node) -> Rule:
    keys = keys_of(node, _RULE_KEYS, {"when", "because"})
    then = keys["then"]
    if not isinstance(then, source.Mapping):
        raise RuleFileRefused(
            then.position, "`then` says which outcome gets which value.", fix="Write then: {outcome: value}."
        )
    return Rule(
        id=name_of(keys["id"]),
        tier=name_of(keys["tier"]),
        when=_conditions(keys["when"]) if "when" in keys else (),
        then=tuple(_outcome(key, value) for key, value in then.entries),
        because=text_of(keys["because"]) if "because" in keys else "",
        position=node.position,
    )


def _outcome(key: Scalar, node: Node) -> Outcome:
    value = scalar_of(node)
    return Outcome(name_of(key), value.value, key.position, value.position)


def _invariant(node: Node) -> Invariant:
    keys = keys_of(node, _INVARIANT_KEYS)
    return Invariant(
        id=name_of(keys["id"]),
        sentence=text_of(keys["sentence"]),
        never=_conditions(keys["never"]),
        position=node.position,
    )


def _conditions(node: Node) -> tuple[Condition, ...]:
    if not isinstance(node, source.Mapping) or not node.entries:
        raise RuleFileRefused(
            node.position,
            "conditions are facts with their values, and at least one.",
            fix="Write {fact: value} or {fact: [value, value]}; a rule for all other cases goes into the tier"
            " `otherwise` and has no `when`.",
        )
    return tuple(_condition(key, value) for key, value in node.entries)


def _condition(key: Scalar, node: Node) -> Condition:
    nodes = node.items if isinstance(node, source.Sequence) else (node,)
    if not nodes:
        raise RuleFileRefused(node.position, f"{key.text!r} has no value.", fix="Name at least one.")
    scalars = [scalar_of(each) for each in nodes]
    return Condition(
        fact=name_of(key),
        values=tuple(each.value for each in scalars),
        position=key.position,
        value_positions=tuple(each.position for each in scalars),
    )
