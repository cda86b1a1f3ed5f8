"""Who is entitled to what? Customers to the features of what they subscribe to, brought up to date by itself.

Source: Stripe docs, billing/entitlements and billing/subscriptions/pause.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs

from .features import features_of

ENTITLEMENT = "entitlements.active_entitlement"
_SUMMARY = "entitlements.active_entitlement_summary"
_ENTITLES = {"active", "trialing"}
_FOLLOWED = "customer.subscription."
_MOST_SHOWN = 10


def follow(world: World, events: Objs) -> None:
    """Bring the entitlements up to date of everybody whose subscriptions these events are about."""
    customers = {
        event["data"]["object"]["customer"]: event["_account"]
        for event in events
        if event["type"].startswith(_FOLLOWED)
    }
    for customer, account in customers.items():
        with world.acting_as(account):
            refresh(world, customer)


def refresh(world: World, customer: str) -> None:
    """Give a customer what the subscriptions say, take the rest, and tell of it where anything changed."""
    due = _features_due(world, customer)
    held = {entry["feature"]: entry for entry in world.shelf.find(ENTITLEMENT, customer=customer)}
    if not due.keys() ^ held.keys():
        return
    owner = world.shelf.peek(customer)
    clock = None if owner is None else owner.get("_clock")
    for feature, entry in held.items():
        if feature not in due:
            world.shelf.remove(entry)
    for feature, key in due.items():
        if feature not in held:
            about = {"feature": feature, "lookup_key": key, "_customer": customer}
            made = world.new(ENTITLEMENT, "ent_test", about, clock=clock)
            del made["created"]
    world.emit(f"{_SUMMARY}.updated", _summary(world, customer, clock))


def _features_due(world: World, customer: str) -> dict[str, str]:
    """The features, with their lookup keys, of the products that a customer's subscriptions hold now."""
    due: dict[str, str] = {}
    for subscription in world.shelf.owned("subscription", customer):
        if subscription["status"] not in _ENTITLES:
            continue
        for item in subscription["items"]["data"]:
            for attached in features_of(world, item["price"]["product"]):
                feature = attached["entitlement_feature"]
                due[feature["id"]] = feature["lookup_key"]
    return due


def _summary(world: World, customer: str, clock: str | None) -> Obj:
    held = [*reversed(world.shelf.find(ENTITLEMENT, customer=customer))]
    url = f"/v1/entitlements/active_entitlements?customer={customer}"
    shown = listing(url, held[:_MOST_SHOWN])
    shown["has_more"] = len(held) > _MOST_SHOWN
    return {
        "object": _SUMMARY,
        "customer": customer,
        "entitlements": shown,
        "livemode": False,
        "_clock": clock,
        "_account": world.account,
    }


def retrieve(call: Call) -> Obj:
    """One entitlement."""
    return call.world.fetch(ENTITLEMENT, call.id)


def list_all(call: Call) -> Obj:
    """What a customer is entitled to, newest first."""
    world, params = call.world, call.params
    customer = world.refer("customer", params["customer"], "customer")["id"]
    found = world.shelf.find(ENTITLEMENT, customer=customer)
    return page("/v1/entitlements/active_entitlements", params, found)


ROUTES: Routes = {
    "GET /v1/entitlements/active_entitlements": list_all,
    "GET /v1/entitlements/active_entitlements/{id}": retrieve,
}
