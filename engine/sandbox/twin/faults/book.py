"""Which faults are in force, and whom do they hit? Kept in order, counted, and drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, as_list, as_obj, clone

from .kinds import checked

_DRAWS = 2**64


class Book:
    """The faults in force, oldest first; each remembers how often it matched and how often it hit."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._faults: Objs = []
        self._made = 0
        world.parts["faults"] = self

    def add(self, given: Any) -> Obj:
        """A new fault in force; raises `FaultUnclear` where it cannot be understood."""
        fault = checked(given)
        self._made += 1
        made = {"id": f"fault_{self._made}", **fault, "matched": 0, "hits": 0}
        self._faults.append(made)
        self._world.changes += 1
        return dict(made)

    def shown(self) -> Objs:
        """All faults, with how often each matched and hit."""
        return [dict(fault) for fault in self._faults]

    def heal(self, id_: str | None = None) -> int:
        """Take one fault away, or all; answers how many went."""
        before = len(self._faults)
        self._faults = [fault for fault in self._faults if id_ is not None and fault["id"] != id_]
        self._world.changes += 1
        return before - len(self._faults)

    def hits(self, kind: str, matches: Callable[[Obj], bool]) -> Iterator[Obj]:
        """The faults of a kind that hit now what they match; asking counts."""
        for fault in self._faults:
            if fault["kind"] == kind and not _spent(fault) and matches(fault):
                fault["matched"] += 1
                self._world.changes += 1
                if self._strikes(fault):
                    fault["hits"] += 1
                    yield fault

    def first(self, kind: str, matches: Callable[[Obj], bool]) -> Obj | None:
        """The first fault of a kind that hits now."""
        return next(self.hits(kind, matches), None)

    def any(self) -> bool:
        """Tell whether there is any fault at all."""
        return bool(self._faults)

    def drawn(self, *about: object) -> int:
        """A number that follows from the seed and what it is about."""
        text = "/".join(str(part) for part in (self._world.seed, *about))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    def save(self) -> Obj:
        """All faults and their counts."""
        return {"made": self._made, "faults": clone(self._faults)}

    def load(self, saved: Obj) -> None:
        """Take saved faults."""
        self._made, self._faults = saved["made"], clone(saved["faults"])

    def forget(self) -> None:
        """Have no fault, and count anew."""
        self._made, self._faults = 0, []

    def _strikes(self, fault: Obj) -> bool:
        if fault["matched"] < fault.get("nth", 1):
            return False
        chance = fault.get("probability", 1)
        return bool(chance >= 1) or self.drawn(fault["id"], fault["matched"]) < chance * _DRAWS


def _spent(fault: Obj) -> bool:
    return fault["times"] is not None and fault["hits"] >= fault["times"]


def fits(pattern: str | None, value: str | None) -> bool:
    """Tell whether a value matches a pattern with `*`; no pattern matches everything."""
    return pattern is None or (value is not None and fnmatchcase(value, pattern))


def contains(value: Any, wanted: Any) -> bool:
    """Tell whether parameters hold what is wanted: hashes and lists part by part, texts as patterns."""
    if (named := as_obj(wanted)) is not None:
        held = as_obj(value)
        return held is not None and all(
            name in held and contains(held[name], each) for name, each in named.items()
        )
    if (listed := as_list(wanted)) is not None:
        each_held = as_list(value) or []
        return all(any(contains(held, each) for held in each_held) for each in listed)
    spelled = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    return isinstance(value, str) and fnmatchcase(value, spelled)
