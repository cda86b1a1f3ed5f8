"""What does a card do when a fault says so? The next charge is declined, or asks for 3D Secure."""

from __future__ import annotations

from collections.abc import Callable

from engine.sandbox.twin.objects.cards import NEEDS_ACTION
from engine.sandbox.twin.values.types import Obj

from .book import Book, fits


def behaviour_by(book: Book) -> Callable[[Obj, Obj], str]:
    """How a card behaves when it is charged for an intent: as a fault says, or as it is."""

    def behaviour(intent: Obj, method: Obj) -> str:
        def hit(fault: Obj) -> bool:
            return fits(fault.get("customer"), intent["customer"]) and fits(
                fault.get("account"), intent["_account"]
            )

        declined = book.first("decline", hit)
        if declined is not None:
            return str(declined["code"])
        if book.first("require_3ds", hit) is not None:
            return NEEDS_ACTION
        return str(method["_behaviour"])

    return behaviour
