"""What was measured? So many runs of one thing, told as a table with ratios to a baseline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import perf_counter

from rich.table import Table

WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """So many runs of one thing, in milliseconds."""

    name: str
    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs took less."""
        return median(self.milliseconds)

    @property
    def p99(self) -> float:
        """Of a hundred runs, one took more; of fewer runs it is the slowest."""
        ordered = sorted(self.milliseconds)
        return ordered[ceil(len(ordered) * 0.99) - 1]


def table(title: str, rows: Sequence[Measured], *, baselines: Sequence[Measured]) -> Table:
    """Every measure with median and p99, and its median as a multiple of each baseline's."""
    shown = Table(title=title)
    shown.add_column("milliseconds", no_wrap=True)
    shown.add_column("median", justify="right")
    shown.add_column("p99", justify="right")
    for baseline in baselines:
        shown.add_column(f"x {baseline.name}", justify="right")
    for row in [*rows, *baselines]:
        ratios = [f"{row.median / baseline.median:.1f}" for baseline in baselines]
        shown.add_row(row.name, f"{row.median:.2f}", f"{row.p99:.2f}", *ratios, end_section=row is rows[-1])
    return shown


async def measure(name: str, count: int, deed: Callable[[], Awaitable[object]]) -> Measured:
    """Do it so many times after a warm-up, one after the other."""
    for _ in range(WARM_UP):
        await deed()
    taken: list[float] = []
    for _ in range(count):
        began = perf_counter()
        await deed()
        taken.append((perf_counter() - began) * 1000)
    return Measured(name, tuple(taken))
