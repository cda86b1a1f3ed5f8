"""Which items of a subscription are metered? They have no quantity and are not paid in advance."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.types import Obj, inside


def is_metered(price: Obj) -> bool:
    """Whether a price is for what is used and not for what is subscribed to."""
    return bool(inside(price, "recurring").get("usage_type") == "metered")


def refuse_quantity(price: Obj, given: Obj, where: str) -> None:
    """Raise where a quantity is given for a metered price."""
    if is_metered(price) and given.get("quantity") is not None:
        text = "Quantity should not be specified where usage_type is `metered`."
        raise invalid(f"{text} Remove quantity from `{where}`", param=f"{where}[quantity]")


def quantity_of(item: Obj) -> int:
    """How many of an item are subscribed to: none of what is metered."""
    return int(item.get("quantity", 0))


def fixed_amount(item: Obj) -> int:
    """What a whole period of an item costs, however much is used."""
    return 0 if is_metered(item["price"]) else amount_of(item["price"], quantity_of(item))


def wanted_quantity(price: Obj, given: Obj) -> int | None:
    """How many are asked for, one unless told; nothing where the price is metered."""
    return None if is_metered(price) else int(given.get("quantity", 1))


def set_quantity(item: Obj, quantity: int) -> None:
    """How many are subscribed to; a metered item does not have it at all."""
    if is_metered(item["price"]):
        item.pop("quantity", None)
    else:
        item["quantity"] = quantity
