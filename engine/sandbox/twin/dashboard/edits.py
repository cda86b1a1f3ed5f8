"""How is an object changed without any call? Its metadata, and raw fields for tests of drift."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.parameters import event_types
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.payments.disputes import open_dispute
from engine.sandbox.twin.values.types import Obj, as_obj, clone, public

from .actions import ActionUnclear, charge_of

_FIXED = frozenset({"id", "object"})


def found(world: World, id_: Any) -> Obj:
    """The object with this id, in whatever account; raises `ActionUnclear`."""
    obj = world.shelf.take(id_) if isinstance(id_, str) else None
    if obj is None:
        raise ActionUnclear(f"No such object: {id_}")
    return obj


def edit_metadata(world: World, given: Obj) -> Obj:
    """Merge metadata into any object; an empty value takes its key away."""
    obj = found(world, given["id"])
    before = clone(obj)
    added = as_obj(given["metadata"])
    if added is None or "metadata" not in obj:
        raise ActionUnclear(f"{obj['id']} takes `metadata` as an object, or has none.")
    merged: Obj = {**(obj["metadata"] or {}), **{name: str(value) for name, value in added.items()}}
    obj["metadata"] = {name: value for name, value in merged.items() if value}
    _tell(world, obj, before, f"{_type_of(obj)}.updated")
    return obj


def edit(world: World, given: Obj) -> Obj:
    """Set fields of an object as they are given; no event tells of it unless `event` names one."""
    obj = found(world, given["id"])
    fields = as_obj(given["fields"])
    if fields is None:
        raise ActionUnclear("`fields` of edit must be an object.")
    unknown = sorted(name for name in fields if name not in obj or name in _FIXED or name.startswith("_"))
    if unknown:
        raise ActionUnclear(f"{obj['id']} has no field that may be edited called {', '.join(unknown)}.")
    before = clone(obj)
    if "customer" in fields:
        world.shelf.own(obj, fields["customer"])
    obj.update(clone(fields))
    event = given.get("event")
    if event is not None and event not in event_types():
        raise ActionUnclear(f"Unknown type of event: {event}.")
    if event is not None:
        world.emit(event, obj, before=before)
    return obj


def dispute(world: World, given: Obj) -> Obj:
    """Have the bank dispute a charge, as its holder would make it do."""
    charge = found(world, charge_of(world, given))
    if charge["object"] != "charge" or not charge["paid"] or charge["disputed"]:
        raise ActionUnclear(f"{charge['id']} is no paid charge that may be disputed.")
    return open_dispute(world, charge, given.get("reason", "fraudulent"), inquiry=False)


def _type_of(obj: Obj) -> str:
    """How events name a kind of object."""
    kind = str(obj["object"])
    return {"subscription": "customer.subscription", "subscription_item": "customer.subscription"}.get(
        kind, kind
    )


def _tell(world: World, obj: Obj, before: Obj, event: str) -> None:
    if event in event_types() and public(before) != public(obj):
        world.emit(event, obj, before=before)
