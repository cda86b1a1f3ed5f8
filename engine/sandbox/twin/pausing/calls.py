"""Which calls pause, resume and migrate subscriptions, and what happens to a resumption in time?"""

from __future__ import annotations

from engine.sandbox.twin.billing.refusals import refuse_when_ended
from engine.sandbox.twin.core.call import Call, Happenings, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.terms.modes import flexible_mode, is_classic
from engine.sandbox.twin.values.types import Obj, clone

from . import pausing, resuming


def pause(call: Call) -> Obj:
    """Let a subscription stand still."""
    subscription = call.world.fetch("subscription", call.id)
    given = call.params.hand_on("bill_for", "invoicing_behavior")
    call.params.get("type")  # there is one type, `subscription`
    pausing.pause(call.world, subscription, given)
    return subscription


def resume(call: Call) -> Obj:
    """Let a paused subscription go on."""
    subscription = call.world.fetch("subscription", call.id)
    names = ("billing_cycle_anchor", "payment_behavior", "proration_behavior", "proration_date")
    resuming.resume(call.world, subscription, call.params.hand_on(*names))
    return subscription


def migrate(call: Call) -> Obj:
    """Bill a classic subscription in flexible mode from now on; what was billed before stays as it is."""
    world = call.world
    subscription = world.fetch("subscription", call.id)
    refuse_when_ended(subscription)
    if not is_classic(subscription):
        text = "This subscription is already in the billing mode `flexible`."
        raise invalid(text, param="billing_mode[type]")
    before = clone(subscription)
    mode = flexible_mode(call.params.whole("billing_mode").get("flexible"), world.now_of(subscription))
    subscription["billing_mode"] = mode
    schedule = world.shelf.take(subscription["schedule"] or "")
    if schedule is not None:
        schedule["billing_mode"] = clone(mode)
    world.emit("customer.subscription.updated", subscription, before=before)
    return subscription


ROUTES: Routes = {
    "POST /v1/subscriptions/{id}/pause": pause,
    "POST /v1/subscriptions/{id}/resume": resume,
    "POST /v1/subscriptions/{id}/migrate": migrate,
}
HAPPENINGS: Happenings = {"resumption_expires": resuming.give_up_resuming}
