"""How does a subscription come to stand still? By a call that asks for a pause.

Source: Stripe docs, billing/subscriptions/pause.
"""

from __future__ import annotations

from engine.sandbox.twin.billing.charging import add_pending
from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.billing.proration import credit
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import void
from engine.sandbox.twin.lifecycle.ending import add_usage, last_invoice
from engine.sandbox.twin.values.types import Obj, clone, inside

from .standing import stand_still

_PAUSABLE = {"active", "past_due", "unpaid"}


def refuse_pause(subscription: Obj) -> None:
    """Raise where Stripe does not pause a subscription."""
    if subscription["billing_mode"]["type"] == "classic":
        raise invalid("Only subscriptions with `billing_mode[type]=flexible` can be paused.")
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("Only subscriptions with `collection_method=charge_automatically` can be paused.")
    if subscription["status"] not in _PAUSABLE:
        raise invalid(f"You cannot pause a subscription with the status `{subscription['status']}`.")
    if subscription["schedule"]:
        raise invalid("You cannot pause a subscription that is attached to a subscription schedule.")


def pause(world: World, subscription: Obj, given: Obj) -> None:
    """Stop service and billing: what is unused is credited, pending or on an invoice at once."""
    refuse_pause(subscription)
    before: Obj = clone(subscription)
    held = world.shelf.take(subscription.get("_pending_invoice") or "")
    subscription["_silent"] = True
    if held is not None:
        void(world, held)
    _give_back(world, subscription, inside(given, "bill_for", "unused_time_from").get("type", "now"))
    if inside(given, "bill_for", "outstanding_usage_through").get("type", "now") == "now":
        add_usage(world, subscription)
    if given.get("invoicing_behavior") == "invoice":
        last_invoice(world, subscription, "subscription_update")
    subscription.pop("_silent", None)
    now = world.now_of(subscription)
    for item in items_of(subscription):
        item["current_period_end"] = max(item["current_period_start"], now)
    stand_still(world, subscription, "pause_requested", before)


def _give_back(world: World, subscription: Obj, since: str) -> None:
    """Credit the rest of the periods from now, from their beginning, or not at all."""
    now = world.now_of(subscription)
    for item in items_of(subscription):
        at = item["current_period_start"] if since == "item_current_period_start" else now
        for entry in credit(world, subscription, item, at) if since != "none" else []:
            add_pending(world, subscription, entry)
        item["_debits"] = []
