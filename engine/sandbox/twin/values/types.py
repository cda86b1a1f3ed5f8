"""The two shapes that pass through the twin: Stripe's JSON objects and lists of them."""

from __future__ import annotations

from collections.abc import Callable, ItemsView
from typing import Any, TypeAlias, cast

Obj: TypeAlias = dict[str, Any]
Objs: TypeAlias = list[dict[str, Any]]


# Also of a hash that has ways of its own to be walked.
_items: Callable[[Obj], ItemsView[str, Any]] = dict[str, Any].items


def as_obj(value: Any) -> Obj | None:
    """The value as a hash, or nothing."""
    return cast("Obj", value) if isinstance(value, dict) else None


def as_list(value: Any) -> list[Any] | None:
    """The value as a list, or nothing."""
    return [*value] if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType] -- JSON


def inside(value: Any, *names: str) -> Obj:
    """The hash that lies under these names; an empty one where there is none."""
    found = as_obj(value)
    for name in names:
        found = as_obj((found or {}).get(name))
    return found if found is not None else {}


def texts(given: Any) -> dict[str, str]:
    """Metadata as Stripe keeps it: text without empty values."""
    return {key: str(value) for key, value in (as_obj(given) or {}).items() if value != ""}


def clone(value: Any) -> Any:
    """A deep copy of a JSON value."""
    # The twin copies more than it does anything else: a leaf costs no call.
    if isinstance(value, dict):
        # Copying is not reading: parameters go on asking who looked at them.
        named = _items(cast("Obj", value))
        return {key: clone(item) if isinstance(item, (dict, list)) else item for key, item in named}
    if isinstance(value, list):
        return [
            clone(item) if isinstance(item, (dict, list)) else item
            for item in value  # pyright: ignore[reportUnknownVariableType] -- JSON
        ]
    return value


def public(value: Any) -> Any:
    """A deep copy as Stripe shows it: names that begin with an underscore are the twin's own."""
    if isinstance(value, dict):
        named = cast("Obj", value).items()
        return {
            key: public(item) if isinstance(item, (dict, list)) else item
            for key, item in named
            if key[:1] != "_"
        }
    if isinstance(value, list):
        return [
            public(item) if isinstance(item, (dict, list)) else item
            for item in value  # pyright: ignore[reportUnknownVariableType] -- JSON
        ]
    return value
