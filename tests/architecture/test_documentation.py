"""The documents are true where a machine can tell: links, settings, alarms, the form of decisions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import pytest

from engine.settings import PREFIX, Settings
from tests.architecture.sources import ROOT, Source, refuse, source, sources, texts

OPERATIONS = "docs/operations.md"
INDEX = "docs/index.md"
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives"]
LINES_OF_A_PAGE = 60

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _pages() -> dict[str, str]:
    return {path: text for path, text in texts().items() if path.endswith(".md")}


def _decisions() -> dict[str, str]:
    return {path: text for path, text in _pages().items() if path.startswith("docs/decisions/")}


def _dead_links(pages: Mapping[str, str]) -> Iterator[str]:
    for path, text in pages.items():
        for link in _LINK.findall(text):
            outside = "://" in link or link.startswith("mailto:")
            if not outside and not (ROOT / PurePosixPath(path).parent / link).exists():
                yield f"{path}: {link}"


def _alarms(files: Iterable[Source]) -> set[str]:
    return {
        name
        for file in files
        for node in file.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "alarm"
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and isinstance(name := argument.value, str)
    }


def _rows(heading: str) -> set[str]:
    """The first column of the table below a heading of the operations page."""
    part = _pages()[OPERATIONS].split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


def _faults_of_form(path: str, text: str) -> Iterator[str]:
    number = int(PurePosixPath(path).name[:4])
    if not text.startswith(f"# {number}. "):
        yield f"{path}: its title does not begin with {number}."
    if re.findall(r"^## (.+)$", text, re.MULTILINE) != HEADINGS:
        yield f"{path}: its headings are not {', '.join(HEADINGS)}"
    if text.count("\n") > LINES_OF_A_PAGE:
        yield f"{path}: longer than a page"


def test_every_link_leads_somewhere() -> None:
    refuse(_dead_links(_pages()))


def test_every_setting_is_explained() -> None:
    assert _rows("Settings") == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_alarm_is_explained() -> None:
    assert _rows("Alarms") == _alarms(sources("engine"))


def test_every_decision_has_the_form_of_one() -> None:
    refuse([fault for path, text in _decisions().items() for fault in _faults_of_form(path, text)])


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(PurePosixPath(path).name[:4]) for path in sorted(_decisions())]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_index_names_every_page() -> None:
    pages = {path.removeprefix("docs/") for path in _pages() if path.startswith("docs/") and path != INDEX}
    refuse(pages - set(_LINK.findall(_pages()[INDEX])))


@pytest.mark.parametrize("planted", ["[a](nowhere.md)", "[a](nowhere.md#there)", "![a](pictures/none.svg)"])
def test_a_planted_dead_link_is_found(planted: str) -> None:
    assert len(list(_dead_links({"docs/a.md": planted}))) == 1


def test_a_link_outside_is_left_alone() -> None:
    assert list(_dead_links({"docs/a.md": "[a](https://docs.stripe.com/x) [b](index.md#here)"})) == []


def test_a_planted_alarm_is_found() -> None:
    planted = source("engine/a.py", 'alarm("new_alarm", fact=1)\nlog("other")')
    assert _alarms([planted]) == {"new_alarm"}


@pytest.mark.parametrize(
    "planted",
    [
        "# 2. T\n## Context\n## Decision\n## Consequences\n## Alternatives\n",
        "# 1. T\n## Context\n## Decision\n## Alternatives\n",
        "# 1. T\n## Context\n## Decision\n## Consequences\n## Alternatives\n" + "\n" * LINES_OF_A_PAGE,
    ],
)
def test_a_planted_decision_of_another_form_is_found(planted: str) -> None:
    assert len(list(_faults_of_form("docs/decisions/0001-t.md", planted))) == 1
