"""What will be sent to Stripe, frozen before the first call: steps, references between them, conditions.

A step may name the result of an earlier one (`Ref`) and an outcome that it needs (`Condition`), nothing else;
so a plan is JSON, can be stored, read by a person, and continued by any process after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that an earlier step of the same plan will have answered, by step number and dotted path."""

    step: int
    path: str = "id"

    def as_json(self) -> Json:
        """The form in which a plan stores it."""
        return {"ref": self.step, "path": self.path}


@dataclass(frozen=True, slots=True)
class Condition:
    """The status that an invoice or a checkout session must have for a step to run.

    Otherwise the step is skipped, or the plan waits. When the step that would have made the object made none
    (a first invoice of nothing), what would be waited for is taken as given.
    """

    of: Ref | str
    is_: tuple[str, ...]
    otherwise: Literal["skip", "wait"]

    def as_json(self) -> Json:
        """The form in which a plan stores it."""
        return {"of": _as_json(self.of), "is": list(self.is_), "otherwise": self.otherwise}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One call to Stripe: its kind, its exact parameters, the object it addresses and when it runs.

    `tolerates` names what may go wrong without ending the plan: `declined` (the buyer can still pay) or
    `gone` (what was to be ended has ended already).
    """

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    target: Ref | str | None = None
    when: Condition | None = None
    tolerates: Literal["nothing", "declined", "gone"] = "nothing"

    def as_json(self) -> Json:
        """The form in which a plan stores it."""
        return {
            "kind": self.kind,
            "params": _as_json(self.params),
            "target": _as_json(self.target),
            "when": self.when.as_json() if self.when else None,
            "tolerates": self.tolerates,
        }


def _as_json(value: Any) -> Any:
    match value:
        case Ref():
            return value.as_json()
        case Mapping():
            return {k: _as_json(v) for k, v in cast("Mapping[str, Any]", value).items()}
        case list() | tuple():
            return [_as_json(v) for v in cast("Sequence[Any]", value)]
        case _:
            return value


def resolve(value: Any, results: Mapping[int, Json]) -> Any:
    """The stored value with every reference replaced by what the earlier step answered.

    Raises:
        KeyError: a reference names a step without an answer, or a path that its answer does not have.
    """
    if isinstance(value, dict):
        mapping = cast("Json", value)
        if set(mapping) == {"ref", "path"}:
            return look_up(results[mapping["ref"]], mapping["path"])
        return {k: resolve(v, results) for k, v in mapping.items()}
    if isinstance(value, list):
        return [resolve(item, results) for item in cast("list[object]", value)]
    return value


def look_up(answer: Json, path: str) -> Any:
    """The value at a dotted path of an answer; a number in the path is an index of a list."""
    value: Any = answer
    for part in path.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return value
