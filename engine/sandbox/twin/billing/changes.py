"""What would an update make of a subscription? The new state and what is owed for it; nothing is billed here.

Source: Stripe docs, billing/subscriptions/prorations, billing-cycle and billing-mode/compare.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.terms.ends import end_named, set_end
from engine.sandbox.twin.terms.modes import is_classic, resets_anchor
from engine.sandbox.twin.terms.settings import write_settings
from engine.sandbox.twin.usage.lines import billed_early
from engine.sandbox.twin.values.types import Obj, clone, inside

from .item_changes import Change, change_items, credit_of
from .items import grid, items_of, set_period
from .proration import credit, debit, in_advance

_FREE = {"trialing", "paused", "incomplete"}


def work_out(world: World, subscription: Obj, given: Obj) -> Change:
    """The change that these parameters make now, prorated from `proration_date` where that is given."""
    state: Obj = clone(subscription)
    write_settings(world, state, given)
    now = world.now_of(subscription)
    at = _proration_date(state, given, now)
    prorates = given.get("proration_behavior") != "none" and state["status"] not in _FREE
    change = Change(state, at, now, prorates=prorates)
    change.at_boundary = bool(given.get("_by_schedule")) and any(
        item["current_period_end"] == at for item in items_of(state)
    )
    asked = inside(given, "billing_cycle_anchor").get("type") == "now" or resets_anchor(world, state, given)
    ends_trial = given.get("trial_end") == "now" and state["status"] == "trialing"
    trial_end: int | str | None = given.get("trial_end")
    begins = asked or ends_trial or isinstance(trial_end, int)
    if begins:
        _check_beginning(state, given, now, asked=asked)
        _close_periods(world, change)
    change_items(world, change, given, priced=not begins)
    if asked or ends_trial:
        _restart(world, change, moves=asked or _follows_trial(state))
    elif isinstance(trial_end, int):
        _try_out(world, change, trial_end)
    else:
        _cut_or_extend(world, change, given)
    set_end(state, given, now)
    return change


def _proration_date(state: Obj, given: Obj, now: int) -> int:
    """The instant from which is prorated: it lies in the running period of every item."""
    at: int = given.get("proration_date", now)
    starts = [item["current_period_start"] for item in items_of(state)]
    ends = [item["current_period_end"] for item in items_of(state)]
    if "proration_date" in given and not max(starts) <= at <= min(ends):
        text = "Invalid `proration_date`: must be within the current period of every subscription item."
        raise invalid(text, param="proration_date")
    return at


def _check_beginning(state: Obj, given: Obj, now: int, *, asked: bool) -> None:
    """A paused subscription begins nothing, and a trial does not end after the anchor it is given."""
    trial_end = given.get("trial_end")
    if state["status"] == "paused":
        text = "A paused subscription begins no new period or trial until it is resumed."
        raise invalid(text, param="trial_end" if trial_end is not None else "billing_cycle_anchor")
    if not isinstance(trial_end, int):
        return
    if asked and "billing_cycle_anchor" in given:
        code = "subscription_update_trial_after_billing_cycle_anchor"
        raise invalid("`trial_end` cannot be after `billing_cycle_anchor`.", param="trial_end", code=code)
    limits.trial_end(trial_end, now)


def _follows_trial(state: Obj) -> bool:
    """Whether the anchor is that of the trial's end, so that it moves when the trial ends early."""
    kept = inside(state, "trial_settings", "end_behavior").get("billing_cycle_anchor") == "unchanged"
    return bool(state["billing_cycle_anchor"] == state["trial_end"] and not kept)


def _close_periods(world: World, change: Change) -> None:
    """All running periods end here: what is left of them is credited."""
    for item in items_of(change.state):
        change.entries += credit_of(world, change, item)
        item["_debits"] = []
    change.entries += billed_early(world, change.state, items_of(change.state), change.now)


def _restart(world: World, change: Change, *, moves: bool) -> None:
    """A new period of everything begins now, billed in full (or up to the anchor that stays) at once."""
    state = change.state
    if state["status"] == "trialing":
        state["status"] = "active"
        state["trial_end"] = change.now
    state["_begins"] = change.now
    if moves:
        state["billing_cycle_anchor"] = change.now
        state["billing_cycle_anchor_config"] = None
    if not change.at_boundary:
        _begin_periods(world, change)
        return
    for item in items_of(state):
        item["current_period_start"] = item["current_period_end"] = change.now


def _try_out(world: World, change: Change, trial_end: int) -> None:
    """A trial until an instant; the anchor moves there, unless the trial is said to leave it alone."""
    state = change.state
    running = state["status"] == "trialing"
    if inside(state, "trial_settings", "end_behavior").get("billing_cycle_anchor") != "unchanged":
        state["billing_cycle_anchor"] = trial_end
    state |= {"status": "trialing", "trial_end": trial_end, "_trial_told": False}
    if not running:
        state["_begins"] = change.now
        keeps = is_classic(state) and state["trial_start"] is not None
        state["trial_start"] = state["trial_start"] if keeps else change.now
    _begin_periods(world, change)
    change.bills = not running


def _begin_periods(world: World, change: Change) -> None:
    for item in items_of(change.state):
        set_period(change.state, item, change.now)
    change.periods = in_advance(world, change.state, items_of(change.state), beginning=True)
    change.bills = True


def _cut_or_extend(world: World, change: Change, given: Obj) -> None:
    """A date inside a paid period gives the rest back; withdrawing it charges the rest again.

    An end at a period's end moves no money. Classic mode takes the date as its new anchor.
    """
    state = change.state
    named = given.get("cancel_at")
    if isinstance(named, int):
        limits.future(named, change.now, "cancel_at")
    former = None if state["cancel_at_period_end"] else state["cancel_at"]
    ends = {"cancel_at", "cancel_at_period_end"} & set(given)
    new = end_named(state, named) if "cancel_at" in given else None
    if not ends or new == former or (given.get("cancel_at_period_end") is False and former is not None):
        return
    first = min(int(item["current_period_end"]) for item in items_of(state))
    for item in items_of(state):
        _move_end(world, change, item, former, new)
    if is_classic(state) and new is not None and new < first:
        _anchor_at(state, new)


def _move_end(world: World, change: Change, item: Obj, former: int | None, new: int | None) -> None:
    state = change.state
    whole = _whole_end(state, item)
    old_end = min(item["current_period_end"], former or whole)
    new_end = min(whole, new or whole)
    if new_end < old_end and change.prorates:
        change.entries += credit(world, state, item, new_end, until=old_end)
    if new_end > old_end and change.prorates:
        entry = debit(world, state, item, old_end, new_end)
        change.entries += [entry] if entry else []
    item["current_period_end"] = max(item["current_period_end"], new_end)


def _whole_end(state: Obj, item: Obj) -> int:
    """Where an item's period ends when nothing cuts it short."""
    start, end = int(item["current_period_start"]), int(item["current_period_end"])
    if state["status"] in _FREE or start == end:
        return end
    return grid(state, item["price"], start)[1]


def _anchor_at(state: Obj, at: int) -> None:
    """Classic mode: the periods end at the date, and so does a trial that would last longer."""
    state["billing_cycle_anchor"] = at
    for item in items_of(state):
        item["current_period_end"] = min(item["current_period_end"], at)
    if state["status"] == "trialing":
        state["trial_end"] = min(state["trial_end"], at)
