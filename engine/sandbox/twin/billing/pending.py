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
    "metadata",
    "status",
    "latest_invoice",
    "pending_update",
    "customer",
}
HELD_SECONDS = 23 * 3600


def hold_update(world: World, subscription: Obj, updated: Obj, invoice: Obj, expires_at: int) -> None:
    """Keep the updated state aside until its invoice is paid."""
    invoice["_pending_update"] = subscription["id"]
    subscription["_pending_state"] = clone(updated)
    subscription["_pending_invoice"] = invoice["id"]
    anchored = updated["billing_cycle_anchor"] != subscription["billing_cycle_anchor"]
    subscription["pending_update"] = {
        "billing_cycle_anchor": updated["billing_cycle_anchor"] if anchored else None,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires_at,
        "metadata": None,
        "subscription_items": clone(updated["items"]["data"]),
        "trial_end": updated["trial_end"],
        "trial_from_plan": None,
    }
    world.schedule(subscription["id"])


def apply_pending_update(world: World, subscription: Obj, invoice: Obj) -> None:
    """The invoice was paid: the update takes effect."""
    if subscription.get("_pending_invoice") != invoice["id"]:
        return
    before = clone(subscription)
    state: Obj = subscription["_pending_state"]
    subscription.update({name: value for name, value in state.items() if name not in _KEPT})
    subscription["status"] = state["status"]
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
