"""Which calls make, show and end subscriptions?"""

from __future__ import annotations

from engine.sandbox.twin.billing.refusals import refuse_when_ended
from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.objects.discounts import deleted_discount
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside

from . import ending, phases

CREATE_FIELDS = (
    "add_invoice_items", "billing_cycle_anchor", "billing_mode", "cancel_at", "cancel_at_period_end",
    "collection_method", "currency", "customer", "days_until_due", "default_payment_method",
    "default_tax_rates", "description", "discounts", "items", "metadata", "off_session", "payment_behavior",
    "payment_settings", "proration_behavior", "trial_end", "trial_period_days", "trial_settings",
    "trial_from_plan",
)  # fmt: skip
UPDATE_FIELDS = (
    "add_invoice_items", "billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "cancellation_details",
    "collection_method", "days_until_due", "default_payment_method", "default_tax_rates", "description",
    "discounts", "items", "metadata", "off_session", "pause_collection", "payment_behavior",
    "payment_settings", "proration_behavior", "proration_date", "trial_end", "trial_settings",
)  # fmt: skip
_ENDED = {"canceled", "incomplete_expired"}


def create(call: Call) -> Obj:
    """A subscription of a customer."""
    world, params = call.world, call.params
    customer = world.refer("customer", params["customer"], "customer")
    if params.get("payment_behavior") == "pending_if_incomplete":
        text = "`pending_if_incomplete` can only be used when updating a subscription."
        raise invalid(text, param="payment_behavior")
    return start(world, customer, params.hand_on(*CREATE_FIELDS))


def update(call: Call) -> Obj:
    """Change a subscription."""
    subscription = call.world.fetch("subscription", call.id)
    given = call.params.hand_on(*UPDATE_FIELDS)
    split_phase = phases.before_direct_change(call.world, subscription, given)
    apply_update(call.world, subscription, given)
    split_phase()
    return subscription


def cancel(call: Call) -> Obj:
    """End a subscription now."""
    world, params = call.world, call.params
    subscription = world.fetch("subscription", call.id)
    refuse_when_ended(subscription)
    details = inside(params.get("cancellation_details"))
    subscription["cancellation_details"].update(details)
    prorate, invoice_now = params.get("prorate", False), params.get("invoice_now", False)
    ending.cancel(world, subscription, prorate=prorate, invoice_now=invoice_now)
    return subscription


def delete_discount(call: Call) -> Obj:
    """Take all discounts off a subscription."""
    subscription = call.world.fetch("subscription", call.id)
    if not subscription["discounts"]:
        raise invalid("No active discount for subscription", code="resource_missing")
    before = clone(subscription)
    discount = call.world.fetch("discount", subscription["discounts"][-1])
    subscription["discounts"] = []
    call.world.emit("customer.discount.deleted", discount)
    call.world.emit("customer.subscription.updated", subscription, before=before)
    return deleted_discount(discount)


def retrieve(call: Call) -> Obj:
    """One subscription, canceled ones too."""
    return call.world.fetch("subscription", call.id)


def list_all(call: Call) -> Obj:
    """Subscriptions, newest first; ended ones only when asked for."""
    params = call.params
    wanted = {name: params.get(name) for name in ("status", "price", "test_clock", "collection_method")}
    found = [held for held in _of(call, params) if _wanted(held, wanted)]
    return page("/v1/subscriptions", params, found)


def _of(call: Call, params: Params) -> list[Obj]:
    shelf = call.world.shelf
    customer = params.get("customer")
    return (
        list(shelf.kind("subscription"))
        if customer is None
        else shelf.find("subscription", customer=customer)
    )


def _wanted(held: Obj, params: Obj) -> bool:
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
    "POST /v1/subscriptions/{id}": update,
    "DELETE /v1/subscriptions/{id}": cancel,
    "DELETE /v1/subscriptions/{id}/discount": delete_discount,
}
