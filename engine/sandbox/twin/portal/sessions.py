"""Who may enter the portal? Whoever holds the address of a session.

Source: Stripe's API description of `POST /v1/billing_portal/sessions`.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from .configurations import KIND, default_of
from .flows import flow


def create(call: Call) -> Obj:
    """A session of a customer, with the address of its page."""
    world, params = call.world, call.params
    if params.get("customer_account"):
        raise no_such("account", params["customer_account"], param="customer_account", status=400)
    if not params.get("customer"):
        raise missing("customer")
    customer = world.refer("customer", params["customer"], "customer")
    configuration = _configuration(world, params.get("configuration"))
    given = params.get("flow_data")
    session = new_session(world, customer, configuration, params.get("return_url"))
    session |= {name: params.get(name) for name in ("locale", "on_behalf_of")}
    after: Obj | None = params.whole("after_expiration")
    if after is not None:
        login = {"expires_at": None, **after["customer_login"]} if "customer_login" in after else None
        session["after_expiration"] = {**after, "customer_login": login}
    if given is not None:
        session["flow"] = flow(world, params.whole("flow_data"), customer, configuration["features"])
    world.emit("billing_portal.session.created", session)
    return session


def _configuration(world: World, id_: str | None) -> Obj:
    if not id_:
        return default_of(world)
    found = world.refer(KIND, id_, "configuration")
    if not found["active"]:
        raise invalid(f"The configuration {id_} is inactive.", param="configuration")
    return found


def new_session(world: World, customer: Obj, configuration: Obj, return_url: str | None) -> Obj:
    """A session that leads to the portal's front page."""
    session = world.new(
        "billing_portal.session",
        "bps",
        {
            "configuration": configuration["id"],
            "customer": customer["id"],
            "return_url": return_url or configuration["default_return_url"],
        },
        clock=customer["_clock"],
    )
    session["url"] = f"{world.base_url}/p/session/{session['id']}"
    return session


ROUTES: Routes = {"POST /v1/billing_portal/sessions": create}
