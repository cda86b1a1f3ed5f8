"""Which calls are there for prices? Made, changed, listed; and what `expand` adds to them."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Including, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone, inside

from .prices import claim_key, new_price
from .pricing import all_options, options
from .products import new_product

_MOST_KEYS = 10
_DEFAULT = "This price cannot be archived because it is the default price of its product."
_TAX_SET = "The `tax_behavior` of a price cannot be changed once it is `inclusive` or `exclusive`."


def create(call: Call) -> Obj:
    """A price of a product that exists, or of one that is made with it."""
    world, params = call.world, call.params
    if "product" in params and "product_data" in params:
        raise exclusive("product", "product_data")
    if "product_data" in params:
        product = new_product(world, params["product_data"])
    elif "product" in params:
        product = world.refer("product", params["product"], "product")
    else:
        raise invalid("You must specify either `product` or `product_data` when creating a price.")
    claim_key(world, params, own="")
    return new_price(world, params, product=product["id"])


def update(call: Call) -> Obj:
    """Change what is not money: active, nickname, lookup key, other currencies, metadata."""
    world, params = call.world, call.params
    price = world.fetch("price", call.id, param="price")
    before = clone(price)
    product = world.shelf.peek(price["product"]) or {}
    if params.get("active") is False and product.get("default_price") == price["id"]:
        raise invalid(_DEFAULT)
    behavior = params.get("tax_behavior", price["tax_behavior"])
    if behavior != price["tax_behavior"] and price["tax_behavior"] != "unspecified":
        raise invalid(_TAX_SET, param="tax_behavior")
    claim_key(world, params, own=price["id"])
    if "currency_options" in params:
        given: Obj = params["currency_options"] or {}
        made = options(given, price["currency"], price["billing_scheme"])
        price["_options"] = {**price["_options"], **made} if given else {}
    assign(price, params, "active", "nickname", "lookup_key", "tax_behavior")
    merge_metadata(price, params)
    world.emit("price.updated", price, before=before)
    return price


def list_all(call: Call) -> Obj:
    """Prices, newest first."""
    params = call.params
    if params.get("product"):
        call.world.refer("product", params["product"], "product")
    keys: list[str] | None = params.get("lookup_keys")
    if keys is not None and len(keys) > _MOST_KEYS:
        raise invalid(f"Invalid array: must be at most {_MOST_KEYS} elements", param="lookup_keys")
    wanted = {name: params.get(name) for name in ("active", "currency", "product", "type")}
    recurring: Obj = params.whole("recurring") or {}
    found = [
        price
        for price in call.world.shelf.kind("price")
        if all(value in {None, price[name]} for name, value in wanted.items())
        and (keys is None or price["lookup_key"] in keys)
        and all(inside(price, "recurring").get(name) == value for name, value in recurring.items())
    ]
    return page("/v1/prices", params, found)


def retrieve(call: Call) -> Obj:
    """One price."""
    return call.world.fetch("price", call.id, param="price")


def _tiers(_world: World, price: Obj) -> list[Obj] | None:
    return price.get("_tiers")


def _currency_options(_world: World, price: Obj) -> Obj:
    return all_options(price)


ROUTES: Routes = {
    "POST /v1/prices": create,
    "GET /v1/prices": list_all,
    "GET /v1/prices/{id}": retrieve,
    "POST /v1/prices/{id}": update,
}
INCLUDING: Including = {("price", "tiers"): _tiers, ("price", "currency_options"): _currency_options}
