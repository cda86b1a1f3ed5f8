"""What may a customer do in the portal? The features of a configuration, with what they are by default."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

_MOST_PRODUCTS = 10
_REASONS = ["too_expensive", "missing_features", "switched_service", "unused", "other"]
USUAL: Obj = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": None, "options": _REASONS},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {
        "duration": {"interval_options": [], "type": "indefinite"},
        "enabled": False,
    },
    "subscription_update": {
        "billing_cycle_anchor": "unchanged",
        "default_allowed_updates": [],
        "enabled": False,
        "products": None,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def changed(world: World, held: Obj, given: Obj) -> Obj:
    """The features with what was given written over them; raises for what does not go together."""
    merged: Obj = clone(held)
    for name, wanted in given.items():
        merged[name] |= {key: _emptied(merged[name][key], value) for key, value in wanted.items()}
    reasons = merged["subscription_cancel"]["cancellation_reason"]
    merged["subscription_cancel"]["cancellation_reason"] = {
        **USUAL["subscription_cancel"][_REASON],
        **reasons,
    }
    merged["subscription_cancel"]["cancellation_reason"]["options"] = reasons.get("options") or []
    merged["subscription_pause"]["duration"] = {"interval_options": []} | merged["subscription_pause"][
        "duration"
    ]
    _check_updates(merged)
    _check_products(world, merged["subscription_update"])
    _check_pause(merged["subscription_pause"])
    return merged


_REASON = "cancellation_reason"


def _emptied(held: object, value: object) -> object:
    """An empty text empties a list and unsets anything else."""
    return ([] if isinstance(held, list) else None) if value == "" else clone(value)


def _check_updates(features: Obj) -> None:
    customer = features["customer_update"]
    if customer["enabled"] and not customer["allowed_updates"]:
        raise missing("features[customer_update][allowed_updates]")
    update = features["subscription_update"]
    if update["enabled"]:
        for name in ("default_allowed_updates", "products"):
            if not update[name]:
                raise missing(f"features[subscription_update][{name}]")


def _check_products(world: World, update: Obj) -> None:
    products: Objs = update["products"] or []
    where = "features[subscription_update][products]"
    if len(products) > _MOST_PRODUCTS:
        raise invalid(f"You can only set up to {_MOST_PRODUCTS} products.", param=where)
    for index, entry in enumerate(products):
        product = world.refer("product", entry["product"], f"{where}[{index}][product]")
        for place, id_ in enumerate(entry["prices"]):
            price = world.refer("price", id_, f"{where}[{index}][prices][{place}]")
            if price["product"] != product["id"] or not price["recurring"]:
                text = f"The price {id_} must be a recurring price of the product {product['id']}."
                raise invalid(text, param=f"{where}[{index}][prices][{place}]")
        adjusts: Obj = {"enabled": False, "maximum": None, "minimum": 1} | inside(
            entry, "adjustable_quantity"
        )
        if adjusts["minimum"] < 0 or (adjusts["maximum"] or adjusts["minimum"]) < adjusts["minimum"]:
            raise invalid("Invalid bounds.", param=f"{where}[{index}][adjustable_quantity]")
        entry["adjustable_quantity"] = adjusts


def _check_pause(pause: Obj) -> None:
    duration = pause["duration"]
    where = "features[subscription_pause][duration]"
    options: Objs = duration["interval_options"] or []
    duration["interval_options"] = [{"interval_count": 1, **option} for option in options]
    if duration["type"] == "interval_options" and not options:
        raise missing(f"{where}[interval_options]")
    if any(option["interval_count"] < 1 for option in duration["interval_options"]):
        raise invalid("Invalid positive integer", param=f"{where}[interval_options]")


def allowed_prices(features: Obj) -> dict[str, Obj]:
    """The prices to which a subscription may be changed, each with the entry of its product."""
    products: Objs = features["subscription_update"]["products"] or []
    return {price: entry for entry in products for price in entry["prices"]}
