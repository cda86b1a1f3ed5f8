"""A name says what it is, sorts by when it was made, and is never Stripe's."""

from __future__ import annotations

import re

import pytest

from persistence.ids import is_external_id, new_id
from persistence.models import Base


def test_later_names_sort_later_and_none_comes_twice() -> None:
    names = [new_id("sub") for _ in range(1000)]
    assert len(set(names)) == 1000
    assert names == sorted(names)


def test_each_table_has_a_prefix_of_its_own() -> None:
    made: dict[str, str] = {}
    for mapper in Base.registry.mappers:
        column = mapper.columns.get("id")
        field = getattr(mapper.class_, "__dataclass_fields__", {}).get("id")
        if column is not None and field is not None:
            name = field.default_factory()
            assert re.fullmatch(r"[a-z]+_[0-7][0-9a-z]{25}", name)
            made[mapper.class_.__name__] = name.split("_")[0]
    assert len(made) == 21
    assert len(set(made.values())) == len(made)


@pytest.mark.parametrize("text", ["acme", "A-1", "0", "x" * 64])
def test_a_token_is_a_safe_name(text: str) -> None:
    assert is_external_id(text)


@pytest.mark.parametrize("text", ["", "a.b", "a_b", "a b", "*", ">", "acme\n", "x" * 65, "ä"])
def test_anything_else_is_not(text: str) -> None:
    assert not is_external_id(text)
