"""What goes wrong with a delivery? Dropped, late, badly signed, twice; and the order of those of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.sandbox.twin.values.types import Obj, Objs, inside

from .book import Book, fits

T = TypeVar("T")
_SEVERAL = 2


def plan_of(book: Book, event: Obj, endpoint: str) -> Obj:
    """What the faults in force do to the delivery of an event to an endpoint; empty where nothing."""
    hit = _hitting(event, endpoint)
    plan: Obj = {}
    if book.first("webhook_never", hit) is not None:
        return {"never": True}
    if (fault := book.first("webhook_duplicated", hit)) is not None:
        plan["copies"] = fault.get("copies", 1)
    if (fault := book.first("webhook_late", hit)) is not None:
        plan["late_seconds"] = fault.get("seconds", 0)
        plan["late_milliseconds"] = fault.get("milliseconds", 0)
    if (fault := book.first("webhook_badly_signed", hit)) is not None:
        plan["spoil"] = fault.get("how", "wrong_secret")
    if book.first("webhook_before_answer", hit) is not None:
        plan["before_answer"] = True
    return plan


def in_order(book: Book, events: Objs, endpoint: str, sent: list[T]) -> list[T]:
    """The deliveries of one call to an endpoint, shuffled by the seed where a fault says so."""
    if len(sent) < _SEVERAL:
        return sent
    first = events[0]
    fault = book.first("webhook_shuffled", _hitting(first, endpoint))
    if fault is None:
        return sent
    numbered = list(enumerate(sent))
    mixed = sorted(numbered, key=lambda pair: book.drawn(fault["id"], first["id"], pair[0]))
    if mixed == numbered:
        mixed.reverse()
    return [each for _, each in mixed]


def _hitting(event: Obj, endpoint: str) -> Callable[[Obj], bool]:
    about = inside(event, "data", "object")
    customer = about.get("customer") if about.get("object") != "customer" else about.get("id")

    def hits(fault: Obj) -> bool:
        return (
            fits(fault.get("type"), event["type"])
            and fits(fault.get("webhook_endpoint"), endpoint)
            and fits(fault.get("customer"), customer if isinstance(customer, str) else None)
            and fits(fault.get("account"), event["_account"])
        )

    return hits
