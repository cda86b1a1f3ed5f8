"""What happens next on a clock? A heap of dues; an object's entries are replaced whenever it changes."""

from __future__ import annotations

import heapq
from typing import NamedTuple

SETTLING = 90
"""The rank from which on a happening only settles money: nobody waits for it."""


class Due(NamedTuple):
    """One happening to come; at the same instant the lower rank goes first."""

    at: int
    rank: int
    kind: str


class Agenda:
    """The dues of one clock in their order; of equal ones that of the older object goes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, str, str]] = []
        self._current: dict[str, list[Due]] = {}

    def put(self, id_: str, dues: list[Due], *, number: int = 0) -> None:
        """Replace what is due for an object, the so-many-th that was made."""
        if dues == self._current.get(id_, []):
            return
        self._current[id_] = dues
        if not dues:
            del self._current[id_]
        for due in dues:
            heapq.heappush(self._heap, (due.at, due.rank, number, id_, due.kind))

    def next(self) -> tuple[Due, str] | None:
        """The first due and the id of its object, left in place."""
        while self._heap:
            at, rank, _, id_, kind = self._heap[0]
            due = Due(at, rank, kind)
            if due in self._current.get(id_, []):
                return due, id_
            heapq.heappop(self._heap)
        return None

    def next_awaited(self) -> int | None:
        """The next instant at which something happens that is more than settling money."""
        dues = (due for held in self._current.values() for due in held)
        return min((due.at for due in dues if due.rank < SETTLING), default=None)

    def coming(self, most: int) -> list[tuple[Due, str]]:
        """The next happenings, so many of them, each with the id of its object."""
        held = ((due, id_) for id_, dues in self._current.items() for due in dues)
        return heapq.nsmallest(most, held)
