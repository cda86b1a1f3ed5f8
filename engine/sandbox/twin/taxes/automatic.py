"""May Stripe work the taxes out? The twin does not play that: it can only be told that nobody wants it."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import not_covered
from engine.sandbox.twin.values.params import mark_read
from engine.sandbox.twin.values.types import Obj, inside


def refuse_automatic(given: Obj, where: str = "") -> None:
    """Raise where automatic tax is switched on; switched off it says nothing, whoever would be liable."""
    told = inside(given, "automatic_tax")
    if told.get("enabled"):
        raise not_covered(f"{where}[automatic_tax][enabled]" if where else "automatic_tax[enabled]")
    mark_read(told)
