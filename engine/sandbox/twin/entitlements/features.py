"""What can a product give? Features, and which products have them.

Source: Stripe docs, billing/entitlements.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone, texts

FEATURE = "entitlements.feature"
ATTACHED = "product_feature"
_LONGEST = 80


def create(call: Call) -> Obj:
    """A feature with a lookup key of its own."""
    world, params = call.world, call.params
    key = not_blank(params["lookup_key"], "lookup_key", longest=_LONGEST)
    if world.shelf.find(FEATURE, lookup_key=key):
        text = f"A feature with the lookup key `{key}` already exists."
        raise invalid(text, param="lookup_key", code="resource_already_exists")
    fields: Obj = {
        "active": True,
        "lookup_key": key,
        "metadata": texts(params.get("metadata")),
        "name": not_blank(params["name"], "name", longest=_LONGEST),
    }
    feature = world.new(FEATURE, "feat_test", fields)
    del feature["created"]
    return feature


def update(call: Call) -> Obj:
    """Rename it, or switch it off for new products."""
    feature = call.world.fetch(FEATURE, call.id)
    if "name" in call.params:
        feature["name"] = not_blank(call.params["name"], "name", longest=_LONGEST)
    active = call.params.get("active")
    if active and not feature["active"]:
        raise invalid("An archived feature cannot be activated again.", param="active")
    feature["active"] = feature["active"] if active is None else active
    merge_metadata(feature, call.params)
    for attached in call.world.shelf.find(ATTACHED, _feature=feature["id"]):
        attached["entitlement_feature"] = clone(feature)
    return feature


def retrieve(call: Call) -> Obj:
    """One feature."""
    return call.world.fetch(FEATURE, call.id)


def list_all(call: Call) -> Obj:
    """Features, newest first; archived ones only where they are asked for."""
    params = call.params
    key, archived = params.get("lookup_key"), params.get("archived", False)
    found = [
        feature
        for feature in call.world.shelf.kind(FEATURE)
        if feature["active"] is not archived and key in {None, feature["lookup_key"]}
    ]
    return page("/v1/entitlements/features", params, found)


def features_of(world: World, product: str) -> Objs:
    """The features that a product has, oldest first, each as it is attached."""
    return world.shelf.find(ATTACHED, _product=product)


def attach(call: Call) -> Obj:
    """Give a product a feature: who subscribes, or whose subscription changes or renews, gets it."""
    world = call.world
    product = world.fetch("product", call.id)
    feature = world.refer(FEATURE, call.params["entitlement_feature"], "entitlement_feature")
    if not feature["active"]:
        text = "An archived feature cannot be attached to a product."
        raise invalid(text, param="entitlement_feature")
    if any(held["_feature"] == feature["id"] for held in features_of(world, product["id"])):
        text = f"The feature `{feature['id']}` is already attached to this product."
        raise invalid(text, param="entitlement_feature", code="resource_already_exists")
    about = {"entitlement_feature": clone(feature), "_feature": feature["id"], "_product": product["id"]}
    made = world.new(ATTACHED, "prodft_test", about)
    del made["created"]
    return made


def _attached(call: Call) -> Obj:
    held = call.world.fetch(ATTACHED, call.id)
    if held["_product"] != call.path["productId"]:
        raise invalid(f"No such product_feature: '{call.id}'", param="id", code="resource_missing")
    return held


def retrieve_attached(call: Call) -> Obj:
    """One feature of a product."""
    call.world.fetch("product", call.path["productId"])
    return _attached(call)


def detach(call: Call) -> Obj:
    """Take a feature off a product; a subscription loses it when it changes or renews."""
    call.world.fetch("product", call.path["productId"])
    held = _attached(call)
    call.world.shelf.remove(held)
    return {"id": held["id"], "object": ATTACHED, "deleted": True}


def list_attached(call: Call) -> Obj:
    """The features of a product, newest first."""
    product = call.world.fetch("product", call.id)
    url = f"/v1/products/{product['id']}/features"
    return page(url, call.params, features_of(call.world, product["id"]))


ROUTES: Routes = {
    "POST /v1/entitlements/features": create,
    "GET /v1/entitlements/features": list_all,
    "GET /v1/entitlements/features/{id}": retrieve,
    "POST /v1/entitlements/features/{id}": update,
    "POST /v1/products/{id}/features": attach,
    "GET /v1/products/{id}/features": list_attached,
    "GET /v1/products/{productId}/features/{id}": retrieve_attached,
    "DELETE /v1/products/{productId}/features/{id}": detach,
}
