"""Which calls make, show and end subscriptions?"""

from __future__ import annotations

from engine.sandbox.twin.billing.refusals import refuse_when_ended
from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing, not_covered
from engine.sandbox.twin.core.render import fits_range, page
from engine.sandbox.twin.objects.discounts import deleted_discount
from engine.sandbox.twin.terms.settings import SETTINGS, write_settings
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from . import ending, phases

_CREATE = (
    "add_invoice_items", "backdate_start_date", "billing_cycle_anchor", "billing_cycle_anchor_config",
    "billing_mode", "cancel_at", "cancel_at_period_end", "currency", "items", "off_session",
    "payment_behavior", "proration_behavior", "trial_end", "trial_from_plan", "trial_period_days",
)  # fmt: skip
_UPDATE = (
    "add_invoice_items", "billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "items", "off_session",
    "payment_behavior", "proration_behavior", "proration_date", "trial_end", "trial_from_plan",
)  # fmt: skip
_FILTERS = (
    "automatic_tax", "collection_method", "current_period_end", "current_period_start", "plan", "price",
    "status", "test_clock",
)  # fmt: skip
_MOST = 500
_ENDED = {"canceled", "incomplete_expired"}


def create(call: Call) -> Obj:
    """A subscription of a customer."""
    world, params = call.world, call.params
    if "customer" not in params:
        raise not_covered("customer_account") if "customer_account" in params else missing("customer")
    customer = world.refer("customer", params["customer"], "customer")
    _check_room(call, customer)
    if params.get("payment_behavior") == "pending_if_incomplete":
        text = "`pending_if_incomplete` can only be used when updating a subscription."
        raise invalid(text, param="payment_behavior")
    return start(world, customer, params.hand_on(*_CREATE, *SETTINGS))


def _check_room(call: Call, customer: Obj) -> None:
    """A customer has at most so many subscriptions that run or are scheduled."""
    held = call.world.shelf.owned("subscription", customer["id"])
    if sum(each["status"] not in _ENDED for each in held) >= _MOST:
        text = f"Customer {customer['id']} already has the maximum of {_MOST} current subscriptions."
        raise invalid(text, param="customer", code="customer_max_subscriptions")


def update(call: Call) -> Obj:
    """Change a subscription."""
    subscription = call.world.fetch("subscription", call.id)
    given = call.params.hand_on(*_UPDATE, *SETTINGS)
    split_phase = phases.before_direct_change(call.world, subscription, given)
    apply_update(call.world, subscription, given)
    split_phase()
    return subscription


def cancel(call: Call) -> Obj:
    """End a subscription now."""
    world, params = call.world, call.params
    subscription = world.fetch("subscription", call.id)
    refuse_when_ended(subscription)
    write_settings(world, subscription, params.hand_on("cancellation_details"))
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
    wanted = {name: params.whole(name) for name in _FILTERS if name in params}
    found = [held for held in _of(call, params) if _wanted(held, wanted)]
    return page("/v1/subscriptions", params, found)


def _of(call: Call, params: Params) -> list[Obj]:
    shelf = call.world.shelf
    customer = params.get("customer")
    if customer is not None:
        return sorted(shelf.owned("subscription", customer), key=lambda held: int(held["_n"]))
    return list(shelf.kind("subscription"))


def _wanted(held: Obj, params: Obj) -> bool:
    status = params.get("status")
    fits = held["status"] not in _ENDED if status is None else status in {"all", held["status"]}
    if status == "ended":
        fits = held["status"] in _ENDED
    asked = {name: params.get(name) for name in ("collection_method", "test_clock")}
    same = all(value in {None, held[name]} for name, value in asked.items())
    taxed = inside(params.get("automatic_tax")).get("enabled", False)
    return fits and same and not taxed and _has_item(held, params)


def _has_item(held: Obj, params: Obj) -> bool:
    """Whether an item has the price that is asked for, and a period that begins and ends as asked."""
    price = params.get("price", params.get("plan"))
    items: Objs = held["items"]["data"]
    priced = any(price in {None, item["price"]["id"]} for item in items)
    names = ("current_period_start", "current_period_end")
    return priced and all(
        any(fits_range(item[name], params.get(name)) for item in items) for name in names if name in params
    )


ROUTES: Routes = {
    "POST /v1/subscriptions": create,
    "GET /v1/subscriptions": list_all,
    "GET /v1/subscriptions/{id}": retrieve,
    "POST /v1/subscriptions/{id}": update,
    "DELETE /v1/subscriptions/{id}": cancel,
    "DELETE /v1/subscriptions/{id}/discount": delete_discount,
}
