"""Where can one get from here, by which events, and where does it end?"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping

from machines.row import START, E, Row, S


def shortest_paths(
    rows: Iterable[Row[S, E]],
    start: str = START,
    *,
    events: Collection[str] | None = None,
    guards: Mapping[str, bool] | None = None,
) -> dict[str, tuple[E, ...]]:
    """The fewest events to each state that can be reached from `start`; the earlier row wins a tie.

    `events` keeps to these events, and `guards` to the rows that these answers allow.
    """
    table = [
        row
        for row in rows
        if (events is None or row.event in events) and (guards is None or row.holds(guards))
    ]
    found: dict[str, tuple[E, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for row in table:
            if here in row.sources and row.dest not in found:
                found[row.dest] = (*found[here], row.event)
                waiting.append(row.dest)
    return found


def reachable(rows: Iterable[Row[S, E]], start: str = START) -> frozenset[str]:
    """Every state that some story leads to, `start` included."""
    return frozenset(shortest_paths(rows, start))


def dead_ends(rows: Iterable[Row[S, E]], states: Iterable[S], final: Collection[S]) -> tuple[S, ...]:
    """States from which no final state can be reached, although they are not final themselves."""
    table = tuple(rows)
    ends = {str(state) for state in final}
    return tuple(state for state in states if not reachable(table, state) & ends)


def states_along(rows: Iterable[Row[S, E]], path: Iterable[E], start: str = START) -> tuple[str, ...]:
    """The states that a path from `start` visits, `start` first; what a highlighted diagram shows.

    Where guards choose between several states, the row written first is taken.
    """
    table = tuple(rows)
    visited = [str(start)]
    for event in path:
        visited.append(
            next(str(row.dest) for row in table if row.event == event and visited[-1] in row.sources)
        )
    return tuple(visited)
