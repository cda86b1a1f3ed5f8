"""How does a subscription go on? At the end of a period, and at the end of a trial."""

from __future__ import annotations

from engine.sandbox.twin.billing.charging import (
    effect_of_pause,
    fill,
    hold_collection,
    open_invoice,
    use_up_once,
)
from engine.sandbox.twin.billing.items import items_of, set_period
from engine.sandbox.twin.billing.proration import in_advance
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.drafts import pending_items
from engine.sandbox.twin.invoicing.lines import Entry
from engine.sandbox.twin.pausing.standing import stand_still
from engine.sandbox.twin.usage.lines import unbilled
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, clone

from .ending import cancel


def renew(world: World, subscription: Obj, at: int) -> Obj:
    """The items whose period ends here begin another one, on a draft that waits an hour."""
    before = clone(subscription)
    due = [item for item in items_of(subscription) if item["current_period_end"] <= at]
    since = min(int(item["current_period_start"]) for item in due)
    used = unbilled(world, subscription, due, at)
    for item in due:
        item["_debits"] = []
        set_period(subscription, item, at)
        _cut(subscription, item)
    return _bill_cycle(world, subscription, due, before, since, used)


def _cut(subscription: Obj, item: Obj) -> None:
    """A cancellation inside the new period makes it a short one."""
    stop = subscription["cancel_at"]
    if stop is not None and item["current_period_start"] < stop < item["current_period_end"]:
        item["current_period_end"] = stop


def _bill_cycle(
    world: World, subscription: Obj, due: list[Obj], before: Obj, since: int, used: list[Entry]
) -> Obj:
    """The draft of a cycle; first the subscription says that its periods moved, then the draft is there."""
    mark = world.mark()
    for holder in (subscription, *items_of(subscription)):
        holder["discounts"] = [each for each in holder["discounts"] if _lasts(world, subscription, each)]
    invoice = open_invoice(world, subscription, "subscription_cycle", period_start=since)
    fill(world, subscription, invoice, [*in_advance(world, subscription, due), *used])
    use_up_once(world, subscription)
    if subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
    else:
        invoice["automatically_finalizes_at"] = world.now_of(invoice) + world.settings.draft_seconds
    hold_collection(subscription, invoice)
    world.emit("invoice.created", invoice)
    world.emit("customer.subscription.updated", subscription, before=before)
    world.reorder(mark, ("customer.subscription.updated", "invoice.created"))
    effect_of_pause(world, subscription, invoice)
    return invoice


def _lasts(world: World, subscription: Obj, discount: str) -> bool:
    held = world.shelf.peek(discount) or {"end": 0}
    return held["end"] is None or held["end"] > world.now_of(subscription)


def end_trial(world: World, subscription: Obj, at: int) -> None:
    """The trial is over: without a card it may end or pause here, else the first period is billed."""
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if behavior != "create_invoice" and not _has_card(world, subscription):
        if behavior == "cancel":
            cancel(world, subscription, prorate=False, invoice_now=False)
        else:
            stand_still(world, subscription, "trial_end_without_payment_method", clone(subscription))
        return
    before = clone(subscription)
    subscription["status"] = "active"
    subscription["_begins"] = at
    for item in items_of(subscription):
        item["_debits"] = []
        set_period(subscription, item, at)
        _cut(subscription, item)
    items, since = items_of(subscription), int(subscription["trial_start"])
    _bill_cycle(world, subscription, items, before, since, [])


def _has_card(world: World, subscription: Obj) -> bool:
    latest = world.shelf.peek(subscription["latest_invoice"] or "")
    return latest is not None and paying.method_for(world, latest) is not None


def bill_pending(world: World, subscription: Obj, at: int) -> None:
    """Bill what waits, as often as `pending_invoice_item_interval` says; nothing waiting makes no invoice."""
    every: Obj = subscription["pending_invoice_item_interval"]
    following = calendar.instant(at, every["interval"], every["interval_count"], 1)
    subscription["next_pending_invoice_item_invoice"] = following
    waiting = pending_items(world, subscription["customer"], subscription["id"], subscription["currency"])
    if not waiting:
        return
    before = clone(subscription)
    invoice = open_invoice(world, subscription, "automatic_pending_invoice_item_invoice")
    fill(world, subscription, invoice, [], waiting=waiting)
    invoice["automatically_finalizes_at"] = world.now_of(invoice) + world.settings.draft_seconds
    hold_collection(subscription, invoice)
    world.emit("invoice.created", invoice)
    world.emit("customer.subscription.updated", subscription, before=before)
    effect_of_pause(world, subscription, invoice)
