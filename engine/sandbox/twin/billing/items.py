"""What is subscribed to? Items of a subscription, their prices and their own periods."""

from __future__ import annotations

from engine.sandbox.twin.catalog.prices import new_price
from engine.sandbox.twin.catalog.pricing import in_currency
from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.usage.items import refuse_quantity, set_quantity
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

ONLY_RECURRING = (
    "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
)
ONLY_ONE_TIME = (
    "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."
)


def price_for(world: World, given: Obj, param: str, *, recurring: bool) -> Obj:
    """The price that is named or described inline; raises when it cannot be used here."""
    described = given.get("price_data")
    if described:
        world.refer("product", described["product"], f"{param}[price_data][product]")
        return new_price(world, described, inline=True, signed=not recurring)
    where = f"{param}[price]"
    named: str | None = given.get("price") or given.get("plan")
    if named is None:
        raise missing(where)
    price = world.refer("price", named, where)
    refuse_quantity(price, given, param)
    if (price["type"] == "recurring") != recurring:
        raise invalid(ONLY_RECURRING if recurring else ONLY_ONE_TIME, param=where)
    if not given.get("_held"):
        _check_sold(world, price, where)
    return price


def _check_sold(world: World, price: Obj, where: str) -> None:
    """Raise where a price, or its product, was archived."""
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=where)
    product = world.fetch("product", price["product"])
    if not product["active"]:
        text = (
            f"The product {product['id']} is marked as inactive, and thus cannot be sold with {price['id']}."
        )
        raise invalid(text, param=where, code="product_inactive")


def priced_in(price: Obj, currency: str | None) -> Obj:
    """The price in a currency, where it has one of several; a price that does not is left as it is."""
    return price if currency is None else in_currency(price, currency)


def check_currency(price: Obj, currency: str | None, param: str) -> None:
    """Raise when a price is in another currency than the rest."""
    if currency is not None and price["currency"] != currency:
        text = (
            f"The price specified only supports `{price['currency']}`."
            f" This doesn't match the expected currency: `{currency}`."
        )
        raise invalid(text, param=param)


def check_no_duplicates(items: Objs) -> None:
    """Raise when a price is on a subscription twice."""
    seen: set[str] = set()
    for item in items:
        id_ = item["price"]["id"]
        if id_ in seen:
            text = f"Cannot add multiple subscription items with the same plan: {id_}"
            raise invalid(text, param="items")
        seen.add(id_)


def plan_of(price: Obj) -> Obj:
    """The legacy `plan` hash that Stripe still sends with every item."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": clone(price["metadata"]),
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": recurring["usage_type"],
    }


def new_item(world: World, subscription: Obj, price: Obj, given: Obj) -> Obj:
    """An item of a subscription; its period is set by whoever adds it."""
    id_ = world.ids.new("si")
    world.shelf.add({"id": id_, "object": "_item", "subscription": subscription["id"]})
    item: Obj = {
        "id": id_,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": world.now_of(subscription),
        "current_period_end": 0,
        "current_period_start": 0,
        "current_trial": None,
        "discounts": [],
        "metadata": texts(given.get("metadata")),
        "subscription": subscription["id"],
        "tax_rates": named_rates(world, given.get("tax_rates"), "tax_rates"),
        "_debits": [],
    }
    set_price(item, price)
    set_quantity(item, given.get("quantity", 1))
    return item


def set_price(item: Obj, price: Obj) -> None:
    """Put an item on a price."""
    item["price"] = clone(price)
    item["plan"] = plan_of(price)


def items_of(subscription: Obj) -> Objs:
    """The items, oldest first."""
    items: Objs = subscription["items"]["data"]
    return items


def grid(subscription: Obj, price: Obj, at: int) -> tuple[int, int]:
    """The whole interval of the anchor's grid that holds an instant."""
    recurring = price["recurring"]
    day: int | None = inside(subscription, "billing_cycle_anchor_config").get("day_of_month")
    return calendar.period(
        subscription["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], at, day
    )


def set_period(subscription: Obj, item: Obj, at: int) -> None:
    """Give an item the period that holds an instant: the trial, or its interval on the anchor's grid."""
    if subscription["status"] == "trialing":
        start, end = max(subscription["trial_start"], subscription["_begins"]), subscription["trial_end"]
    else:
        start, end = grid(subscription, item["price"], at)
        start = max(start, subscription["_begins"])
    item["current_period_start"], item["current_period_end"] = start, end


def next_period_end(subscription: Obj) -> int:
    """When the first item has to be renewed."""
    return min(int(item["current_period_end"]) for item in items_of(subscription))
