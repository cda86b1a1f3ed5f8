"""Which calls make, show and end subscriptions?"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Params, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.types import Obj

from .starting import start

CREATE_FIELDS = (
    "add_invoice_items", "billing_cycle_anchor", "billing_mode", "cancel_at", "cancel_at_period_end",
    "collection_method", "currency", "customer", "days_until_due", "default_payment_method", "description",
    "discounts", "items", "metadata", "off_session", "payment_behavior", "payment_settings",
    "proration_behavior", "trial_end", "trial_period_days", "trial_settings", "trial_from_plan",
)  # fmt: skip
_ENDED = {"canceled", "incomplete_expired"}


def create(call: Call) -> Obj:
    """A subscription of a customer."""
    world, params = call.world, call.params
    customer = world.refer("customer", params["customer"], "customer")
    if params.get("payment_behavior") == "pending_if_incomplete":
        text = "`pending_if_incomplete` can only be used when updating a subscription."
        raise invalid(text, param="payment_behavior")
    params.ignore(*CREATE_FIELDS)
    return start(world, customer, dict(params))


def retrieve(call: Call) -> Obj:
    """One subscription, canceled ones too."""
    return call.world.fetch("subscription", call.id)


def list_all(call: Call) -> Obj:
    """Subscriptions, newest first; ended ones only when asked for."""
    params = call.params
    return page("/v1/subscriptions", params, [held for held in _of(call, params) if _wanted(held, params)])


def _of(call: Call, params: Params) -> list[Obj]:
    shelf = call.world.shelf
    customer = params.get("customer")
    return (
        list(shelf.kind("subscription"))
        if customer is None
        else shelf.find("subscription", customer=customer)
    )


def _wanted(held: Obj, params: Params) -> bool:
    status = params.get("status")
    fits = held["status"] not in _ENDED if status is None else status in {"all", held["status"]}
    if status == "ended":
        fits = held["status"] in _ENDED
    price, clock = params.get("price"), params.get("test_clock")
    method = params.get("collection_method")
    return (
        fits
        and (clock is None or held["test_clock"] == clock)
        and method in {None, held["collection_method"]}
        and (price is None or any(item["price"]["id"] == price for item in held["items"]["data"]))
    )


ROUTES: Routes = {
    "POST /v1/subscriptions": create,
    "GET /v1/subscriptions": list_all,
    "GET /v1/subscriptions/{id}": retrieve,
}
