"""What do lasting coupons take off a whole period of an item? The part of each discount.

Source: Stripe docs, billing/subscriptions/prorations and billing/subscriptions/coupons.
"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.discounting import coupon_of, parts_off
from engine.sandbox.twin.usage.items import fixed_amount
from engine.sandbox.twin.values.types import Obj, Objs

from .modes import is_classic


def reductions(world: World, subscription: Obj, item: Obj) -> Objs:
    """The item's own discounts first, then its share of the subscription's; coupons for one invoice never.

    In classic mode each discount of the subscription is taken off the item as if it stood alone.
    """
    items = [item] if is_classic(subscription) else items_of(subscription)
    taken: list[Objs] = [[] for _ in items]
    for held, parts in zip(items, taken, strict=True):
        for discount in held["discounts"]:
            _take(world, discount, [held], [parts])
    for discount in subscription["discounts"]:
        _take(world, discount, items, taken)
    for held, parts in zip(items, taken, strict=True):
        if held["id"] == item["id"]:
            return parts
    return []


def _take(world: World, discount: str, items: Objs, taken: list[Objs]) -> None:
    coupon = coupon_of(world, discount)
    if coupon is None or coupon["duration"] == "once":
        return
    left = [
        fixed_amount(held) - sum(part["amount"] for part in parts)
        for held, parts in zip(items, taken, strict=True)
    ]
    products = [str(held["price"]["product"]) for held in items]
    shares = parts_off(coupon, products, left, items[0]["price"]["currency"])
    for parts, share in zip(taken, shares, strict=True):
        if share:
            parts.append({"discount": discount, "amount": share})
