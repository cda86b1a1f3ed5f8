"""How does a state move? Through its machine only, and never without a transition that tells it.

`move` is the way; `refuse_unexplained_states` runs before every flush and refuses any other. A trigger of
the database refuses once more at commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from machines import REGISTRY, START, Step
from machines.table import NO_GUARDS
from persistence.errors import StateChangedOutsideMachine
from persistence.models import Driven, Json, Transition


def move(
    session: AsyncSession | Session,
    row: Driven,
    event: str,
    *,
    guards: Mapping[str, bool] = NO_GUARDS,
    cause: Json | None = None,
    at: datetime | None = None,
) -> Step[Any, Any]:
    """Move the row by the event and record the transition; raises IllegalTransition, and then nothing moved.

    Cause and instant are those of the transaction unless given. The row is added to the session.
    """
    step = REGISTRY[row.__machine__].step(row.state, event, guards)
    row.state = step.dest.value
    row.state_version += 1
    session.add(row)
    session.add(
        Transition(
            machine=row.__machine__,
            row_id=_row_id(row),
            version=row.state_version,
            source=step.source.value,
            event=step.event.value,
            dest=step.dest.value,
            cause=cause if cause is not None else session.info["cause"],
            at=at if at is not None else session.info["at"],
        )
    )
    return step


def refuse_unexplained_states(session: Session) -> None:
    """Raise StateChangedOutsideMachine unless each changed state follows from transitions of this flush."""
    told: dict[tuple[str, str], list[Transition]] = {}
    for row in session.new:
        if isinstance(row, Transition):
            told.setdefault((row.machine, row.row_id), []).append(row)
    for row in (*session.new, *session.dirty):
        if isinstance(row, Driven):
            moves = told.get((row.__machine__, _row_id(row)), [])
            _refuse_unexplained(row, sorted(moves, key=lambda move: move.version))


def _refuse_unexplained(row: Driven, moves: list[Transition]) -> None:
    source, first = _before(row)
    if source == row.state and not moves and source != START:
        return
    versions = [move.version for move in moves]
    if not moves or versions != list(range(first + 1, row.state_version + 1)):
        raise _refusal(row, source, why="there is no transition for it")
    known = {(arrow.source, arrow.event, arrow.dest) for arrow in REGISTRY[row.__machine__].arrows()}
    state = source
    for move in moves:
        if move.source != state or (move.source, move.event, move.dest) not in known:
            raise _refusal(row, source, why=f"the machine has no arrow {state} --{move.event}--> {move.dest}")
        state = move.dest
    if state != row.state:
        raise _refusal(row, source, why=f"its transitions lead to {state}")


def _before(row: Driven) -> tuple[str, int]:
    """State and number of moves as the database has them; those of the beginning for a new row."""
    if not inspect(row).persistent:
        return START.value, 0
    attributes = inspect(row).attrs
    state = attributes.state.history.deleted
    version = attributes.state_version.history.deleted
    return (state[0] if state else row.state), (version[0] if version else row.state_version)


def _refusal(row: Driven, source: str, *, why: str) -> StateChangedOutsideMachine:
    return StateChangedOutsideMachine(
        machine=row.__machine__, row_id=_row_id(row), source=source, dest=row.state, why=why
    )


def _row_id(row: Driven) -> str:
    return str(inspect(type(row)).primary_key_from_instance(row)[0])
