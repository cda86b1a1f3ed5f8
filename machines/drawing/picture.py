"""The SVG of one lifecycle: sketch, levels and places put together; a path and a state may shine."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import Any, Final

from machines.drawing.canvas import NAME, SMALL, Text, box, line, room, sheet, written
from machines.drawing.layers import Chain, Wire, chains, order_levels, rank_boxes
from machines.drawing.places import Size, Spot, place
from machines.drawing.sketch import Link, Note, Sketch, sketch
from machines.row import START, Arrow
from machines.table import Machine

MARGIN, HEADER, FOOTER, GAP = 28.0, 84.0, 22.0, 20.0
DROP: Final = (28.0, 60.0)
DOT: Final = Size(16.0, 16.0)
WAYPOINT: Final = Size(6.0, 0.0)
PORT: Final = 18.0


@dataclass(frozen=True, slots=True)
class Shine:
    """What is highlighted: the current state and the moves that led there."""

    current: str | None = None
    path: tuple[str, ...] = ()

    def on(self, arrows: Sequence[Arrow]) -> bool:
        """Whether one of the arrows was taken."""
        taken = set(pairwise(self.path))
        return any((arrow.source, arrow.dest) in taken for arrow in arrows)

    def look(self, state: str) -> str:
        """The extra class of a state's box."""
        if state == self.current:
            return " now"
        return " on" if state in self.path else ""


@dataclass(frozen=True, slots=True)
class _Layout:
    drawn: Sketch
    chains: tuple[Chain, ...]
    spots: dict[str, Spot]
    bands: dict[str, tuple[float, float]]


def draw(machine: Machine[Any, Any], *, current: str | None = None, path: Sequence[str] = ()) -> str:
    """The picture as SVG text; `path` holds the states visited, in order."""
    shine = Shine(current, tuple(str(state) for state in path))
    layout = _lay_out(machine)
    body = [*_lines(layout, shine), *_boxes(layout, shine), *_notes(layout, shine)]
    width = max(spot.right for spot in layout.spots.values()) + MARGIN
    height = max(spot.bottom for spot in layout.spots.values()) + MARGIN
    legend = _legend(layout.drawn)
    least = MARGIN * 2 + max(Text(machine.about, 13.0).width, Text(legend, SMALL).width)
    if legend:
        height += FOOTER
        body.append(
            f'<text class="legend" x="{MARGIN:.0f}" y="{height - MARGIN + 6:.1f}">{escape(legend)}</text>'
        )
    return sheet(
        "\n".join(body) + "\n",
        width=max(width, least),
        height=height,
        title=machine.name,
        about=machine.about,
    )


def _legend(drawn: Sketch) -> str:
    guarded = any(arrow.condition for link in drawn.links for arrow in link.arrows)
    parts = (
        "[ ] what decides where an event leads" if guarded else "",
        "\u21ba the state stays" if any(drawn.stays.values()) else "",
        "dashed: an event of many states" if drawn.notes else "",
    )
    return " \u00b7 ".join(part for part in parts if part)


def _link(chain: Chain, drawn: Sketch) -> Link | Note:
    kind, number = chain.wire.name[:1], int(chain.wire.name[1:])
    return drawn.links[number] if kind == "l" else drawn.notes[number]


@cache
def _lay_out(machine: Machine[Any, Any]) -> _Layout:
    drawn = sketch(machine)
    levels = {state: 2 * rank for state, rank in rank_boxes(drawn.states, _influences(drawn)).items()}
    for n, note in enumerate(drawn.notes):
        levels[f"note{n}"] = levels[note.state] + (-1 if note.inward else 1)
    ways = chains(_wires(drawn), levels)
    rows: list[list[str]] = [[] for _ in range(max(levels.values()) + 1)]
    for key, level in levels.items():
        rows[level].append(key)
    for chain in ways:
        for depth, key in enumerate(chain.keys[1:-1], start=levels[chain.keys[0]] + 1):
            rows[depth].append(key)
    rows = [row for row in rows if row]
    pairs = [pair for chain in ways for pair in pairwise(chain.keys)]
    sizes = _sizes(drawn, ways)
    weights = {pair: 6.0 if "@" in pair[0] and "@" in pair[1] else 1.5 for pair in pairs}
    spots = place(order_levels(rows, pairs), weights, sizes, gap=GAP, drop=DROP)
    moved = {key: Spot(s.x + MARGIN, s.y + HEADER, s.size) for key, s in spots.items()}
    bands: dict[str, tuple[float, float]] = {}
    for row in rows:
        band = (min(moved[key].top for key in row), max(moved[key].bottom for key in row))
        bands.update(dict.fromkeys(row, band))
    return _Layout(drawn, tuple(ways), moved, bands)


def _influences(drawn: Sketch) -> list[tuple[str, str]]:
    noted = [(arrow.source, arrow.dest) for note in drawn.notes if note.inward for arrow in note.arrows]
    return [*((link.source, link.dest) for link in drawn.links), *noted]


def _wires(drawn: Sketch) -> list[Wire]:
    made = [Wire(f"l{n}", link.source, link.dest) for n, link in enumerate(drawn.links)]
    for n, note in enumerate(drawn.notes):
        tail, head = (f"note{n}", note.state) if note.inward else (note.state, f"note{n}")
        made.append(Wire(f"n{n}", tail, head, labelled=False))
    return made


def _sizes(drawn: Sketch, ways: Sequence[Chain]) -> dict[str, Size]:
    sizes = {key: WAYPOINT for chain in ways for key in chain.keys[1:-1]}
    for chain in ways:
        link = _link(chain, drawn)
        if chain.label is not None and isinstance(link, Link):
            sizes[chain.label] = room(_label(link), pad=(4.0, 2.0))
    for n, note in enumerate(drawn.notes):
        sizes[f"note{n}"] = room(_note_lines(note), pad=(12.0, 7.0))
    for state in drawn.states:
        if state == START:
            sizes[state] = DOT
            continue
        text = room(_box_lines(drawn, state), pad=(20.0, 11.0))
        below = sum(chain.keys[0] == state for chain in ways)
        above = sum(chain.keys[-1] == state for chain in ways)
        sizes[state] = Size(max(text.width, 84.0, PORT * (max(below, above) + 1)), text.height)
    return sizes


def _label(link: Link) -> list[Text]:
    lines: list[Text] = []
    for arrow in link.arrows:
        lines.append(Text(arrow.event))
        if arrow.condition:
            lines.append(Text(f"[{arrow.condition}]", SMALL, "small"))
    return lines


def _note_lines(note: Note) -> list[Text]:
    small = wrap(note.sources, 34) if note.inward else note.choices
    return [*(Text(words) for words in note.title), *(Text(words, SMALL, "small") for words in small)]


def _box_lines(drawn: Sketch, state: str) -> list[Text]:
    stays = [Text(f"\u21ba {arrow.event}", SMALL, "small") for arrow in drawn.stays[state]]
    return [Text(state, NAME, "name"), *stays]


def _lines(layout: _Layout, shine: Shine) -> list[str]:
    ports = _ports(layout)
    made: list[str] = []
    plates: list[str] = []
    for chain in layout.chains:
        link = _link(chain, layout.drawn)
        lit = shine.on(link.arrows)
        upper, lower = layout.spots[chain.keys[0]], layout.spots[chain.keys[-1]]
        stops = [(ports[chain.keys[0], chain.wire.name], upper.bottom, layout.bands[chain.keys[0]][1])]
        stops += [(layout.spots[key].x, *layout.bands[key]) for key in chain.keys[1:-1]]
        stops += [(ports[chain.keys[-1], chain.wire.name], layout.bands[chain.keys[-1]][0], lower.top)]
        drawn = line(stops, "line on" if lit else "line", upward=chain.upward)
        moves = " ".join(f"{arrow.source}:{arrow.event}:{arrow.dest}" for arrow in link.arrows)
        made.append(f'<g data-moves="{escape(moves)}">{drawn}</g>')
        if chain.label is not None and isinstance(link, Link):
            plates.append(_plate(link, layout.spots[chain.label], lit=lit))
    return [*made, *plates]


def _plate(link: Link, spot: Spot, *, lit: bool) -> str:
    text = written(_label(link), spot)
    return box(spot, "plate", radius=3.0) + (
        text.replace('class="event"', 'class="event on"') if lit else text
    )


def _ports(layout: _Layout) -> dict[tuple[str, str], float]:
    """Where each line leaves its upper box and enters its lower one: side by side, in the order they come."""
    sides: dict[tuple[str, bool], list[tuple[float, str]]] = {}
    for chain in layout.chains:
        first, last = chain.keys[0], chain.keys[-1]
        sides.setdefault((first, True), []).append((layout.spots[chain.keys[1]].x, chain.wire.name))
        sides.setdefault((last, False), []).append((layout.spots[chain.keys[-2]].x, chain.wire.name))
    ports: dict[tuple[str, str], float] = {}
    for (key, _), ends in sides.items():
        spot = layout.spots[key]
        step = 0.0 if key == START else min(PORT * 1.6, (spot.size.width - PORT) / max(len(ends), 1))
        for n, (_, name) in enumerate(sorted(ends)):
            ports[key, name] = spot.x + step * (n - (len(ends) - 1) / 2)
    return ports


def _boxes(layout: _Layout, shine: Shine) -> list[str]:
    made: list[str] = []
    for state in layout.drawn.states:
        spot = layout.spots[state]
        if state == START:
            made.append(f'<circle class="dot" cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="{DOT.width / 2:.1f}"/>')
            continue
        extra = shine.look(state)
        kind = f"state final{extra}" if state in layout.drawn.final else f"state{extra}"
        bright = extra if state == shine.current else ""
        lines = [Text(t.words, t.size, t.look + bright) for t in _box_lines(layout.drawn, state)]
        drawn = box(spot, kind, radius=14.0) + written(lines, spot)
        stays = " ".join(arrow.event for arrow in layout.drawn.stays[state])
        made.append(f'<g data-state="{escape(state)}" data-stays="{escape(stays)}">{drawn}</g>')
    return made


def _notes(layout: _Layout, shine: Shine) -> list[str]:
    made: list[str] = []
    for n, note in enumerate(layout.drawn.notes):
        spot = layout.spots[f"note{n}"]
        lit = " on" if shine.on(note.arrows) else ""
        lines = [
            Text(t.words, t.size, t.look + (lit if t.look == "event" else "")) for t in _note_lines(note)
        ]
        made.append(f"<g>{box(spot, 'note' + lit, radius=5.0)}{written(lines, spot)}</g>")
    return made


__all__ = ["Shine", "draw"]
