"""What is sold? Products and prices; a price's amount never changes."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, not_covered
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

_PRODUCT_FIELDS = (
    "active", "description", "images", "marketing_features", "name", "package_dimensions",
    "shippable", "statement_descriptor", "tax_code", "unit_label", "url",
)  # fmt: skip
_PRODUCT_FREE: Obj = {
    "active": True,
    "default_price": None,
    "tax_code": None,
    "type": "service",
    "unit_label": None,
}


def new_product(world: World, params: Params | Obj) -> Obj:
    """A product with the given fields."""
    id_ = params.get("id")
    if id_ and world.shelf.peek(id_):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    fields: Obj = {**clone(_PRODUCT_FREE), "name": params["name"]}
    product = world.new("product", "prod", {**fields, "updated": world.now()}, id_=id_)
    assign(product, Params(dict(params)), *_PRODUCT_FIELDS)
    merge_metadata(product, params)
    world.emit("product.created", product)
    return product


def create_product(call: Call) -> Obj:
    """A product, with its default price when one is described."""
    product = new_product(call.world, call.params)
    call.params.ignore("id", "name", "metadata", *_PRODUCT_FIELDS)
    described = call.params.get("default_price_data")
    if described:
        price = new_price(call.world, {**described, "product": product["id"]})
        product["default_price"] = price["id"]
    return product


def update_product(call: Call) -> Obj:
    """Change a product."""
    world = call.world
    product = world.fetch("product", call.id)
    before = clone(product)
    assign(product, call.params, *_PRODUCT_FIELDS, "default_price")
    merge_metadata(product, call.params)
    product["updated"] = world.now()
    world.emit("product.updated", product, before=before)
    return product


def delete_product(call: Call) -> Obj:
    """Delete a product without prices."""
    world = call.world
    product = world.fetch("product", call.id)
    if any(price["product"] == product["id"] for price in world.shelf.kind("price")):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    world.shelf.remove(product)
    world.emit("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


def list_products(call: Call) -> Obj:
    """Products, newest first."""
    active, ids = call.params.get("active"), call.params.get("ids")
    found = [
        product
        for product in call.world.shelf.kind("product")
        if active in {None, product["active"]} and (ids is None or product["id"] in ids)
    ]
    return page("/v1/products", call.params, found)


def create_price(call: Call) -> Obj:
    """A price of a product."""
    world, params = call.world, call.params
    if ("product" in params) == ("product_data" in params):
        raise exclusive("product", "product_data") if "product" in params else missing("product")
    if "product_data" in params:
        product = new_product(world, params["product_data"])
        price = new_price(world, {**params, "product": product["id"]})
    else:
        world.refer("product", params["product"], "product")
        _refuse_negative(params)
        price = new_price(world, params)
    params.ignore(*params)
    return price


def _refuse_negative(given: Obj) -> None:
    if float(given.get("unit_amount") or given.get("unit_amount_decimal") or 0) < 0:
        raise invalid("Invalid non-negative integer", param="unit_amount", code="parameter_invalid_integer")


def new_price(world: World, given: Obj, *, inline: bool = False) -> Obj:
    """A price with the given fields; an inline one (`price_data`) is not active."""
    for name in ("currency_options", "custom_unit_amount"):
        if given.get(name):
            raise not_covered(name)
    recurring = given.get("recurring")
    tiers: list[Obj] | None = given.get("tiers")
    fields: Obj = {
        "active": given.get("active", not inline),
        "billing_scheme": given.get("billing_scheme", "per_unit"),
        "currency": given["currency"].lower(),
        "metadata": given.get("metadata") or {},
        "nickname": given.get("nickname"),
        "lookup_key": given.get("lookup_key"),
        "product": given["product"],
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": given.get("tiers_mode"),
        "transform_quantity": given.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
    }
    fields |= _unit_amounts(given)
    if fields["billing_scheme"] == "tiered":
        fields["_tiers"] = _tiers(tiers, given)
    elif fields["unit_amount_decimal"] is None:
        raise missing("unit_amount")
    price = world.new("price", "price", fields)
    world.emit("price.created", price)
    return price


def _unit_amounts(given: Obj) -> Obj:
    """`unit_amount` and its decimal spelling; the former is null when the latter has a fraction."""
    amount, spelled = given.get("unit_amount"), given.get("unit_amount_decimal")
    if amount is not None and spelled is not None:
        raise exclusive("unit_amount", "unit_amount_decimal")
    if spelled is not None:
        whole = spelled.rstrip("0").rstrip(".") if "." in spelled else spelled
        return {"unit_amount": None if "." in whole else int(whole), "unit_amount_decimal": whole}
    return {"unit_amount": amount, "unit_amount_decimal": None if amount is None else str(amount)}


def _recurring(given: Obj) -> Obj:
    if given.get("usage_type") == "metered":
        raise not_covered("recurring[usage_type]")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": "licensed",
    }


def _tiers(tiers: list[Obj] | None, given: Obj) -> list[Obj]:
    if not tiers:
        raise missing("tiers")
    if given.get("tiers_mode") is None:
        raise missing("tiers_mode")
    return [_tier(tier) for tier in tiers]


def _tier(tier: Obj) -> Obj:
    shown: Obj = {"up_to": None if tier["up_to"] == "inf" else int(tier["up_to"])}
    for name in ("flat_amount", "unit_amount"):
        whole, spelled = tier.get(name), tier.get(f"{name}_decimal")
        if whole is None and spelled is not None and "." not in spelled:
            whole = int(spelled)
        shown[name] = whole
        shown[f"{name}_decimal"] = spelled if spelled is not None else _spelled(whole)
    return shown


def _spelled(amount: Any) -> str | None:
    return None if amount is None else str(amount)


def update_price(call: Call) -> Obj:
    """Change what is not money: active, nickname, lookup key, metadata."""
    price = call.world.fetch("price", call.id)
    before = clone(price)
    assign(price, call.params, "active", "nickname", "lookup_key", "tax_behavior")
    merge_metadata(price, call.params)
    call.params.ignore("transfer_lookup_key")
    call.world.emit("price.updated", price, before=before)
    return price


def list_prices(call: Call) -> Obj:
    """Prices, newest first."""
    params = call.params
    wanted = {name: params.get(name) for name in ("active", "currency", "product", "type")}
    keys: list[str] | None = params.get("lookup_keys")
    found = [
        price
        for price in call.world.shelf.kind("price")
        if all(value in {None, price[name]} for name, value in wanted.items())
        and (keys is None or price["lookup_key"] in keys)
    ]
    return page("/v1/prices", params, found)


def retrieve_price(call: Call) -> Obj:
    """One price."""
    return call.world.fetch("price", call.id)


def retrieve_product(call: Call) -> Obj:
    """One product."""
    return call.world.fetch("product", call.id)


ROUTES: Routes = {
    "POST /v1/products": create_product,
    "GET /v1/products": list_products,
    "GET /v1/products/{id}": retrieve_product,
    "POST /v1/products/{id}": update_product,
    "DELETE /v1/products/{id}": delete_product,
    "POST /v1/prices": create_price,
    "GET /v1/prices": list_prices,
    "GET /v1/prices/{id}": retrieve_price,
    "POST /v1/prices/{id}": update_price,
}
