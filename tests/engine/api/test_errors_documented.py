"""docs/errors.md has every code that is raised, under the status that it has, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import errors
from engine.api.problems import OTHER_CODES
from engine.attach import decision
from rules.words.outcomes import REFUSAL

ROOT = Path(__file__).parents[3]
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.WallstreetError)
}
FIXED = {("not_implemented", 501), ("invalid_request", 400), ("internal_error", 500)}
ROW = re.compile(r"^\| `([a-z_0-9]+)` \| (\d{3}(?:, \d{3})*) \| (.+) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, set[int]]:
    rows = ROW.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8"))
    assert len({row[0] for row in rows}) == len(rows), "a code stands twice"
    return {code: {int(status) for status in statuses.split(", ")} for code, statuses, _, _ in rows}


def texts(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression can be, as far as it is written down."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case _:
            return


def raised(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind = CLASSES.get(node.func.id)
        if kind is None or kind is errors.NotImplementedYet:
            continue
        given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        if kind is not errors.InvalidRequest:
            given += node.args[:1]
        for expression in given:
            yield from ((code, kind.status) for code in texts(expression))


def all_raised() -> set[tuple[str, int]]:
    files = [*(ROOT / "engine").rglob("*.py"), *(ROOT / "rules").rglob("*.py")]
    found = {
        each
        for path in files
        if "sandbox" not in path.parts
        for each in raised(path.read_text(encoding="utf-8"))
    }
    return found | FIXED | {(code, status) for status, code in OTHER_CODES.items()}


def refused_by_rules() -> set[tuple[str, int]]:
    """Every refusal that a rule file may name, with the status that the engine gives it."""
    codes = {str(code) for code in REFUSAL.values} - {"pass", "not_implemented"}
    return {(code, _status(code)) for code in codes}


def _status(code: str) -> int:
    if code in decision.NOT_FOUND:
        return errors.NotFound.status
    return errors.InvalidRequest.status if code in decision.REQUEST_IS_WRONG else errors.Refused.status


def test_the_table_has_every_code_under_its_status_and_no_other() -> None:
    table = documented()
    answered: dict[str, set[int]] = {}
    for code, status in all_raised() | refused_by_rules():
        answered.setdefault(code, set()).add(status)

    assert answered == table


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise Refused("new_code", "x")', {("new_code", 409)}),
        ('raise NotFound("a" if x else "b", "y")', {("a", 404), ("b", 404)}),
        ('raise InvalidRequest("A sentence.", code="c")', {("c", 400)}),
        ('raise InvalidRequest("A sentence.")', set[tuple[str, int]]()),
    ],
)
def test_a_code_in_the_source_is_found(source: str, found: set[tuple[str, int]]) -> None:
    assert set(raised(source)) == found
