"""What would be billed? An invoice as it would be, from a dry run that leaves nothing behind."""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoice_items.entries import Place, entry_of
from engine.sandbox.twin.invoicing.drafts import collect, lines_of, new_invoice, pending_items, retotal
from engine.sandbox.twin.invoicing.lines import new_item
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from .upcoming import as_upcoming, next_cycle, none_upcoming

_ENDED = {"canceled", "incomplete_expired"}
_HOW = (
    "items", "billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "proration_behavior",
    "proration_date", "trial_end",
)  # fmt: skip


def create(call: Call) -> Obj:
    """The invoice that an update would make, else the next one."""
    world, params = call.world, call.params
    if "schedule" in params or "schedule_details" in params:
        raise not_covered("schedule")
    with world.dry_run():
        invoice = _preview(world, params)
        lines = clone(lines_of(world, invoice))
        found: Obj = clone(invoice)
    return as_upcoming(found, lines)


def _preview(world: World, params: Params) -> Obj:
    details = inside(params.get("subscription_details"))
    named = params.get("subscription")
    params.ignore(
        "customer", "subscription_details", "invoice_items", "currency", "preview_mode", "discounts"
    )
    if named is None and not details and not params.get("invoice_items"):
        raise missing("subscription")
    if named is not None:
        subscription = world.refer("subscription", named, "subscription")
        customer = world.fetch("customer", subscription["customer"])
        _add_items(world, params, customer, subscription)
        return _of_running(world, subscription, params, details)
    customer = world.refer("customer", params.get("customer") or "", "customer")
    _add_items(world, params, customer, None)
    return _of_new(world, customer, params, details) if details else _of_items(world, customer, params)


def _add_items(world: World, params: Params, customer: Obj, subscription: Obj | None) -> None:
    """Invoice items that only the preview knows."""
    items: Objs = params.get("invoice_items") or []
    currency = params.get("currency") or (subscription or customer)["currency"] or "usd"
    for index, given in enumerate(items):
        if "price" in given:
            given["pricing"] = {"price": given.pop("price")}
        entry = entry_of(world, Place(customer, currency, f"invoice_items[{index}]"), given)
        entry.subscription = subscription["id"] if subscription else None
        new_item(world, customer, entry)


def _of_running(world: World, subscription: Obj, params: Params, details: Obj) -> Obj:
    if subscription["status"] in _ENDED:
        raise none_upcoming(subscription)
    given: Obj = {name: details[name] for name in _HOW if name in details}
    if "discounts" in params:
        given["discounts"] = params["discounts"]
    anchor = inside(given, "billing_cycle_anchor").get("type")
    if anchor == "timestamp":
        raise not_covered("subscription_details[billing_cycle_anchor][type]")
    invoice = apply_update(world, subscription, {**given, "_preview": True}) if given else None
    return invoice if invoice is not None else next_cycle(world, subscription)


def _of_new(world: World, customer: Obj, params: Params, details: Obj) -> Obj:
    """The first invoice of a subscription that does not exist."""
    given: Obj = {name: details[name] for name in _HOW if name in details}
    anchor = inside(given, "billing_cycle_anchor")
    if anchor:
        given["billing_cycle_anchor"] = anchor.get("timestamp")
    given["discounts"] = params.get("discounts") or []
    subscription = start(
        world, customer, {**given, "payment_behavior": "default_incomplete"}, by_schedule=True
    )
    if subscription["latest_invoice"] is None:
        return next_cycle(world, subscription)
    return world.fetch("invoice", subscription["latest_invoice"])


def _of_items(world: World, customer: Obj, params: Params) -> Obj:
    """An invoice of nothing but items."""
    currency = params.get("currency") or customer["currency"] or "usd"
    invoice = new_invoice(world, customer, currency)
    waiting = pending_items(world, customer["id"], None, currency)
    if not waiting:
        raise invalid("Nothing to invoice for customer", code="invoice_no_customer_line_items")
    collect(world, invoice, waiting)
    retotal(world, invoice)
    return invoice


ROUTES: Routes = {"POST /v1/invoices/create_preview": create}
