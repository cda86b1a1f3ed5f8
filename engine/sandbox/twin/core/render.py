"""What does the client see? Objects without the twin's own fields, lists in pages, `expand` followed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, as_list, as_obj, public

from .call import Including
from .errors import StripeError, exclusive, invalid, no_such
from .world import World

_ENUMERATED = re.compile(r"[a-z_]+")
# Plain values that an endpoint adds where they are asked for.
_ASKED = frozenset({"total_count"})
_MOST = 100
_USUAL = 10
_DEEPEST = 4


def listing(url: str, objects: Iterable[Obj]) -> Obj:
    """A list inside an object."""
    return {"object": "list", "data": list(objects), "has_more": False, "url": url}


def page(url: str, params: Params, found: Objs, *, newest_first: bool = True) -> Obj:
    """One page of a list endpoint: newest first, with the cursors of Stripe."""
    limit = params.get("limit", _USUAL)
    if not 1 <= limit <= _MOST:
        bound = f"less than or equal to {_MOST}" if limit > _MOST else "greater than or equal to 1"
        text = f"This value must be {bound} (it currently is '{limit}')."
        raise invalid(text, param="limit", code="parameter_invalid_integer")
    after, until = params.get("starting_after"), params.get("ending_before")
    if after and until:
        raise exclusive("starting_after", "ending_before")
    created = params.whole("created")
    found = [obj for obj in found if fits_range(obj.get("created", 0), created)]
    if newest_first:
        found = list(reversed(found))
    if after:
        rest = found[_position(found, after, "starting_after") + 1 :]
        data, more = rest[:limit], len(rest) > limit
    elif until:
        rest = found[: _position(found, until, "ending_before")]
        data, more = rest[-limit:], len(rest) > limit
    else:
        data, more = found[:limit], len(found) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _position(found: Objs, id_: str, param: str) -> int:
    for index, obj in enumerate(found):
        if obj["id"] == id_:
            return index
    raise no_such("object", id_, param=param, status=400)


def fits_range(at: int | None, wanted: Any) -> bool:
    """Whether an instant is the one that is asked for, or lies in the range; none never does."""
    if wanted is None or at is None or isinstance(wanted, int):
        return wanted is None or wanted == at
    limits = cast("dict[str, int]", wanted)
    return (
        at > limits.get("gt", at - 1)
        and at >= limits.get("gte", at)
        and at < limits.get("lt", at + 1)
        and at <= limits.get("lte", at)
    )


def render(world: World, obj: Obj, expand: list[str], including: Including) -> Obj:
    """The answer of an endpoint, with the paths of `expand` replaced by whole objects."""
    shown = cast("Obj", public(obj))
    for path in expand:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > _DEEPEST:
            raise invalid(
                f"You cannot expand more than {_DEEPEST} levels of a property. Property: {path}",
                param="expand[]",
            )
        _expand(world, shown, parts, path, including)
    return shown


def _expand(world: World, node: Any, parts: list[str], path: str, including: Including) -> None:
    for item in as_list(node) or ():
        _expand(world, item, parts, path, including)
    holder = as_obj(node)
    if holder is None or not parts:
        return
    name, rest = parts[0], parts[1:]
    include = including.get((str(holder.get("object")), name))
    if include is not None and not isinstance(holder.get(name), (dict, list)):
        whole = world.shelf.peek(holder["id"]) if "id" in holder else None
        holder[name] = public(include(world, whole if whole is not None else holder))
    elif name not in holder:
        if holder.get("deleted") or name == "data":
            return
        raise _fixed(path)
    elif not rest and name not in _ASKED and _names_nothing(world, holder[name]):
        raise _fixed(path)
    holder[name] = _whole(world, holder[name])
    _expand(world, holder[name], rest, path, including)


def _fixed(path: str) -> StripeError:
    return invalid(f"This property cannot be expanded ({path}).", param="expand[]")


def _names_nothing(world: World, value: Any) -> bool:
    """Tell whether a value names no object: a number, or a word; ids of one's own may be anything else."""
    if isinstance(value, str):
        return _ENUMERATED.fullmatch(value) is not None and world.shelf.peek(value) is None
    return isinstance(value, (int, float))


def _whole(world: World, value: Any) -> Any:
    """An id as its object; a list of ids as their objects."""
    if (listed := as_list(value)) is not None:
        return [_whole(world, item) for item in listed]
    if isinstance(value, str):
        found = world.shelf.peek(value)
        return value if found is None else public(found)
    return value
