"""Is a lifecycle table consistent? Answered once, when it is imported."""

from collections.abc import Collection, Iterable, Iterator
from itertools import product

from machines.paths import dead_ends, reachable
from machines.row import START, E, Row, S, Word


def asked(rows: Iterable[Row[S, E]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """For each (state, event) that has rows, the guards that choose between them, sorted."""
    questions: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for source in row.sources:
            questions.setdefault((source, row.event), set()).update(row.asks)
    return {cell: tuple(sorted(names)) for cell, names in questions.items()}


def answers_to(guards: Iterable[str]) -> Iterator[dict[str, bool]]:
    """Every way of answering the guards with yes or no."""
    names = tuple(guards)
    for answers in product((False, True), repeat=len(names)):
        yield dict(zip(names, answers, strict=True))


def find_faults(
    *,
    states: Collection[S],
    events: Collection[E],
    guards: Collection[Word],
    final: Collection[S],
    rows: Collection[Row[S, E]],
) -> list[str]:
    """Everything wrong with the table, a sentence each; empty when it is consistent."""
    return [
        *_unknown_words(states, events, guards, rows),
        *_wrong_choices(rows),
        *_wrong_shape(states, final, rows),
        *_unused(events, guards, rows),
        *(f"{word} has no sentence" for word in (*states, *events, *guards) if not word.meaning),
    ]


def _unknown_words(
    states: Collection[S], events: Collection[E], guards: Collection[str], rows: Collection[Row[S, E]]
) -> Iterator[str]:
    for row in rows:
        if row.event not in events:
            yield f"the event {row.event} is unknown"
        if row.dest not in states:
            yield f"{row.event} leads to the unknown state {row.dest}"
        for source in row.sources:
            if source is not START and source not in states:
                yield f"{row.event} starts in the unknown state {source}"
        yield from (f"{row.event} asks the unknown guard {name}" for name in row.asks if name not in guards)


def _wrong_choices(rows: Collection[Row[S, E]]) -> Iterator[str]:
    for (source, event), names in asked(rows).items():
        here = [row for row in rows if row.event == event and source in row.sources]
        for answers in answers_to(names):
            holding = [row for row in here if row.holds(answers)]
            if len(holding) == 1:
                continue
            said = " and ".join(name if yes else f"not {name}" for name, yes in answers.items()) or "no guard"
            problem = "has several rows" if holding else "has no row"
            yield f"{event} in {source} {problem} with {said}"


def _wrong_shape(states: Collection[S], final: Collection[S], rows: Collection[Row[S, E]]) -> Iterator[str]:
    seen = reachable(rows)
    yield from (f"{state} cannot be reached" for state in states if state not in seen)
    yield from (f"{state} leads to no end" for state in dead_ends(rows, states, final))
    for row in rows:
        yield from (f"{row.event} leaves the final state {state}" for state in final if state in row.sources)
    for state in states:
        leaves = any(state in row.sources and row.dest != state for row in rows)
        if state not in final and not leaves:
            yield f"{state} has no way out and is not declared final"


def _unused(events: Collection[E], guards: Collection[str], rows: Collection[Row[S, E]]) -> Iterator[str]:
    yield from (f"{event} has no row" for event in events if all(row.event != event for row in rows))
    yield from (f"no row asks {name}" for name in guards if all(name not in row.asks for row in rows))
