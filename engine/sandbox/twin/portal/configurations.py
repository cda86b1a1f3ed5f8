"""How is the portal set up? Configurations: made, changed, one of them the default.

Source: Stripe's API description of `/v1/billing_portal/configurations`.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .features import USUAL, changed

KIND = "billing_portal.configuration"
_OF_THE_DEFAULT: Obj = {
    "customer_update": {"allowed_updates": ["email", "name", "address", "phone"], "enabled": True},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True},
}


def create(call: Call) -> Obj:
    """A configuration beside the default one."""
    world, params = call.world, call.params
    made = _new(world, changed(world, USUAL, params.whole("features")), is_default=False)
    _write(world, made, params)
    world.emit("billing_portal.configuration.created", made)
    return made


def _new(world: World, features: Obj, *, is_default: bool) -> Obj:
    empty = dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url"))
    return world.new(
        KIND,
        "bpc",
        {
            "active": True,
            "business_profile": empty,
            "features": features,
            "is_default": is_default,
            "login_page": {"enabled": False, "url": None},
            "metadata": {},
            "updated": world.now(),
        },
    )


def _write(world: World, held: Obj, params: Params) -> None:
    assign(held, params, "default_return_url", "name")
    profile: Obj = params.whole("business_profile") or {}
    held["business_profile"] |= {name: value or None for name, value in profile.items()}
    login = params.whole("login_page")
    if login is not None:
        url = f"{world.base_url}/p/login/{held['id']}" if login["enabled"] else None
        held["login_page"] = {"enabled": login["enabled"], "url": url}
    merge_metadata(held, params)


def update(call: Call) -> Obj:
    """Change a configuration; features that are not named stay."""
    world, params = call.world, call.params
    held = world.fetch(KIND, call.id, param="configuration")
    before = clone(held)
    if "features" in params:
        held["features"] = changed(world, held["features"], params.whole("features"))
    if params.get("active") is False and held["is_default"]:
        raise invalid("You cannot deactivate the default configuration.", param="active")
    assign(held, params, "active")
    _write(world, held, params)
    held["updated"] = world.now()
    world.emit("billing_portal.configuration.updated", held, before=before)
    return held


def retrieve(call: Call) -> Obj:
    """One configuration."""
    return call.world.fetch(KIND, call.id, param="configuration")


def list_all(call: Call) -> Obj:
    """Configurations, newest first."""
    default_of(call.world)
    active, is_default = call.params.get("active"), call.params.get("is_default")
    found = [
        held
        for held in call.world.shelf.kind(KIND)
        if active in {None, held["active"]} and is_default in {None, held["is_default"]}
    ]
    return page("/v1/billing_portal/configurations", call.params, found)


def default_of(world: World) -> Obj:
    """The default configuration, which a dashboard has made."""
    for held in world.shelf.find(KIND, is_default=True):
        return held
    return _new(world, changed(world, USUAL, _OF_THE_DEFAULT), is_default=True)


ROUTES: Routes = {
    "POST /v1/billing_portal/configurations": create,
    "GET /v1/billing_portal/configurations": list_all,
    "GET /v1/billing_portal/configurations/{id}": retrieve,
    "POST /v1/billing_portal/configurations/{id}": update,
}
