"""Where does a session lead at once? The flow of a portal session, checked against its configuration."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import StripeError, invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from .features import allowed_prices

_KINDS = (
    "customer_update", "subscription_cancel", "subscription_pause", "subscription_update",
    "subscription_update_confirm",
)  # fmt: skip
_FEATURES = {"subscription_update_confirm": "subscription_update"}
_ENDED = frozenset({"canceled", "incomplete_expired"})


def flow(world: World, given: Obj, customer: Obj, features: Obj) -> Obj:
    """The flow as it is shown; raises for what the customer cannot do."""
    kind: str = given["type"]
    feature = _FEATURES.get(kind, kind)
    if not features[feature]["enabled"]:
        text = (
            f"The `{feature}` feature is disabled in the portal configuration, so this flow cannot be used."
        )
        raise invalid(text, param="flow_data[type]")
    for name in _KINDS:
        if name in given and name != kind:
            raise invalid(f"You can not pass `{name}` with the flow `{kind}`.", param=f"flow_data[{name}]")
    shown: Obj = dict.fromkeys(_KINDS)
    if kind.startswith("subscription_"):
        if kind not in given:
            raise missing(f"flow_data[{kind}]")
        shown[kind] = _about_subscription(world, kind, clone(given[kind]), customer, features)
    elif kind == "customer_update":
        shown[kind] = {}
    return {**shown, "after_completion": _after(inside(given, "after_completion")), "type": kind}


def _after(given: Obj) -> Obj:
    kind = given.get("type", "portal_homepage")
    if kind == "redirect" and "redirect" not in given:
        raise missing("flow_data[after_completion][redirect]")
    confirmation = {"custom_message": None, **inside(given, "hosted_confirmation")}
    return {
        "hosted_confirmation": confirmation if kind == "hosted_confirmation" else None,
        "redirect": clone(given["redirect"]) if kind == "redirect" else None,
        "type": kind,
    }


def _about_subscription(world: World, kind: str, about: Obj, customer: Obj, features: Obj) -> Obj:
    where = f"flow_data[{kind}]"
    subscription = world.refer("subscription", about["subscription"], f"{where}[subscription]")
    if subscription["customer"] != customer["id"]:
        text = f"The subscription {subscription['id']} does not belong to the customer {customer['id']}."
        raise invalid(text, param=f"{where}[subscription]")
    if subscription["status"] in _ENDED:
        text = f"The subscription {subscription['id']} has already been canceled."
        raise invalid(text, param=f"{where}[subscription]")
    match kind:
        case "subscription_cancel":
            _check_cancel(world, subscription, about, where)
        case "subscription_update_confirm":
            _check_confirm(world, subscription, about, features, where)
        case _:
            pass
    return about


def _check_cancel(world: World, subscription: Obj, about: Obj, where: str) -> None:
    if subscription["cancel_at"] is not None:
        text = f"The subscription {subscription['id']} is already set to be canceled."
        raise invalid(text, param=f"{where}[subscription]")
    about.setdefault("retention", None)
    offer = inside(about, "retention", "coupon_offer").get("coupon")
    if offer is not None:
        world.refer("coupon", offer, f"{where}[retention][coupon_offer][coupon]")


def _check_confirm(world: World, subscription: Obj, about: Obj, features: Obj, where: str) -> None:
    items: Objs = about["items"]
    held: Objs = subscription["items"]["data"]
    if len(items) != 1 or len(held) != 1:
        text = "Only subscriptions with exactly one item can be updated in the portal."
        raise invalid(text, param=f"{where}[items]")
    if items[0]["id"] != held[0]["id"]:
        text = f"The item {items[0]['id']} does not belong to the subscription {subscription['id']}."
        raise invalid(text, param=f"{where}[items][0][id]")
    items[0].setdefault("price", held[0]["price"]["id"])
    refuse_change(subscription, items[0], features, f"{where}[items][0]")
    discounts: Objs = about.setdefault("discounts", None) or []
    if len(discounts) > 1:
        raise invalid("You may only specify one discount.", param=f"{where}[discounts]")
    for discount in discounts:
        discount |= {name: discount.get(name) for name in ("coupon", "promotion_code")}
        for kind in ("coupon", "promotion_code"):
            if discount[kind]:
                world.refer(kind, discount[kind], f"{where}[discounts][0][{kind}]")


def refuse_change(subscription: Obj, wanted: Obj, features: Obj, where: str) -> None:
    """Raise when the configuration does not let a customer change the item like this."""
    held = subscription["items"]["data"][0]
    allowed = features["subscription_update"]["default_allowed_updates"]
    entry = allowed_prices(features).get(wanted["price"])
    if wanted["price"] != held["price"]["id"] and (entry is None or "price" not in allowed):
        raise _not_offered(f"{where}[price]")
    count = wanted.get("quantity")
    if count is None or count == held.get("quantity"):
        return
    bounds = inside(entry, "adjustable_quantity")
    if entry is None or "quantity" not in allowed or not bounds["enabled"]:
        raise _not_offered(f"{where}[quantity]")
    if not bounds["minimum"] <= count <= (count if bounds["maximum"] is None else bounds["maximum"]):
        raise invalid("This quantity is out of bounds.", param=f"{where}[quantity]")


def _not_offered(where: str) -> StripeError:
    return invalid("The portal configuration does not offer this change.", param=where)
