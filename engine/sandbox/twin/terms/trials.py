"""When is the end of a trial announced?

Source: Stripe's API reference, event customer.subscription.trial_will_end.
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

NOTICE = 3 * DAY


def announce_near_end(world: World, subscription: Obj) -> None:
    """Tell at once of a trial that is shorter than the notice; a longer one is told of in time."""
    if subscription["status"] != "trialing" or subscription.get("_trial_told"):
        return
    soon = subscription["trial_end"] - world.now_of(subscription) <= NOTICE
    subscription["_trial_told"] = soon
    if soon:
        world.emit("customer.subscription.trial_will_end", subscription)
