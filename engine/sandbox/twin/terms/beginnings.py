"""When does a subscription begin? Start, trial, anchor, first periods, and an end that is known already."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of, set_period
from engine.sandbox.twin.core.errors import exclusive, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, inside

from . import limits
from .anchors import asked_anchor
from .ends import end_named


def set_beginning(world: World, subscription: Obj, given: Obj) -> None:
    """Start, trial, anchor and the first periods, as a new subscription's parameters say."""
    now = world.now_of(subscription)
    _backdate(subscription, given, now)
    items = items_of(subscription)
    trial_end = _trial_end(subscription, given, now)
    if trial_end is not None and trial_end > given.get("billing_cycle_anchor", trial_end):
        raise invalid("`trial_end` cannot be after `billing_cycle_anchor`.", param="billing_cycle_anchor")
    anchor = asked_anchor(subscription, items, given, trial_end or now)
    if trial_end is not None:
        subscription |= {"status": "trialing", "trial_start": now, "trial_end": trial_end}
    keeps = inside(subscription, "trial_settings", "end_behavior")["billing_cycle_anchor"] == "unchanged"
    natural = now if trial_end is None or keeps else trial_end
    subscription["billing_cycle_anchor"] = natural if anchor is None else anchor
    for item in items:
        set_period(subscription, item, now)


def _backdate(subscription: Obj, given: Obj, now: int) -> None:
    start: int | None = given.get("backdate_start_date")
    if start is None:
        return
    if not 0 <= start < now:
        text = "`backdate_start_date` must be in the past."
        raise invalid(text, param="backdate_start_date")
    subscription["start_date"] = start


def _trial_end(subscription: Obj, given: Obj, now: int) -> int | None:
    """The end of a trial by days, by a timestamp or by the prices."""
    days, end = given.get("trial_period_days"), given.get("trial_end")
    from_plan = given.get("trial_from_plan", False)
    if days is not None and end is not None:
        raise exclusive("trial_end", "trial_period_days")
    if from_plan and end is not None:
        raise exclusive("trial_end", "trial_from_plan")
    if days is None and from_plan:
        days = max(
            item["price"]["recurring"].get("trial_period_days") or 0 for item in items_of(subscription)
        )
    if days is not None and not 0 <= days <= limits.MOST_TRIAL_DAYS:
        text = f"Invalid trial_period_days: must be between 0 and {limits.MOST_TRIAL_DAYS}"
        raise invalid(text, param="trial_period_days")
    if days:
        return now + int(days) * DAY
    if end in {None, "now"}:
        return None
    limits.trial_end(int(str(end)), now)
    return int(str(end))


def set_end(world: World, subscription: Obj, given: Obj) -> None:
    """An end that is known from the start."""
    wanted, flag = given.get("cancel_at"), given.get("cancel_at_period_end", False)
    if wanted is not None and flag:
        raise exclusive("cancel_at", "cancel_at_period_end")
    if not flag and wanted is None:
        return
    if isinstance(wanted, int):
        limits.future(wanted, world.now_of(subscription), "cancel_at")
    subscription["cancel_at_period_end"] = flag
    subscription["cancel_at"] = end_named(subscription, "min_period_end" if flag else wanted)
    subscription["canceled_at"] = subscription["created"]
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    if not flag and given.get("proration_behavior") != "none":
        _shorten(subscription)


def _shorten(subscription: Obj) -> None:
    """A date inside the first period makes it a short one, of which only the time until then is billed."""
    stop = subscription["cancel_at"]
    if subscription["status"] == "trialing":
        return
    for item in items_of(subscription):
        item["current_period_end"] = min(item["current_period_end"], stop)
