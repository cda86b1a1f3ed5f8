"""What is sold? Products, with a default price where one is described."""

from __future__ import annotations

import re
from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params, mark_read
from engine.sandbox.twin.values.types import Obj, as_list, clone

from .prices import new_price

_FIELDS = (
    "active", "description", "images", "marketing_features", "package_dimensions", "shippable",
    "statement_descriptor", "tax_code", "tax_details", "unit_label", "url",
)  # fmt: skip
_LISTS = {"images": 8, "marketing_features": 15}
_URL = re.compile(r"https?://[^\s/]+\.[^\s]+|https?://localhost\S*")
_TAX_CODE = re.compile(r"txcd_\d{8}")
_DESCRIPTOR = re.compile(r"""[^<>\\'"*]*[A-Za-z][^<>\\'"*]*""")
_LONGEST_DESCRIPTOR = 22
_HAS_PRICES = "This product cannot be deleted because it has one or more user-created prices."


def new_product(world: World, params: Params | Obj) -> Obj:
    """A product with the given fields."""
    id_ = params.get("id")
    if id_ and world.shelf.peek(id_):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    free: Obj = {"active": True, "default_price": None, "tax_code": None, "unit_label": None}
    fields = {"name": not_blank(params["name"], "name"), "type": params.get("type", "service")}
    product = world.new("product", "prod", {**free, **fields, "updated": world.now()}, id_=id_ or None)
    _write(product, params)
    merge_metadata(product, params)
    world.emit("product.created", product)
    return product


def _write(product: Obj, params: Params | Obj) -> None:
    """The fields that are shown as they were given."""
    for name in _FIELDS:
        if name not in params:
            continue
        value = clone(params[name])
        mark_read(params[name])
        _check(name, value)
        empty: list[Any] | None = [] if name in _LISTS else None
        product[name] = empty if value == "" else value
    details = product["tax_details"]
    if details is not None:
        shown = {name: details.get(name) or None for name in ("performance_location", "tax_code")}
        product["tax_details"] = shown


def _check(name: str, value: Any) -> None:
    """Raise when Stripe would not take a value for a field."""
    if name in _LISTS and len(as_list(value) or ()) > _LISTS[name]:
        raise invalid(f"Invalid array: must be at most {_LISTS[name]} elements", param=name)
    links = {"url": [value], "images": as_list(value) or []}.get(name, [])
    if any(link and not _URL.fullmatch(str(link)) for link in links):
        raise invalid("Not a valid URL", param=name, code="url_invalid")
    if name == "tax_code" and value and not _TAX_CODE.fullmatch(value):
        raise no_such("tax code", value, param=name, status=400)
    if name == "statement_descriptor" and value:
        _check_descriptor(value)


def _check_descriptor(value: str) -> None:
    if len(value) > _LONGEST_DESCRIPTOR or not _DESCRIPTOR.fullmatch(value):
        text = (
            f"The statement descriptor must be at most {_LONGEST_DESCRIPTOR} characters, contain at least one"
            " letter, and none of the characters < > \\ ' \" *."
        )
        raise invalid(text, param="statement_descriptor")


def create(call: Call) -> Obj:
    """A product, with its default price when one is described."""
    world, params = call.world, call.params
    product = new_product(world, params)
    described = params.get("default_price_data")
    if described:
        price = new_price(world, described, product=product["id"], where="default_price_data")
        product["default_price"] = price["id"]
    return product


def update(call: Call) -> Obj:
    """Change a product."""
    world, params = call.world, call.params
    product = world.fetch("product", call.id)
    before = clone(product)
    if "name" in params:
        product["name"] = not_blank(params["name"], "name")
    _write(product, params)
    if "default_price" in params:
        product["default_price"] = _default_price(world, product, params["default_price"])
    merge_metadata(product, params)
    product["updated"] = world.now()
    world.emit("product.updated", product, before=before)
    return product


def _default_price(world: World, product: Obj, id_: str) -> str | None:
    if not id_:
        return None
    price = world.refer("price", id_, "default_price")
    if price["product"] != product["id"]:
        text = f"The price `{id_}` does not belong to the product `{product['id']}`."
        raise invalid(text, param="default_price")
    if not price["active"]:
        raise invalid("The default price of a product must be active.", param="default_price")
    return id_


def delete(call: Call) -> Obj:
    """Delete a product without prices."""
    world = call.world
    product = world.fetch("product", call.id)
    if any(price["product"] == product["id"] for price in world.shelf.kind("price")):
        raise invalid(_HAS_PRICES)
    for attached in world.shelf.find("product_feature", _product=product["id"]):
        world.shelf.remove(attached)
    world.shelf.remove(product)
    world.emit("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


def list_all(call: Call) -> Obj:
    """Products, newest first."""
    params = call.params
    ids: list[str] | None = params.get("ids")
    if ids is not None and (params.get("starting_after") or params.get("ending_before")):
        raise exclusive("ids", "starting_after", "ending_before")
    wanted = {name: params.get(name) for name in ("active", "shippable", "type", "url")}
    found = [
        product
        for product in call.world.shelf.kind("product")
        if all(value in {None, product[name]} for name, value in wanted.items())
        and (ids is None or product["id"] in ids)
    ]
    return page("/v1/products", params, found)


def retrieve(call: Call) -> Obj:
    """One product."""
    return call.world.fetch("product", call.id)


ROUTES: Routes = {
    "POST /v1/products": create,
    "GET /v1/products": list_all,
    "GET /v1/products/{id}": retrieve,
    "POST /v1/products/{id}": update,
    "DELETE /v1/products/{id}": delete,
}
