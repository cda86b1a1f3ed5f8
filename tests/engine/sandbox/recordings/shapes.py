"""Where do two answers differ in shape? Keys, JSON types (null is one) and the lengths of lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.narrowing import is_hash, is_list


@dataclass(frozen=True)
class Difference:
    """One place, named from the innermost object (`charge.outcome.reason`), and what is there."""

    where: str
    how: str
    recorded: str
    ours: str

    def __str__(self) -> str:
        return f"{self.where} {self.how}: recorded {self.recorded}, ours {self.ours}"


def differences(recorded: Any, ours: Any, where: str = "") -> Iterator[Difference]:
    """Everything in which the shapes differ; `older` fields are only recorded, `newer` ones only ours."""
    kinds = kind(recorded), kind(ours)
    if kinds[0] != kinds[1]:
        yield Difference(where, "type", *kinds)
    elif is_hash(recorded):
        yield from _in_hash(recorded, ours, str(recorded.get("object", where)))
    elif is_list(recorded):
        if len(recorded) != len(ours):
            yield Difference(where, "length", str(len(recorded)), str(len(ours)))
        for one, other in zip(recorded, ours, strict=False):
            yield from differences(one, other, where)


def _in_hash(recorded: dict[str, Any], ours: dict[str, Any], where: str) -> Iterator[Difference]:
    for name, value in recorded.items():
        at = f"{where}.{name}".lstrip(".")
        if name not in ours:
            yield Difference(at, "older", kind(value), "nothing")
        else:
            yield from differences(value, ours[name], at)
    for name, value in ours.items():
        if name not in recorded:
            yield Difference(f"{where}.{name}".lstrip("."), "newer", "nothing", kind(value))


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {"dict": "hash", "list": "list", "str": "string", "int": "number", "float": "number"}
    return names.get(type(value).__name__, "null")
