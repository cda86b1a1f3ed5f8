"""What waits for a payment? Updates of a subscription that only apply once their invoice is paid.

Source: Stripe docs, billing/subscriptions/pending-updates.
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone

# What an update may not overwrite: it can have changed while the payment was missing.
_KEPT = {
    "id",
    "object",
    "_n",
    "_account",
    "_clock",
    "latest_invoice",
    "pending_update",
    "customer",
    "schedule",
}
HELD_SECONDS = 23 * 3600


def hold_update(subscription: Obj, updated: Obj, invoice: Obj, given: Obj, expires_at: int) -> None:
    """Keep aside what an update makes different until its invoice is paid."""
    invoice["_pending_update"] = subscription["id"]
    state = {
        name: clone(value)
        for name, value in updated.items()
        if name not in _KEPT and value != subscription.get(name)
    }
    subscription["_pending_state"] = state
    subscription["_pending_invoice"] = invoice["id"]
    items: Obj = state.get("items") or {}
    subscription["pending_update"] = {
        "billing_cycle_anchor": state.get("billing_cycle_anchor"),
        "cancel_at_period_end": given.get("cancel_at_period_end"),
        "discount": None,
        "discounts": clone(updated["discounts"]) if "discounts" in given else None,
        "expires_at": expires_at,
        "metadata": clone(updated["metadata"]) if "metadata" in given else None,
        "subscription_items": clone(items.get("data")),
        "trial_end": state.get("trial_end"),
        "trial_from_plan": given.get("trial_from_plan"),
    }


def apply_pending_update(world: World, subscription: Obj, invoice: Obj) -> None:
    """The invoice was paid: the update takes effect."""
    if subscription.get("_pending_invoice") != invoice["id"]:
        return
    before = clone(subscription)
    subscription.update(subscription["_pending_state"])
    subscription["latest_invoice"] = invoice["id"]
    _forget(subscription)
    world.emit("customer.subscription.pending_update_applied", subscription)
    world.emit("customer.subscription.updated", subscription, before=before)


def drop_pending_update(world: World, subscription: Obj) -> None:
    """The update will never take effect."""
    if not subscription["pending_update"]:
        return
    before = clone(subscription)
    _forget(subscription)
    if subscription["status"] != "canceled":
        world.emit("customer.subscription.pending_update_expired", subscription)
        world.emit("customer.subscription.updated", subscription, before=before)


def _forget(subscription: Obj) -> None:
    subscription["pending_update"] = None
    for name in ("_pending_state", "_pending_invoice"):
        subscription.pop(name, None)
