"""Which calls change single items of a subscription?"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from . import phases

_HOW = ("payment_behavior", "proration_behavior", "proration_date", "off_session")
_ITEM = (
    "billing_thresholds",
    "discounts",
    "metadata",
    "plan",
    "price",
    "price_data",
    "quantity",
    "tax_rates",
)


def _find(world: World, id_: str) -> tuple[Obj, Obj]:
    """An item and its subscription."""
    named = world.shelf.peek(id_) or {}
    subscription = world.shelf.take(named.get("subscription") or "")
    seen = subscription is not None and subscription["_account"] == world.account
    if subscription is not None and seen and named["object"] == "_item":
        for item in items_of(subscription):
            if item["id"] == id_:
                return item, subscription
    raise no_such("subscription item", id_, param="item")


def _change(call: Call, subscription: Obj, entry: Obj) -> None:
    """Update the subscription with one item."""
    given: Obj = call.params.hand_on(*_HOW)
    given["items"] = [entry]
    split = phases.before_direct_change(call.world, subscription, given)
    apply_update(call.world, subscription, given)
    split()


def create(call: Call) -> Obj:
    """Add an item."""
    subscription = call.world.refer("subscription", call.params["subscription"], "subscription")
    held = {item["id"] for item in items_of(subscription)}
    _change(call, subscription, call.params.hand_on(*_ITEM))
    added = [item for item in _shown(subscription) if item["id"] not in held]
    return added[0]


def _shown(subscription: Obj) -> list[Obj]:
    """The items, those of an update that waits included."""
    waiting: Obj = subscription.get("_pending_state") or {}
    return items_of(waiting if "items" in waiting else subscription)


def update(call: Call) -> Obj:
    """Change an item."""
    _, subscription = _find(call.world, call.id)
    _change(call, subscription, {"id": call.id, **call.params.hand_on(*_ITEM)})
    return _find(call.world, call.id)[0]


def delete(call: Call) -> Obj:
    """Take an item off."""
    _, subscription = _find(call.world, call.id)
    call.params.ignore("clear_usage")
    _change(call, subscription, {"id": call.id, "deleted": True})
    return {"id": call.id, "object": "subscription_item", "deleted": True}


def retrieve(call: Call) -> Obj:
    """One item."""
    return _find(call.world, call.id)[0]


def list_all(call: Call) -> Obj:
    """The items of a subscription."""
    subscription = call.world.refer("subscription", call.params["subscription"], "subscription")
    return page("/v1/subscription_items", call.params, items_of(subscription), newest_first=False)


ROUTES: Routes = {
    "POST /v1/subscription_items": create,
    "GET /v1/subscription_items": list_all,
    "GET /v1/subscription_items/{id}": retrieve,
    "POST /v1/subscription_items/{id}": update,
    "DELETE /v1/subscription_items/{id}": delete,
}
