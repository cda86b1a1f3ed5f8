"""How does a subscription end? Canceled by a call, at its date, with its customer, or never begun."""

from __future__ import annotations

from engine.sandbox.twin.billing.charging import add_pending, fill, open_invoice
from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.billing.proration import credit
from engine.sandbox.twin.billing.reactions import change_status, end_subscription, invoices_of
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import subscription_of
from engine.sandbox.twin.invoicing.paying import collect_automatically, void
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.schedules.leaving import leave_schedule
from engine.sandbox.twin.usage.lines import billed_early
from engine.sandbox.twin.values.types import Obj, Objs

_ENDED = {"canceled", "incomplete_expired"}


def own_pending(world: World, subscription: Obj) -> Objs:
    """What waits for an invoice of this very subscription."""
    found = world.shelf.find("invoiceitem", customer=subscription["customer"], invoice=None)
    return [item for item in found if subscription_of(item) == subscription["id"]]


def cancel(
    world: World, subscription: Obj, *, prorate: bool, invoice_now: bool, reason: str | None = None
) -> None:
    """End it now; what was paid for the rest is given back only when asked."""
    if subscription["status"] == "incomplete":
        expire(world, subscription)
        return
    now = world.now_of(subscription)
    if prorate:
        for item in items_of(subscription):
            for entry in credit(world, subscription, item, now):
                add_pending(world, subscription, entry)
    if invoice_now:
        add_usage(world, subscription)
        last_invoice(world, subscription, "subscription_update")
    elif not prorate:
        _drop_prorations(world, subscription)
    leave_schedule(world, subscription)
    end_subscription(world, subscription, reason or "cancellation_requested")


def _drop_prorations(world: World, subscription: Obj) -> None:
    """Prorations that nobody invoices go; other items stay and ride on a later invoice."""
    for item in own_pending(world, subscription):
        if item["proration"]:
            world.shelf.remove(item)
            world.emit("invoiceitem.deleted", item)


def add_usage(world: World, subscription: Obj) -> None:
    """What was used until now waits for the last invoice."""
    now = world.now_of(subscription)
    for entry in billed_early(world, subscription, items_of(subscription), now):
        add_pending(world, subscription, entry)


def last_invoice(world: World, subscription: Obj, reason: str) -> None:
    """Collect what waits onto a last invoice, where anything does."""
    if not own_pending(world, subscription):
        return
    invoice = open_invoice(world, subscription, reason)
    fill(world, subscription, invoice, [])
    world.emit("invoice.created", invoice)
    if finalize(world, invoice) == "open":
        subscription["_silent"] = True
        collect_automatically(world, invoice)
        subscription.pop("_silent", None)


def end_at_date(world: World, subscription: Obj) -> None:
    """The end that was set has come: what is pending is collected, then it is over."""
    add_usage(world, subscription)
    last_invoice(world, subscription, "subscription_cycle")
    leave_schedule(world, subscription)
    end_subscription(world, subscription, None)


def expire(world: World, subscription: Obj) -> None:
    """The first invoice was never paid: it is voided and the subscription has never begun."""
    for invoice in invoices_of(world, subscription):
        if invoice["status"] == "open":
            void(world, invoice)
    leave_schedule(world, subscription)
    if subscription["status"] == "incomplete":
        ended = world.now_of(subscription)
        change_status(world, subscription, "incomplete_expired", ended_at=ended)


def end_all(world: World, customer: Obj) -> None:
    """A deleted customer has no subscriptions."""
    for subscription in world.shelf.find("subscription", customer=customer["id"]):
        if subscription["status"] not in _ENDED:
            cancel(world, subscription, prorate=False, invoice_now=False)
