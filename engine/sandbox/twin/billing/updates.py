"""How does an update of a subscription take effect? Worked out, billed, and applied or held."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import void
from engine.sandbox.twin.objects.payments import Result
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.terms.modes import is_classic
from engine.sandbox.twin.terms.trials import announce_near_end
from engine.sandbox.twin.values.types import Obj, Objs, clone

from .changes import work_out
from .charging import (
    add_pending,
    effect_of_pause,
    fill,
    hold_collection,
    open_invoice,
    settle_now,
    use_up_once,
)
from .item_changes import Change
from .one_time import one_time_entries
from .pending import HELD_SECONDS, hold_update
from .refusals import refuse_update

_COLLECTED = {"active", "trialing"}
_REPLACES = {"items", "billing_cycle_anchor", "trial_end", "cancel_at_period_end"}


def apply_update(world: World, subscription: Obj, given: Obj) -> Obj | None:
    """Update a subscription as the parameters say; answers the invoice that was made, if any."""
    limits.lists(given)
    refuse_update(subscription, given)
    _replace_pending(world, subscription, given)
    before: Obj = clone(subscription)
    change = work_out(world, subscription, given)
    invoice = bill_change(world, subscription, change, given)
    if before["status"] == "trialing" and given.get("trial_end") == "now":
        world.emit("customer.subscription.trial_will_end", subscription)
    if "trial_end" in given:
        announce_near_end(world, subscription)
    if subscription != before and not subscription.get("_silent"):
        world.emit("customer.subscription.updated", subscription, before=before)
    return invoice


def _replace_pending(world: World, subscription: Obj, given: Obj) -> None:
    """A new update takes the place of one that was never paid."""
    held = world.shelf.take(subscription.get("_pending_invoice") or "")
    if held is not None and set(given) & _REPLACES:
        void(world, held)


def bill_change(world: World, subscription: Obj, change: Change, given: Obj) -> Obj | None:
    """Bill a change at once or with the next invoice, and apply it."""
    always = given.get("proration_behavior") == "always_invoice"
    bills = change.bills or (always and bool(change.entries))
    state = change.state
    once = one_time_entries(world, state, given)
    added = [add_pending(world, state, entry) for entry in [*change.entries, *once]]
    if not bills:
        subscription.update(state)
        return None
    invoice = open_invoice(
        world, state, "subscription_update", period_start=_collected_since(subscription, change.at)
    )
    hold_collection(state, invoice)
    fill(world, state, invoice, change.periods, waiting=_only(state, change, added, always=always))
    use_up_once(world, state)
    world.emit("invoice.created", invoice)
    if given.get("_preview"):
        return invoice
    if given.get("_by_schedule"):
        subscription.update(state)
        invoice["automatically_finalizes_at"] = world.now_of(invoice) + world.settings.draft_seconds
        return invoice
    behavior = given.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        _pay_first(world, subscription, change, invoice, given)
    else:
        _apply_first(world, subscription, change, invoice, behavior)
    return invoice


def _only(state: Obj, change: Change, added: Objs, *, always: bool) -> Objs | None:
    """Classic mode leaves what was pending before out of an anchor reset that is invoiced at once."""
    return added if is_classic(state) and always and change.periods else None


def _collected_since(subscription: Obj, at: int) -> int:
    starts = [int(item["current_period_start"]) for item in subscription["items"]["data"]]
    return min(at, *starts)


def _apply_first(world: World, subscription: Obj, change: Change, invoice: Obj, behavior: str) -> None:
    """The change holds whatever becomes of its invoice; unpaid it makes the subscription past_due."""
    subscription.update(change.state)
    if subscription["pause_collection"]:
        effect_of_pause(world, subscription, invoice)
        return
    was_silent = subscription.get("_silent", False)
    subscription["_silent"] = True
    result = settle_now(world, subscription, invoice, behavior)
    if not was_silent:
        subscription.pop("_silent")
    invoice["auto_advance"] = False
    automatic = subscription["collection_method"] == "charge_automatically"
    if result is not Result.SUCCEEDED and automatic and subscription["status"] in _COLLECTED:
        subscription["status"] = "past_due"


def _pay_first(world: World, subscription: Obj, change: Change, invoice: Obj, given: Obj) -> None:
    """The change holds only when it is paid; else it waits."""
    invoice["_pending_update"] = subscription["id"]
    result = settle_now(world, change.state, invoice, "allow_incomplete")
    if result is Result.SUCCEEDED:
        subscription.update(change.state)
        return
    subscription["latest_invoice"] = invoice["id"]
    hold_update(subscription, change.state, invoice, given, _held_until(world, subscription))


def _held_until(world: World, subscription: Obj) -> int:
    """Some hours, or until a period or the trial ends."""
    ends = [int(item["current_period_end"]) for item in subscription["items"]["data"]]
    return min(world.now_of(subscription) + HELD_SECONDS, *ends)
