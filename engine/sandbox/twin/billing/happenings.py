"""What happens as time passes? Renewals, ends of trials, retries, expiries: each at its instant, in order."""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.types import Obj
from engine.sandbox.twin.core.world import World


def dues(_world: World, _obj: Obj) -> list[Due]:
    """What is to come for an object."""
    return []


def play(world: World, due: Due, id_: str) -> None:
    """Let one thing happen."""


def end_all(world: World, customer: Obj) -> None:
    """A deleted customer has no subscriptions."""
