"""How does a lifecycle look? Mermaid text, Markdown tables and an SVG, all from the table that decides."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from machines import REGISTRY
from machines.drawing.picture import draw
from machines.paths import shortest_paths
from machines.row import START
from machines.table import Machine

PAGE: Final = "machines.md"
FOLDER: Final = "diagrams"

_INTRODUCTION: Final = """\
# Lifecycles

<!-- Written by `wallstreet machines diagram`; change the tables in `machines/`, then write it again. -->

What may happen next to each thing that Wallstreet keeps. A state in the database moves only along these
arrows; an event that is not listed for a state is refused by name. Every move is written to the history with
its cause. A condition chooses where an event leads, never whether it may happen. `none` is what does not
exist yet.
"""


def mermaid(machine: Machine[Any, Any], *, current: str | None = None) -> str:
    """The lifecycle as Mermaid `stateDiagram-v2` text, the current state marked."""
    lines = ["stateDiagram-v2", "    direction TB"]
    for arrow in machine.arrows():
        source = "[*]" if arrow.source == START else arrow.source
        said = f"{arrow.event} [{arrow.condition}]" if arrow.condition else arrow.event
        lines.append(f"    {source} --> {arrow.dest}: {said}")
    lines += [f"    {state} --> [*]" for state in machine.final]
    if current is not None:
        lines += ["    classDef current fill:#0f766e,color:#ffffff", f"    class {current} current"]
    return "\n".join(lines) + "\n"


def table(machine: Machine[Any, Any]) -> str:
    """The lifecycle as Markdown: its states, its arrows and its conditions, each with its sentence."""
    parts = [_states(machine), _arrows(machine)]
    if machine.guards:
        parts.append(_grid(("condition", "holds when"), ((f"`{g}`", g.meaning) for g in machine.guards)))
    return "\n".join(parts)


def svg(machine: Machine[Any, Any], *, current: str | None = None, path: Sequence[str] = ()) -> str:
    """The lifecycle as an SVG document; `path` holds the states visited, which are highlighted."""
    return draw(machine, current=current, path=path)


def pages(machines: Mapping[str, Machine[Any, Any]] = REGISTRY) -> dict[str, str]:
    """Every generated file below the documentation folder: its relative path and its text."""
    written = {PAGE: _INTRODUCTION + "".join(_chapter(machine) for machine in machines.values())}
    for name, machine in machines.items():
        written[f"{FOLDER}/{name}.mmd"] = mermaid(machine)
        written[f"{FOLDER}/{name}.svg"] = svg(machine)
    return written


def write_docs(directory: Path) -> list[str]:
    """Write every generated file below the folder; the relative paths of those that changed."""
    fresh = pages()
    changed = [name for name, text in fresh.items() if _read(directory / name) != text]
    for name in changed:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(fresh[name], encoding="utf-8")
    return changed


def stale(directory: Path) -> list[str]:
    """The relative paths of generated files that are missing or differ from the tables; empty when fresh."""
    return [name for name, text in pages().items() if _read(directory / name) != text]


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _chapter(machine: Machine[Any, Any]) -> str:
    picture = f"![The lifecycle of {machine.name}]({FOLDER}/{machine.name}.svg)"
    source = f"[Mermaid]({FOLDER}/{machine.name}.mmd)"
    return f"\n## {machine.name}\n\n{machine.about} ({source})\n\n{picture}\n\n{table(machine)}"


def _states(machine: Machine[Any, Any]) -> str:
    ways = shortest_paths(machine.rows)
    rows = (
        (
            f"`{state}`{' (final)' if state in machine.final else ''}",
            state.meaning,
            " → ".join(f"`{event}`" for event in ways[state]),
        )
        for state in machine.states
    )
    return _grid(("state", "means", "shortest way there"), rows)


def _arrows(machine: Machine[Any, Any]) -> str:
    return _grid(("event", "means", "from", "to", "when", "then owed"), _arrow_rows(machine))


def _arrow_rows(machine: Machine[Any, Any]) -> Iterator[tuple[str, ...]]:
    told: set[str] = set()
    for row in sorted(machine.rows, key=lambda row: machine.events.index(row.event)):
        first = row.event not in told
        told.add(row.event)
        sources = ", ".join(f"`{source}`" for source in row.sources)
        conditions = [*(f"`{name}`" for name in row.guard), *(f"not `{name}`" for name in row.unless)]
        yield (
            f"`{row.event}`" if first else "",
            row.event.meaning if first else "",
            sources,
            f"`{row.dest}`",
            ", ".join(conditions),
            ", ".join(f"`{effect}`" for effect in row.effects),
        )


def _grid(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
