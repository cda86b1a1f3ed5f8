"""How does a client write nested parameters? As Stripe's libraries do: `items[0][price]=p`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.narrowing import is_hash, is_list


def encode(params: dict[str, Any]) -> str:
    """The parameters as a form."""
    return urlencode([pair for name, value in params.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if is_hash(value):
        for inner, item in value.items():
            yield from _pairs(f"{name}[{inner}]", item)
    elif is_list(value):
        for index, item in enumerate(value):
            yield from _pairs(f"{name}[{index}]", item)
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
