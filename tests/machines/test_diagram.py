"""The pictures: complete, legible, the same everywhere, and as fresh as the tables."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from machines import REGISTRY, Machine
from machines.diagram import mermaid, pages, stale, svg, table, write_docs

ROOT = Path(__file__).parents[2]
every_machine = pytest.mark.parametrize("machine", REGISTRY.values(), ids=REGISTRY)


@dataclass(frozen=True, slots=True)
class Rectangle:
    kind: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Rectangle") -> bool:
        aside = self.right <= other.left or other.right <= self.left
        return not (aside or self.bottom <= other.top or other.bottom <= self.top)

    def holds(self, x: float, y: float) -> bool:
        return self.left + 1 < x < self.right - 1 and self.top + 1 < y < self.bottom - 1


def rectangles(picture: str) -> list[Rectangle]:
    found: list[Rectangle] = []
    for element in ET.fromstring(picture).iter():  # noqa: S314 - our own text
        kind = element.get("class", "").split(" ", 1)[0]
        if element.tag.endswith("rect") and kind in {"state", "note", "plate"}:
            x, y, w, h = (float(element.get(name, "nan")) for name in ("x", "y", "width", "height"))
            found.append(Rectangle(kind, x, y, x + w, y + h))
    return found


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points along a path, close enough together to meet every box on the way."""
    x, y = 0.0, 0.0
    for letter, numbers in re.findall(r"([MLC])([^MLC]+)", path):
        values = [float(number) for number in numbers.split()]
        to_x, to_y = values[-2:]
        for n in range(41):
            t = n / 40
            if letter == "C":
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield (
                    a * x + b * values[0] + c * values[2] + d * to_x,
                    a * y + b * values[1] + c * values[3] + d * to_y,
                )
            elif letter == "L":
                yield x + (to_x - x) * t, y + (to_y - y) * t
        x, y = to_x, to_y


def lines(picture: str) -> list[list[tuple[float, float]]]:
    return [list(points(d)) for d in re.findall(r'<path class="line[^"]*" d="([^"]+)"', picture)]


@every_machine
def test_every_arrow_is_drawn_exactly_once(machine: Machine[Any, Any]) -> None:
    picture = svg(machine)
    drawn = [
        tuple(move.split(":"))
        for moves in re.findall('data-moves="([^"]*)"', picture)
        for move in moves.split()
    ]
    for state, events in re.findall('data-state="([^"]*)" data-stays="([^"]*)"', picture):
        drawn += [(state, event, state) for event in events.split()]
    assert sorted(drawn) == sorted((arrow.source, arrow.event, arrow.dest) for arrow in machine.arrows())


@every_machine
def test_every_word_is_written(machine: Machine[Any, Any]) -> None:
    text = " ".join(ET.fromstring(svg(machine)).itertext())  # noqa: S314 - our own text
    for word in (*machine.states, *machine.events, *machine.guards):
        assert re.search(rf"\b{word}\b", text), word


@every_machine
def test_boxes_and_labels_never_overlap(machine: Machine[Any, Any]) -> None:
    found = rectangles(svg(machine))
    assert {rectangle.kind for rectangle in found} >= {"state", "plate"}
    for n, one in enumerate(found):
        for other in found[n + 1 :]:
            assert not one.overlaps(other), (one, other)


@every_machine
def test_no_line_runs_through_a_box_or_another_label(machine: Machine[Any, Any]) -> None:
    picture = svg(machine)
    drawn = lines(picture)
    assert drawn
    for rectangle in rectangles(picture):
        through = sum(any(rectangle.holds(x, y) for x, y in line) for line in drawn)
        assert through == (1 if rectangle.kind == "plate" else 0), rectangle


@every_machine
def test_everything_is_on_the_sheet(machine: Machine[Any, Any]) -> None:
    picture = svg(machine)
    width, height = (float(n) for n in re.findall(r'viewBox="0 0 (\d+) (\d+)"', picture)[0])
    for rectangle in rectangles(picture):
        assert 0 < rectangle.left < rectangle.right < width
        assert 0 < rectangle.top < rectangle.bottom < height
    assert all(0 < x < width and 0 < y < height for line in lines(picture) for x, y in line)


def test_a_path_and_the_current_state_shine() -> None:
    machine = REGISTRY["attachment"]
    plain = svg(machine)
    shining = svg(machine, current="unknown", path=("none", "planned", "calling", "unknown"))
    assert 'class="line on"' not in plain
    assert shining.count('class="line on"') == 3
    assert shining.count("state on") == 2
    assert shining.count("state now") == 1
    assert rectangles(shining)[0] == rectangles(plain)[0]


@every_machine
def test_mermaid_holds_every_arrow(machine: Machine[Any, Any]) -> None:
    text = mermaid(machine, current=machine.states[0])
    assert text.startswith("stateDiagram-v2\n")
    for arrow in machine.arrows():
        source = "[*]" if arrow.source == "none" else arrow.source
        assert f"    {source} --> {arrow.dest}: {arrow.event}" in text
    assert text.count(" --> ") == len(machine.arrows()) + len(machine.final)
    assert f"class {machine.states[0]} current" in text


@every_machine
def test_the_table_says_what_every_word_means(machine: Machine[Any, Any]) -> None:
    text = table(machine)
    for word in (*machine.states, *machine.events, *machine.guards):
        assert f"`{word}`" in text
        assert word.meaning in text


def test_the_committed_documentation_is_fresh() -> None:
    assert stale(ROOT / "docs") == [], "run `wallstreet machines diagram`"


def test_what_is_stale_is_named_and_written_again(tmp_path: Path) -> None:
    assert write_docs(tmp_path) == list(pages())
    assert stale(tmp_path) == []
    assert write_docs(tmp_path) == []
    (tmp_path / "diagrams" / "invoice.svg").write_text("old", encoding="utf-8")
    (tmp_path / "machines.md").unlink()
    assert stale(tmp_path) == ["machines.md", "diagrams/invoice.svg"]
    assert write_docs(tmp_path) == ["machines.md", "diagrams/invoice.svg"]
    assert stale(tmp_path) == []


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_pictures_do_not_depend_on_the_run(seed: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from machines.diagram import pages; sys.stdout.write(''.join(pages().values()))",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.decode() == "".join(pages().values())
