"""What is different in classic billing mode? The mode of a subscription, and where classic resets the anchor.

Source: Stripe docs, billing/subscriptions/billing-mode and billing-mode/compare.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.usage.items import fixed_amount
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.types import Obj, Objs, as_list, inside


def new_mode(given: Obj, now: int) -> Obj:
    """The billing mode of a new subscription; flexible unless said otherwise."""
    mode: Obj = given.get("billing_mode") or {"type": "flexible"}
    flexible = mode.get("flexible")
    if mode["type"] == "classic":
        if flexible is not None:
            text = "`billing_mode[flexible]` can only be set when `billing_mode[type]` is `flexible`."
            raise invalid(text, param="billing_mode[flexible]")
        return {"type": "classic", "flexible": None}
    return flexible_mode(flexible, now)


def flexible_mode(given: Obj | None, now: int) -> Obj:
    """Flexible mode as it was asked for, adopted at an instant."""
    return {
        "type": "flexible",
        "flexible": {"proration_discounts": "included", **dict((given or {}).items())},
        "updated_at": now,
    }


def is_classic(subscription: Obj) -> bool:
    """Whether a subscription is billed in classic mode."""
    return bool(subscription["billing_mode"]["type"] == "classic")


def is_itemized(subscription: Obj) -> bool:
    """Whether prorations show their discounts beside the amount."""
    flexible = inside(subscription, "billing_mode", "flexible")
    return flexible.get("proration_discounts") == "itemized"


def interval_of(price: Obj) -> tuple[str, int]:
    """How often a price recurs."""
    recurring = price["recurring"]
    return recurring["interval"], recurring["interval_count"]


def check_intervals(subscription: Obj, items: Objs) -> None:
    """Raise where a classic subscription would have items of different intervals."""
    if is_classic(subscription) and len({interval_of(item["price"]) for item in items}) > 1:
        text = (
            "Currency and interval fields must match across all plans on this subscription."
            " Subscriptions with mixed intervals need `billing_mode[type]=flexible`."
        )
        raise invalid(text, param="items")


def resets_anchor(world: World, subscription: Obj, given: Obj) -> bool:
    """Whether classic mode begins a new cycle by itself: another interval, or a first price that costs."""
    if not is_classic(subscription) or subscription["status"] in {"trialing", "paused"}:
        return False
    held: Objs = subscription["items"]["data"]
    named = [_price(world, entry) for entry in as_list(given.get("items")) or []]
    prices = [price for price in named if price is not None]
    other = any(interval_of(price) != interval_of(held[0]["price"]) for price in prices)
    free = all(not fixed_amount(item) for item in held)
    return other or (free and any(amount_of(price, 1) for price in prices))


def _price(world: World, entry: Obj) -> Obj | None:
    """The recurring price that an item entry names or describes, as far as it can be told beforehand."""
    described: Obj | None = entry.get("price_data")
    if described is None:
        price = world.shelf.peek(entry.get("price") or entry.get("plan") or "")
        usable = price is not None and price["object"] == "price" and price["recurring"] is not None
        return price if usable else None
    return {
        "billing_scheme": "per_unit",
        "unit_amount": described.get("unit_amount"),
        "unit_amount_decimal": described.get("unit_amount_decimal"),
        "recurring": {"interval_count": 1, **described["recurring"]},
    }
