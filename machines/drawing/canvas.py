"""Which SVG elements make boxes, labels and lines; text is measured here, since SVG does not wrap it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import fsum
from typing import Final

from machines.drawing.places import Size, Spot

FONT: Final = "Inter, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
NAME, EVENT, SMALL = 14.0, 12.0, 11.0
LINE: Final = 15.0
STRAIGHT: Final = 0.5
PAPER: Final = "#fcfcfd"

_NARROW: Final = frozenset("iljtfr.,:;'[]()| ")
_WIDE: Final = frozenset("mwMW@%")


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text with its size and look."""

    words: str
    size: float = EVENT
    look: str = "event"

    @property
    def width(self) -> float:
        """A width that no usual font exceeds."""
        per = {True: 0.4, False: 0.63}
        return self.size * fsum(0.95 if char in _WIDE else per[char in _NARROW] for char in self.words)


def room(lines: Sequence[Text], *, pad: tuple[float, float]) -> Size:
    """The room that the lines take with their padding."""
    width = max(line.width for line in lines) + 2 * pad[0]
    return Size(width, LINE * len(lines) + 2 * pad[1])


def written(lines: Sequence[Text], spot: Spot) -> str:
    """The lines, centred in the spot."""
    top = spot.y - LINE * len(lines) / 2
    return "".join(
        f'<text class="{t.look}" x="{spot.x:.1f}" y="{top + LINE * n + 11.5:.1f}">{escape(t.words)}</text>'
        for n, t in enumerate(lines)
    )


def box(spot: Spot, kind: str, *, radius: float) -> str:
    """A rounded rectangle that fills the spot; final states have a second ring inside."""
    ring = _rectangle(spot, "ring", radius - 3, inset=4.0) if "final" in kind.split() else ""
    return _rectangle(spot, kind, radius) + ring


def _rectangle(spot: Spot, kind: str, radius: float, *, inset: float = 0.0) -> str:
    width, height = spot.size.width - 2 * inset, spot.size.height - 2 * inset
    return (
        f'<rect class="{kind}" x="{spot.left + inset:.1f}" y="{spot.top + inset:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}"/>'
    )


def line(stops: Sequence[tuple[float, float, float]], kind: str, *, upward: bool) -> str:
    """A smooth line through stops (x, top, bottom): upright inside a stop, curved between two."""
    last = len(stops) - 2
    bends = [_bend(above, below, n, last) for n, (above, below) in enumerate(pairwise(stops))]
    track = [point for x, top, bottom in stops for point in ((x, top), (x, bottom))]
    if upward:
        track.reverse()
        bends.reverse()
    parts = [f"M{track[0][0]:.1f} {track[0][1]:.1f}"]
    for n, ((x, y), (to_x, to_y)) in enumerate(pairwise(track)):
        if abs(x - to_x) > STRAIGHT:
            parts.append(f"C{x:.1f} {bends[n // 2]:.1f} {to_x:.1f} {bends[n // 2]:.1f} {to_x:.1f} {to_y:.1f}")
        elif abs(y - to_y) > STRAIGHT:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
    head = "head-on" if "on" in kind.split() else "head"
    return f'<path class="{kind}" d="{" ".join(parts)}" marker-end="url(#{head})"/>'


def _bend(above: tuple[float, float, float], below: tuple[float, float, float], n: int, last: int) -> float:
    """The height at which a curve turns: lines that share an end keep apart by their reach."""
    reach = 0.22 * min(1.0, abs(below[0] - above[0]) / 500)
    share = 0.5 + reach if n == last else 0.5 - reach if n == 0 else 0.5
    return above[2] + (below[1] - above[2]) * share


def sheet(body: str, *, width: float, height: float, title: str, about: str) -> str:
    """The whole SVG document; it needs no script, no font file and no network."""
    markers = _marker("head", "#64748b") + _marker("head-on", "#0f766e")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(title)}: {escape(about)}">\n'
        f"<style>\n{_STYLE}</style>\n<defs>{markers}</defs>\n"
        f'<rect class="paper" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="12"/>\n'
        f'<text class="title" x="28" y="38">{escape(title)}</text>\n'
        f'<text class="about" x="28" y="58">{escape(about)}</text>\n{body}</svg>\n'
    )


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8L10 5L0 9.2Z" fill="{colour}"/></marker>'
    )


_STYLE: Final = f"""\
text {{ font-family: {FONT}; text-anchor: middle; fill: #1e293b; }}
.title {{ font-size: 19px; font-weight: 650; text-anchor: start; }}
.about {{ font-size: 13px; text-anchor: start; fill: #64748b; }}
.name {{ font-size: {NAME:.0f}px; font-weight: 600; }}
.event {{ font-size: {EVENT:.0f}px; }}
.legend {{ font-size: 11px; text-anchor: start; fill: #64748b; }}
.small {{ font-size: {SMALL:.0f}px; fill: #64748b; }}
.paper {{ fill: {PAPER}; stroke: #e2e8f0; }}
.state {{ fill: #eef2ff; stroke: #4f5fa8; stroke-width: 1.4; }}
.final {{ fill: #f1f5f9; stroke: #475569; }}
.ring {{ fill: none; stroke: #475569; stroke-width: 1; }}
.note {{ fill: #fffbeb; stroke: #d6a94a; stroke-dasharray: 4 3; }}
.plate {{ fill: {PAPER}; }}
.line {{ fill: none; stroke: #64748b; stroke-width: 1.3; }}
.dot {{ fill: #1e293b; }}
.state.on {{ fill: #ccfbf1; stroke: #0f766e; stroke-width: 2; }}
.state.now {{ fill: #0f766e; stroke: #0f766e; }}
.name.now {{ fill: #ffffff; }}
.small.now {{ fill: #ccfbf1; }}
.line.on {{ stroke: #0f766e; stroke-width: 2.4; }}
.note.on {{ stroke: #0f766e; }}
.event.on {{ fill: #0f766e; font-weight: 600; }}
"""
