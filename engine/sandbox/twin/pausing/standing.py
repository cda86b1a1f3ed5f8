"""What does a paused subscription show, and when does it go on?

Its resumption may wait for an invoice: what the resumption makes of it is kept aside until then.
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone

_KEPT = {"latest_invoice", "pending_update", "customer", "metadata", "status"}


def stand_still(world: World, subscription: Obj, cause: str, before: Obj) -> None:
    """The subscription is paused from now on, and why."""
    details = {"type": cause}
    paused = {
        "type": "subscription",
        "transitioned_at": world.now_of(subscription),
        "subscription": details,
    }
    subscription["status"] = "paused"
    subscription["status_details"] = {"paused": paused}
    world.emit("customer.subscription.paused", subscription)
    world.emit("customer.subscription.updated", subscription, before=before)


def wait_for(subscription: Obj, state: Obj, invoice: Obj, behavior: str) -> None:
    """Keep the resumed state aside until the resumption invoice is settled."""
    invoice["_resumes"] = behavior
    subscription["_resumed_state"] = {
        name: clone(value)
        for name, value in state.items()
        if name not in _KEPT and value != subscription.get(name)
    }
    subscription["_resume_invoice"] = invoice["id"]


def go_on(world: World, subscription: Obj, status: str) -> None:
    """The subscription runs again."""
    before = clone(subscription)
    subscription.update(subscription.pop("_resumed_state", {}))
    subscription.pop("_resume_invoice", None)
    subscription.pop("status_details", None)
    subscription["status"] = status
    world.emit("customer.subscription.resumed", subscription)
    world.emit("customer.subscription.updated", subscription, before=before)


def stay_paused(subscription: Obj) -> None:
    """The resumption came to nothing."""
    subscription.pop("_resumed_state", None)
    subscription.pop("_resume_invoice", None)
