"""What did the client send? Stripe's form encoding: nested keys in brackets, lists as [] or [0]."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import parse_qsl

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.values.types import Obj

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_INDEX = re.compile(r"[0-9]{1,9}")
_DEEPEST = 30
# Hashes whose names are the client's own: `metadata[0]` is a name, no place in a list.
_FREE = frozenset({"metadata"})


def decode(form: str) -> Obj:
    """Nested hashes and lists with strings as leaves: `items[0][price]=p` is {items: [{price: p}]}."""
    root: Obj = {}
    for key, value in _pairs(form):
        match = _KEY.match(key)
        parts = [match[1], *_PART.findall(match[2])] if match else []
        if not 0 < len(parts) <= _DEEPEST:
            raise invalid(f"Invalid parameter name: {key}", param=key)
        _insert(root, parts, value)
    return _named(root)


def _pairs(form: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(form, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise invalid("Invalid request: a parameter is not valid UTF-8.") from None


def _insert(node: Obj, parts: list[str], value: str) -> None:
    name, rest = parts[0], parts[1:]
    if not name:
        name = _index(node, rest)
    if not rest:
        node[name] = value
        return
    child = node.setdefault(name, {})
    if not isinstance(child, dict):
        raise invalid("Invalid object", param=name)
    _insert(cast("Obj", child), rest, value)


def _index(node: Obj, rest: list[str]) -> str:
    """Where `[]` points: the element being filled, or a new one when its name is taken already."""
    last = max((int(name) for name in node if _INDEX.fullmatch(name)), default=-1)
    current = node.get(str(last))
    filling = isinstance(current, dict) and bool(rest) and rest[0] not in current
    return str(last if filling else last + 1)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    named = cast("Obj", value)
    if named and all(_INDEX.fullmatch(name) for name in named):
        return [_lists(named[name]) for name in sorted(named, key=int)]
    return _named(named)


def _named(node: Obj) -> Obj:
    return {name: value if name in _FREE else _lists(value) for name, value in node.items()}
