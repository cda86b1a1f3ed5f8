"""What is in a decoded JSON value? Tests of its kind that type checkers understand."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_hash(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it has names."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)
