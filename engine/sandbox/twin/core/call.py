"""What does an endpoint get? The world, the ids in the path and parameters that remember who read them.

A room of the twin that plays endpoints or happenings tells so in five tables, which `parts.py` puts together:
`ROUTES`, `DUES`, `HAPPENINGS`, `INCLUDING` and `POSTINGS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.sandbox.twin.values.params import Params, mark_read
from engine.sandbox.twin.values.types import Obj

from .agenda import Due
from .parameters import check_metadata
from .world import World


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
"""Endpoints, such as `POST /v1/customers/{id}`, and what they do."""
Dues: TypeAlias = dict[str, Callable[[World, Obj], list[Due]]]
"""Kinds of objects, and what is to come for one of them."""
Happenings: TypeAlias = dict[str, Callable[[World, Obj, int], object]]
"""Kinds of dues, and what happens to the object at that instant."""
Including: TypeAlias = dict[tuple[str, str], Callable[[World, Obj], Any]]
"""Fields that are only there when `expand` asks for them: (kind of object, field), and how they are made."""

Postings: TypeAlias = dict[str, Callable[[World, Obj], None]]
"""Types of events, and what they mean for the twin's books."""


def merge_metadata(obj: Obj, params: Obj) -> None:
    """Merge given metadata: an empty value unsets its key, an empty string unsets all."""
    given = params.get("metadata")
    mark_read(given)
    if given is None:
        return
    if given == "":
        obj["metadata"] = {}
        return
    merged: Obj = {**(obj.get("metadata") or {}), **given}
    kept: Obj = {key: str(value) for key, value in merged.items() if value != ""}
    check_metadata(kept)
    obj["metadata"] = kept


def assign(obj: Obj, params: Params, *names: str) -> None:
    """Copy parameters to fields of the same name; an empty string unsets."""
    for name in names:
        if name in params:
            value = params.whole(name)
            obj[name] = None if value == "" else value
