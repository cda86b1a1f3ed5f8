"""What does an endpoint get? The world, the ids in the path and parameters that remember who read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from .types import Obj, as_list, as_obj, inside
from .world import World

# Parameters that change nothing the twin plays: taken and forgotten, as Stripe's effect is elsewhere.
_WITHOUT_EFFECT = {"expand", "automatic_tax", "payment_settings", "statement_descriptor", "preferred_locales"}

_NOT_PLAYED = {
    "tax_rates",
    "tax_amounts",
    "default_tax_rates",
    "billing_thresholds",
    "current_trial",
    "transfer_data",
}


class Params(dict[str, Any]):
    """Parameters of one call; a top-level one that nobody read is something the twin does not play."""

    def __init__(self, values: Obj) -> None:
        super().__init__(values)
        self._read: set[str] = set(_WITHOUT_EFFECT)

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or the default where it was not given."""
        self._read.add(name)
        return super().get(name, default)

    def ignore(self, *names: str) -> None:
        """Take these without any effect."""
        self._read.update(names)

    def unread(self) -> list[str]:
        """The names that were given and never looked at, and those that only seem to have been."""
        dropped = [name for name in self if name not in self._read]
        return [*dropped, *_unplayed(dict(self), "")]


def _unplayed(value: Any, where: str) -> list[str]:
    """Parameters anywhere inside that Stripe acts on and the twin does not."""
    found: list[str] = []
    for name, item in (as_obj(value) or {}).items():
        path = f"{where}[{name}]" if where else name
        taxes = name == "automatic_tax" and inside(item).get("enabled") is True
        if taxes or (name in _NOT_PLAYED and item):
            found.append(path)
        found += _unplayed(item, path)
    for index, item in enumerate(as_list(value) or []):
        found += _unplayed(item, f"{where}[{index}]")
    return found


@dataclass(slots=True)
class Call:
    """One request that passed the parameter check."""

    world: World
    path: dict[str, str]
    params: Params

    @property
    def id(self) -> str:
        """The id of the object that the path addresses."""
        return self.path["id"]


Handler: TypeAlias = Callable[[Call], Obj]
Routes: TypeAlias = dict[str, Handler]


def merge_metadata(obj: Obj, params: Obj) -> None:
    """Merge given metadata: an empty value unsets its key, an empty string unsets all."""
    given = params.get("metadata")
    if given is None:
        return
    if given == "":
        obj["metadata"] = {}
        return
    merged: Obj = {**(obj.get("metadata") or {}), **given}
    obj["metadata"] = {key: str(value) for key, value in merged.items() if value != ""}


def assign(obj: Obj, params: Params, *names: str) -> None:
    """Copy parameters to fields of the same name; an empty string unsets."""
    for name in names:
        if name in params:
            value = params[name]
            obj[name] = None if value == "" else value
