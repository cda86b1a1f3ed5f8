"""What stands behind an amount without a price? A price and a product that no list of active ones shows."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from .products import new_product


def unlisted_price(world: World, amount: int | str, currency: str, name: str | None) -> Obj:
    """The inactive price, under an inactive product, that Stripe makes for an amount without a price."""
    product = new_product(world, {"name": name or "Custom amount", "active": False})
    fields: Obj = {
        "active": False,
        "billing_scheme": "per_unit",
        "currency": currency,
        "metadata": {},
        "product": product["id"],
        "tax_behavior": "unspecified",
        "type": "one_time",
        "unit_amount": amount if isinstance(amount, int) else None,
        "unit_amount_decimal": str(amount),
        "_options": {},
    }
    price = world.new("price", "price", fields)
    world.emit("price.created", price)
    return price
