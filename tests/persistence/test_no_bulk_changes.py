"""Nothing changes an owned row behind the feed's back: no bulk statement names one in the whole program.

The two files that may are named here: the feed moves the customer's version itself, and a lease is no
change of the customer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from persistence.models import Base, Owned

_ROOT = Path(__file__).parents[2]
_ALLOWED = {"persistence/feed.py", "persistence/repositories/leases.py"}
_OWNED = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Owned)]
_CLASSES = {mapper.class_.__name__ for mapper in _OWNED}
_TABLES = {str(mapper.class_.__tablename__) for mapper in _OWNED}
_SQL = re.compile(rf'\b(UPDATE|INTO|DELETE\s+FROM)\s+"?({"|".join(sorted(_TABLES))})\b', re.IGNORECASE)


def _bulk_changes(source: str) -> Iterator[str]:
    """Every place that could change an owned row without a flush."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="insert" | "update" | "delete"), args=[ast.Name(id=name), *_]):
                if name in _CLASSES:
                    yield f"{node.lineno}: a bulk statement on {name}"
            case ast.Attribute(value=ast.Name(id=name), attr="__table__") if name in _CLASSES:
                yield f"{node.lineno}: the bare table of {name}"
            case ast.Subscript(value=ast.Attribute(attr="tables"), slice=ast.Constant(value=str(name))):
                if name in _TABLES:
                    yield f"{node.lineno}: the bare table {name}"
            case ast.Constant(value=str(text)) if _SQL.search(text):
                yield f"{node.lineno}: SQL that writes: {text.strip()[:60]}"
            case _:
                pass


def _sources() -> list[Path]:
    return [path for room in ("engine", "persistence") for path in sorted((_ROOT / room).rglob("*.py"))]


def test_no_file_changes_owned_rows_in_bulk() -> None:
    found = [
        f"{path.relative_to(_ROOT)}:{place}"
        for path in _sources()
        if str(path.relative_to(_ROOT)) not in _ALLOWED and "sandbox" not in path.parts
        for place in _bulk_changes(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "update(Customer).where(True)",
        "insert(Balance).values(used=1)",
        "delete(Price)",
        "Subscription.__table__",
        'Base.metadata.tables["customer"]',
        'text("update balance set used = 0")',
        'text("DELETE FROM subscription_product")',
    ],
)
def test_a_planted_bulk_change_is_found(planted: str) -> None:
    assert list(_bulk_changes(f"execute({planted})")) != []


@pytest.mark.parametrize(
    "harmless", ["select(Customer)", "update(Due)", 'text("SELECT FROM customer FOR UPDATE")']
)
def test_what_is_harmless_is_not_found(harmless: str) -> None:
    assert list(_bulk_changes(f"execute({harmless})")) == []


def test_no_relationship_writes() -> None:
    """A cascade could change or delete rows inside the flush, after the feed has looked."""
    writing = [
        str(relationship)
        for mapper in Base.registry.mappers
        for relationship in mapper.relationships
        if not relationship.viewonly or relationship.lazy != "raise"
    ]
    assert writing == []
