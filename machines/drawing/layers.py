"""On which level does each box stand, and in which order, so that few lines cross?

Levels of boxes alternate with levels of labels. A line that spans several levels gets a waypoint on each, so
that ordering the levels orders the lines too, and no line can run through a box or a label.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from random import Random
from typing import Final

SWEEPS: Final = 16
TRIES: Final = 48


@dataclass(frozen=True, slots=True)
class Wire:
    """A line between two boxes; `label` is the waypoint that carries its text."""

    name: str
    tail: str
    head: str
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """The way of a wire from its upper box down to its lower one; `upward` when it is drawn against that."""

    wire: Wire
    keys: tuple[str, ...]
    label: str | None
    upward: bool


def rank_boxes(boxes: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The level of each box: below every earlier box that shares a line with it, in the order given."""
    index = {box: n for n, box in enumerate(boxes)}
    above: dict[str, list[str]] = {box: [] for box in boxes}
    for pair in pairs:
        early, late = sorted(pair, key=index.__getitem__)
        above[late].append(early)
    ranks: dict[str, int] = {}
    for box in boxes:
        ranks[box] = max((ranks[other] + 1 for other in above[box]), default=0)
    return ranks


def chains(wires: Iterable[Wire], levels: Mapping[str, int]) -> list[Chain]:
    """Each wire with its waypoints; its label stands on the label level that is least crowded."""
    crowd: dict[int, int] = {}
    made: list[Chain] = []
    for wire in sorted(wires, key=lambda w: abs(levels[w.tail] - levels[w.head])):
        upward = levels[wire.tail] > levels[wire.head]
        upper, lower = (wire.head, wire.tail) if upward else (wire.tail, wire.head)
        between = range(levels[upper] + 1, levels[lower])
        spots = [level for level in between if level % 2]
        middle = (levels[upper] + levels[lower]) / 2
        chosen = min(spots, key=lambda s: (crowd.get(s, 0) + abs(s - middle) / 2, s)) if spots else None
        if chosen is not None and wire.labelled:
            crowd[chosen] = crowd.get(chosen, 0) + 1
        keys = [_waypoint(wire, level) for level in between]
        label = _waypoint(wire, chosen) if chosen is not None and wire.labelled else None
        made.append(Chain(wire, (upper, *keys, lower), label, upward))
    return made


def _waypoint(wire: Wire, level: int) -> str:
    return f"{wire.name}@{level}"


def order_levels(levels: Sequence[Sequence[str]], pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The levels reordered so that few pairs cross; the same input gives the same order everywhere."""
    chance = Random(7)  # noqa: S311 - shuffles starting points of a search, repeatable on purpose
    best = [list(level) for level in levels]
    fewest = _crossings(best, pairs)
    for attempt in range(TRIES):
        order = [list(level) for level in levels]
        if attempt:
            for level in order:
                chance.shuffle(level)
        for sweep in range(SWEEPS):
            _sweep(order, pairs, downward=sweep % 2 == 0)
            crossed = _crossings(order, pairs)
            if crossed < fewest:
                best, fewest = [list(level) for level in order], crossed
    return _transpose(best, pairs)


def _sweep(order: list[list[str]], pairs: Sequence[tuple[str, str]], *, downward: bool) -> None:
    place = {key: n / max(len(level) - 1, 1) for level in order for n, key in enumerate(level)}
    near: dict[str, list[str]] = {}
    for upper, lower in pairs:
        near.setdefault(lower if downward else upper, []).append(upper if downward else lower)
    for level in order if downward else reversed(order):
        at = {
            key: fsum(place[other] for other in near[key]) / len(near[key]) if key in near else place[key]
            for key in level
        }
        level.sort(key=at.__getitem__)
        place.update({key: n / max(len(level) - 1, 1) for n, key in enumerate(level)})


def _crossings(order: Sequence[Sequence[str]], pairs: Sequence[tuple[str, str]]) -> int:
    place = {key: n for level in order for n, key in enumerate(level)}
    home = {key: n for n, level in enumerate(order) for key in level}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in pairs:
        gaps.setdefault(home[upper], []).append((place[upper], place[lower]))
    return sum(_crossings_in(sorted(gap)) for gap in gaps.values())


def _crossings_in(gap: Sequence[tuple[int, int]]) -> int:
    return sum(
        1
        for n, (left, below) in enumerate(gap)
        for other, further in gap[n + 1 :]
        if left < other and further < below
    )


def _transpose(order: list[list[str]], pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    fewest = _crossings(order, pairs)
    improved = True
    while improved:
        improved = False
        for level in order:
            for n in range(len(level) - 1):
                level[n], level[n + 1] = level[n + 1], level[n]
                crossed = _crossings(order, pairs)
                if crossed < fewest:
                    fewest, improved = crossed, True
                else:
                    level[n], level[n + 1] = level[n + 1], level[n]
    return order
