"""The two shapes that pass through the twin: Stripe's JSON objects and lists of them."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

Obj: TypeAlias = dict[str, Any]
Objs: TypeAlias = list[dict[str, Any]]


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
    if (named := as_obj(value)) is not None:
        # Copying is not reading: parameters go on asking who looked at them.
        return {key: clone(item) for key, item in dict.items(named)}
    if (listed := as_list(value)) is not None:
        return [clone(item) for item in listed]
    return value


def public(value: Any) -> Any:
    """A deep copy as Stripe shows it: names that begin with an underscore are the twin's own."""
    if (named := as_obj(value)) is not None:
        return {key: public(item) for key, item in named.items() if not key.startswith("_")}
    if (listed := as_list(value)) is not None:
        return [public(item) for item in listed]
    return value
