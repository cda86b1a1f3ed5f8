"""How does a paused subscription go on? With a new period or the rest of one, once that is settled.

Source: Stripe docs, billing/subscriptions/pause; changelog 2026-05-27 (`payment_behavior` of resume).
"""

from __future__ import annotations

from engine.sandbox.twin.billing.charging import add_pending, fill, open_invoice, settle_now
from engine.sandbox.twin.billing.items import items_of, set_period
from engine.sandbox.twin.billing.proration import debit, in_advance
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import pending_items
from engine.sandbox.twin.invoicing.lines import Entry
from engine.sandbox.twin.invoicing.paying import void
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.values.types import Obj, clone, inside

from .standing import go_on, wait_for

RESUMING_SECONDS = 23 * 3600


def refuse_resume(subscription: Obj) -> None:
    """Raise where there is nothing to resume."""
    if subscription["status"] != "paused":
        text = f"You can only resume a paused subscription; this one is `{subscription['status']}`."
        raise invalid(text)
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("Only subscriptions with `collection_method=charge_automatically` can be resumed.")
    if subscription.get("_resume_invoice"):
        text = f"This subscription is being resumed: pay or void invoice {subscription['_resume_invoice']}."
        raise invalid(text)


def resume(world: World, subscription: Obj, given: Obj) -> None:
    """Begin a new period, or go on with the running one, and ask for what it costs."""
    refuse_resume(subscription)
    state: Obj = clone(subscription)
    state["status"] = "active"
    state["_begins"] = world.now_of(subscription)
    anchor = inside(given, "billing_cycle_anchor").get("type", "now")
    if anchor == "now":
        state["billing_cycle_anchor"] = state["_begins"]
        state["billing_cycle_anchor_config"] = None
    for item in items_of(state):
        item["_debits"] = []
        item["_metered_from"] = state["_begins"]
        set_period(state, item, state["_begins"])
    proration = given.get("proration_behavior", "create_prorations")
    periods = in_advance(world, state, items_of(state), beginning=True) if anchor == "now" else []
    if anchor == "unchanged" and proration != "none":
        for entry in _rest(world, state, _prorated_from(state, given)):
            add_pending(world, state, entry)
    waiting = pending_items(world, state["customer"], state["id"], state["currency"])
    if periods or (waiting and proration == "always_invoice"):
        _bill(world, subscription, state, periods, given)
        return
    names = ("items", "_begins", "billing_cycle_anchor", "billing_cycle_anchor_config")
    subscription["_resumed_state"] = {name: state[name] for name in names}
    go_on(world, subscription, "active")


def _prorated_from(state: Obj, given: Obj) -> int:
    """The instant from which the rest of the period is charged; it lies in the running period."""
    at: int = given["proration_date"] if "proration_date" in given else state["_begins"]
    first = min(int(item["current_period_end"]) for item in items_of(state))
    if not state["_begins"] <= at <= first:
        text = "Invalid `proration_date`: must be within the period in which the subscription resumes."
        raise invalid(text, param="proration_date")
    return at


def _rest(world: World, state: Obj, at: int) -> list[Entry]:
    entries = [debit(world, state, item, at, item["current_period_end"]) for item in items_of(state)]
    return [entry for entry in entries if entry is not None]


def _bill(world: World, subscription: Obj, state: Obj, periods: list[Entry], given: Obj) -> None:
    """The resumption invoice, finalized at once and paid or waited for as `payment_behavior` says."""
    behavior = given.get("payment_behavior", "resume_on_payment_attempt")
    invoice = open_invoice(world, state, "subscription_update")
    subscription["latest_invoice"] = invoice["id"]
    fill(world, state, invoice, periods)
    world.emit("invoice.created", invoice)
    wait_for(subscription, state, invoice, behavior)
    if behavior == "resume_on_payment_success":
        settle_now(world, state, invoice, "allow_incomplete")
        return
    finalize(world, invoice)
    invoice["auto_advance"] = False


def give_up_resuming(world: World, invoice: Obj, _at: int) -> None:
    """Nobody tried to pay for the resumption in time: its invoice is voided."""
    void(world, invoice)
