"""What can a page see, and what is it asked? The parts of the running twin, and one question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.deliveries.courier import Courier
from engine.sandbox.twin.faults.book import Book
from engine.sandbox.twin.hosted.html import Html, Part
from engine.sandbox.twin.protocol.asked import Exchange
from engine.sandbox.twin.values.types import Objs


@dataclass(frozen=True, slots=True)
class View:
    """The running twin, as its pages see it."""

    world: World
    exchanges: list[Exchange]
    book: Book
    courier: Courier
    move_live: Callable[[int], None]

    def all(self, kind: str) -> Objs:
        """Every object of a kind in whatever account, latest first."""
        return list(self.world.shelf.everywhere(kind))[::-1]

    def of_customer(self, kind: str, customer: str) -> Objs:
        """Every object of a kind that belongs to a customer, latest first."""
        return sorted(self.world.shelf.owned(kind, customer), key=lambda held: -int(held["_n"]))


@dataclass(frozen=True, slots=True)
class Question:
    """What a page was asked for: its path, the id in it, and what was filtered by."""

    path: str
    id: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    def get(self, name: str) -> str:
        """What was filtered by, without the spaces around it."""
        return self.query.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows: its title, what stands beside the title, and its sections."""

    title: str
    sections: tuple[Part, ...]
    beside: Html | None = None


Shower: TypeAlias = Callable[[View, Question], Page | None]
"""Makes a page, or nothing where there is no such thing."""
