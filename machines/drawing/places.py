"""At which coordinates does everything stand, once levels and orders are known?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import Final

ROUNDS: Final = 60
STRAIGHTENING: Final = 280
CLOSE: Final = (8.0, 0.2)
SLOPE: Final = 0.07


@dataclass(frozen=True, slots=True)
class Size:
    """How much room a box, a label or a waypoint takes."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Spot:
    """The middle of something and the room it takes."""

    x: float
    y: float
    size: Size

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.x - self.size.width / 2

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.size.width / 2

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.y - self.size.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.size.height / 2


def place(
    levels: Sequence[Sequence[str]],
    pairs: Mapping[tuple[str, str], float],
    sizes: Mapping[str, Size],
    *,
    gap: float,
    drop: tuple[float, float],
) -> dict[str, Spot]:
    """A spot for every key: orders kept, `gap` between neighbours, lines as straight as their weights ask.

    Levels are `drop` apart, between its two values: further where a line has far to go sideways.
    """
    across = _columns(levels, pairs, sizes, gap)
    leftmost = min(across[key] - sizes[key].width / 2 for level in levels for key in level)
    spots: dict[str, Spot] = {}
    top = 0.0
    for level in levels:
        height = max(sizes[key].height for key in level)
        for key in level:
            spots[key] = Spot(across[key] - leftmost, top + height / 2, sizes[key])
        aside = max((abs(across[u] - across[v]) for u, v in pairs if u in level), default=0.0)
        top += height + min(max(drop[0], SLOPE * 2 * aside), drop[1])
    return spots


def _columns(
    levels: Sequence[Sequence[str]],
    pairs: Mapping[tuple[str, str], float],
    sizes: Mapping[str, Size],
    gap: float,
) -> dict[str, float]:
    near: dict[str, list[tuple[str, float]]] = {key: [] for level in levels for key in level}
    for (upper, lower), weight in pairs.items():
        near[upper].append((lower, weight))
        near[lower].append((upper, weight))
    across: dict[str, float] = {}
    for level in levels:
        across.update(
            zip(level, _spread([0.0] * len(level), [1.0] * len(level), level, sizes, gap), strict=True)
        )
    for turn in range(ROUNDS + STRAIGHTENING):
        done = (turn - ROUNDS) / STRAIGHTENING
        close = None if done < 0 else CLOSE[0] + (CLOSE[1] - CLOSE[0]) * done
        for level in levels if turn % 2 == 0 else reversed(levels):
            pulls = [_pull(across, key, near[key], close) for key in level]
            wishes, weights = [wish for wish, _ in pulls], [weight for _, weight in pulls]
            across.update(zip(level, _spread(wishes, weights, level, sizes, gap), strict=True))
    return across


def _pull(
    across: Mapping[str, float], key: str, near: Sequence[tuple[str, float]], close: float | None
) -> tuple[float, float]:
    """Where the neighbours want a key, and how much; `close` makes one bend better than many small ones."""
    if not near:
        return across[key], 0.1
    bends = [
        (across[other], weight / max(abs(across[other] - across[key]), close) if close else weight)
        for other, weight in near
    ]
    total = fsum(weight for _, weight in bends)
    return fsum(at * weight for at, weight in bends) / total, total


def _spread(
    wishes: Sequence[float],
    weights: Sequence[float],
    level: Sequence[str],
    sizes: Mapping[str, Size],
    gap: float,
) -> list[float]:
    """The positions closest to the wishes that keep order and distance (pool adjacent violators)."""
    offsets = [0.0]
    for left, right in pairwise(level):
        offsets.append(offsets[-1] + (sizes[left].width + sizes[right].width) / 2 + gap)
    pools: list[tuple[float, float, int]] = []
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, mass, count = wish - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * mass + other * heavy) / (mass + heavy)
            mass, count = mass + heavy, count + many
        pools.append((mean, mass, count))
    bases = [mean for mean, _, count in pools for _ in range(count)]
    return [base + offset for base, offset in zip(bases, offsets, strict=True)]
