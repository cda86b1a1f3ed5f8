"""How does an update of a subscription take effect? Worked out, billed, and applied or held."""

from __future__ import annotations

from engine.sandbox.twin.core.call import assign, merge_metadata
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import void
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.objects.payments import Result
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside

from .changes import Change, work_out
from .charging import add_pending, fill, open_invoice, settle_now, use_up_once
from .one_time import one_time_entries
from .pending import HELD_SECONDS, hold_update
from .refusals import refuse_update

_COLLECTED = {"active", "trialing"}


def apply_update(world: World, subscription: Obj, given: Obj) -> Obj | None:
    """Update a subscription as the parameters say; answers the invoice that was made, if any."""
    refuse_update(subscription, given)
    _replace_pending(world, subscription, given)
    before: Obj = clone(subscription)
    at = given.get("proration_date") or world.now_of(subscription)
    change = work_out(world, subscription, given, at)
    _write(world, change.state, given)
    invoice = bill_change(world, subscription, change, given)
    if subscription != before and not subscription.get("_silent"):
        world.emit("customer.subscription.updated", subscription, before=before)
    return invoice


def _replace_pending(world: World, subscription: Obj, given: Obj) -> None:
    """A new update takes the place of one that was never paid."""
    held = world.shelf.take(subscription.get("_pending_invoice") or "")
    if held is not None and set(given) & {"items", "billing_cycle_anchor", "trial_end"}:
        void(world, held)


def _write(world: World, state: Obj, given: Obj) -> None:
    """The fields that bill nothing."""
    params = Params(given)
    assign(state, params, "description", "collection_method", "days_until_due", "pause_collection")
    merge_metadata(state, given)
    customer = world.fetch("customer", state["customer"])
    if "default_payment_method" in given:
        chosen = given["default_payment_method"]
        method = of_customer(world, chosen, customer, "default_payment_method") if chosen else None
        state["default_payment_method"] = method["id"] if method else None
    if "default_tax_rates" in given:
        named = given["default_tax_rates"]
        state["default_tax_rates"] = named_rates(world, named, "default_tax_rates")
    if "discounts" in given:
        named = given["discounts"]
        state["discounts"] = new_discounts(world, customer, named, subscription=state["id"])
    if state["pause_collection"]:
        state["pause_collection"] = {"resumes_at": None, **state["pause_collection"]}
    for name in ("payment_settings", "cancellation_details"):
        if name in given:
            state[name].update({key: None if value == "" else value for key, value in given[name].items()})
    end = inside(given, "trial_settings", "end_behavior")
    state["trial_settings"]["end_behavior"].update(end)


def bill_change(world: World, subscription: Obj, change: Change, given: Obj) -> Obj | None:
    """Bill a change at once or with the next invoice, and apply it."""
    always = given.get("proration_behavior") == "always_invoice"
    bills = change.bills or (always and bool(change.entries))
    state = change.state
    for entry in [*change.entries, *one_time_entries(world, state, given)]:
        add_pending(world, state, entry)
    if not bills:
        subscription.update(state)
        return None
    invoice = open_invoice(
        world, state, "subscription_update", period_start=_collected_since(subscription, change.at)
    )
    if inside(subscription, "pause_collection"):
        invoice["auto_advance"] = False
    fill(world, state, invoice, change.periods)
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
        _pay_first(world, subscription, change, invoice)
    else:
        _apply_first(world, subscription, change, invoice, behavior)
    return invoice


def _collected_since(subscription: Obj, at: int) -> int:
    starts = [int(item["current_period_start"]) for item in subscription["items"]["data"]]
    return min(at, *starts)


def _apply_first(world: World, subscription: Obj, change: Change, invoice: Obj, behavior: str) -> None:
    """The change holds whatever becomes of its invoice; unpaid it makes the subscription past_due."""
    subscription.update(change.state)
    if subscription["pause_collection"]:
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


def _pay_first(world: World, subscription: Obj, change: Change, invoice: Obj) -> None:
    """The change holds only when it is paid; else it waits."""
    invoice["_pending_update"] = subscription["id"]
    result = settle_now(world, change.state, invoice, "allow_incomplete")
    if result is Result.SUCCEEDED:
        subscription.update(change.state)
        return
    subscription["latest_invoice"] = invoice["id"]
    hold_update(world, subscription, change.state, invoice, _held_until(world, subscription))


def _held_until(world: World, subscription: Obj) -> int:
    """Some hours, or until a period or the trial ends."""
    ends = [int(item["current_period_end"]) for item in subscription["items"]["data"]]
    return min(world.now_of(subscription) + HELD_SECONDS, *ends)
