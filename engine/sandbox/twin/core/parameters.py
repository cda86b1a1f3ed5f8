"""Would Stripe take these parameters? Names, types and enumerations of each endpoint, from the data files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from engine.sandbox.twin.values.types import Obj, as_list, clone

from .errors import StripeError, missing

_DATA = Path(__file__).parent.parent / "data"
_MOST_NAMES, _LONGEST_NAME, _LONGEST_VALUE = 50, 40, 500
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?\Z")


@cache
def _load(name: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", json.loads((_DATA / name).read_text(encoding="utf-8")))


def endpoints() -> list[str]:
    """Every endpoint that the data files know, such as `POST /v1/customers/{id}`."""
    return list(_load("parameters.json"))


@cache
def event_types() -> frozenset[str]:
    """Every event type of the API version."""
    return frozenset(_load("events.json"))


@cache
def capability_names() -> frozenset[str]:
    """Every capability that an account may ask for."""
    wishes: Obj = _load("parameters.json")["POST /v1/accounts"]["hash"]["capabilities"]["hash"]
    return frozenset(wishes)


def template(kind: str) -> Obj:
    """The fields that an object of this kind always has, with their empty values."""
    return cast("Obj", clone(_load("objects.json")[kind]))


def checked(endpoint: str, params: Obj) -> Obj:
    """The parameters with their proper types; raises Stripe's error for the first fault."""
    return cast("Obj", _check(_load("parameters.json")[endpoint], params, ""))


def _refuse(message: str, param: str, code: str | None = None) -> StripeError:
    return StripeError(message, param=param, code=code, stored=False)


def _check(shape: Any, value: Any, where: str) -> Any:
    if isinstance(shape, str):
        return _scalar(shape, value, where)
    match shape:
        case {"any": options}:
            return _check_any(options, value, where)
        case {"enum": options}:
            return _enumerated(options, value, where)
        case {"list": element}:
            return _check_list(element, value, where)
        case {"map": element}:
            return _check_map(element, value, where)
        case _:
            return _check_hash(cast("Obj", shape), value, where)


def _check_map(element: Any, value: Any, where: str) -> Obj:
    if not isinstance(value, dict):
        raise _refuse("Invalid object", where)
    named = cast("Obj", value)
    found: Obj = {name: _check(element, item, f"{where}[{name}]") for name, item in named.items()}
    if where.endswith(("metadata", "metadata]")):
        check_metadata(found, where)
    return found


def check_metadata(metadata: Obj, where: str = "metadata") -> None:
    """Raise where metadata have more names, longer names or longer values than Stripe keeps."""
    for name, value in metadata.items():
        for kind, text, most in (("key", name, _LONGEST_NAME), ("value", str(value), _LONGEST_VALUE)):
            if len(text) > most:
                raise _refuse(
                    f"Metadata {kind}s can have up to {most} characters, but you passed in a {kind} that is"
                    f" {len(text)} characters. Invalid {kind}: {text}",
                    where,
                )
    if len(metadata) > _MOST_NAMES:
        raise _refuse(
            f"Metadata can have up to {_MOST_NAMES} keys, but there would be {len(metadata)}.", where
        )


def _check_list(element: Any, value: Any, where: str) -> list[Any]:
    items = as_list(value)
    if items is None:
        raise _refuse("Invalid array", where)
    return [_check(element, item, f"{where}[{index}]") for index, item in enumerate(items)]


def _check_hash(shape: Obj, value: Any, where: str) -> Obj:
    if not isinstance(value, dict):
        raise _refuse("Invalid object", where)
    named = cast("Obj", value)
    fields: Obj = shape["hash"]
    names = {name: f"{where}[{name}]" if where else name for name in [*named, *shape.get("need", ())]}
    unknown = [names[name] for name in named if name not in fields]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        text = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise _refuse(text, unknown[0], "parameter_unknown")
    for name in shape.get("need", ()):
        if name not in named:
            raise missing(names[name])
    return {name: _check(fields[name], item, names[name]) for name, item in named.items()}


def _check_any(options: list[Any], value: Any, where: str) -> Any:
    """The reading that fits; of several faults the one of the option with the value's own shape."""
    faults: list[StripeError] = []
    for option in sorted(options, key=lambda option: not _same_shape(option, value)):
        try:
            return _check(option, value, where)
        except StripeError as fault:
            faults.append(fault)
    raise faults[0]


def _same_shape(option: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(option, dict) and ("hash" in option or "map" in option)
    if isinstance(value, list):
        return isinstance(option, dict) and "list" in option
    return isinstance(option, dict) and "enum" in option and value in cast("Obj", option)["enum"]


def _enumerated(options: list[Any], value: Any, where: str) -> Any:
    for option in options:
        spelled = str(option).lower() if isinstance(option, bool) else str(option)
        if value == spelled:
            return option
    shown = [str(option) for option in options if option != ""]
    listed = ", ".join(shown[:-1]) + f", or {shown[-1]}" if len(shown) > 1 else "".join(shown)
    raise _refuse(f"Invalid {where}: must be one of {listed}", where)


def _scalar(kind: str, value: Any, where: str) -> Any:
    if not isinstance(value, str):
        raise _refuse(f"Invalid {kind}", where)
    match kind:
        case "integer" if _INTEGER.match(value):
            return int(value)
        case "integer":
            raise _refuse(f"Invalid integer: {value}", where, "parameter_invalid_integer")
        case "number" if _DECIMAL.match(value):
            return float(value)
        case "boolean" if value in {"true", "false"}:
            return value == "true"
        case "decimal" if _DECIMAL.match(value):
            return value
        case "number" | "boolean" | "decimal":
            raise _refuse(f"Invalid {kind}: {value}", where)
        case _:
            return value
