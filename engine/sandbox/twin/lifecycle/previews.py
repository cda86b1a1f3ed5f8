"""What would be billed? An invoice as it would be, from a dry run that leaves nothing behind."""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import start
from engine.sandbox.twin.billing.updates import apply_update
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoice_items.entries import Place, entry_of
from engine.sandbox.twin.invoicing.drafts import collect, lines_of, new_invoice, pending_items, retotal
from engine.sandbox.twin.invoicing.lines import new_item
from engine.sandbox.twin.objects.customers import new_customer
from engine.sandbox.twin.schedules.previewing import invoice_of_schedule
from engine.sandbox.twin.taxes.automatic import refuse_automatic
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from . import ending
from .upcoming import as_upcoming, next_cycle, none_upcoming

_ENDED = {"canceled", "incomplete_expired"}
_HOW = (
    "items", "billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "proration_behavior",
    "proration_date", "trial_end", "default_tax_rates", "metadata",
)  # fmt: skip


def create(call: Call) -> Obj:
    """The invoice that an update would make, else the next one."""
    world, params = call.world, call.params
    live = world.live
    try:
        with world.dry_run():
            invoice = _preview(world, params)
            _present(world, invoice, params)
            lines = clone(lines_of(world, invoice))
            found: Obj = clone(invoice)
    finally:
        world.live = live
    return as_upcoming(found, lines)


def _present(world: World, invoice: Obj, params: Params) -> None:
    """For whom the invoice is issued."""
    if params.get("issuer"):
        invoice["issuer"] = params.whole("issuer")
    if params.get("on_behalf_of"):
        account = world.refer("account", params["on_behalf_of"], "on_behalf_of")
        invoice["on_behalf_of"] = account["id"]
    refuse_automatic(params)
    params.ignore("preview_mode")


def _preview(world: World, params: Params) -> Obj:
    details = inside(params.get("subscription_details"))
    named, schedule = params.get("subscription"), params.get("schedule")
    by_schedule = bool(schedule or params.get("schedule_details"))
    if (named or details) and by_schedule:
        raise exclusive("subscription", "schedule")
    if not (named or details or by_schedule or params.get("invoice_items")):
        raise missing("subscription")
    _prepare(params, details)
    subscription = world.refer("subscription", named, "subscription") if named else None
    if schedule is None or subscription is not None:
        customer = _customer(world, params, subscription)
    else:
        held = world.refer("subscription_schedule", schedule, "schedule")
        customer = world.fetch("customer", held["customer"])
    describe_customer(customer, params)
    params["customer"] = customer["id"]
    params.ignore("customer")
    if params.get("preview_mode") == "recurring":
        _leave_out_pending(world, customer)
    _add_items(world, params, customer, subscription)
    if by_schedule:
        return invoice_of_schedule(world, params)
    if subscription is not None:
        return _of_running(world, subscription, params, details)
    return _of_new(world, customer, params, details) if details else _of_items(world, customer, params)


def _prepare(params: Params, details: Obj) -> None:
    """What is read later by plain functions, and what is not played."""
    for name in ("pause", "resume_at", "billing_schedules"):
        if details.get(name):
            raise not_covered(f"subscription_details[{name}]")
    params.ignore("subscription_details", "schedule_details", "invoice_items", "currency", "discounts")


def _customer(world: World, params: Params, subscription: Obj | None) -> Obj:
    """The customer of the subscription, the one named, or somebody who is only described."""
    if params.get("customer_account"):
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    if subscription is not None:
        if params.get("customer") not in {None, subscription["customer"]}:
            raise no_such("subscription", subscription["id"], param="subscription", status=400)
        return world.fetch("customer", subscription["customer"])
    if params.get("customer"):
        return world.refer("customer", params["customer"], "customer")
    return new_customer(world, None)


def describe_customer(customer: Obj, params: Params) -> None:
    """Play the customer as `customer_details` describes them."""
    details: Obj = params.whole("customer_details") or {}
    for name in ("address", "shipping"):
        if name in details:
            customer[name] = details[name] or None
    if details.get("tax_exempt"):
        customer["tax_exempt"] = details["tax_exempt"]


def _leave_out_pending(world: World, customer: Obj) -> None:
    """Only what comes again is shown: nothing that waits."""
    for item in world.shelf.find("invoiceitem", customer=customer["id"], invoice=None):
        world.shelf.remove(item)


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
        raise none_upcoming(subscription["customer"])
    given: Obj = {name: details[name] for name in _HOW if name in details}
    if "discounts" in params:
        given["discounts"] = params["discounts"]
    if inside(given, "billing_cycle_anchor").get("type") == "timestamp":
        text = "`billing_cycle_anchor[type]=timestamp` can only be used to preview a new subscription."
        raise invalid(text, param="subscription_details[billing_cycle_anchor][type]")
    if details.get("cancel_now"):
        return _of_ended(world, subscription, details)
    if not given:
        return next_cycle(world, subscription)
    at = given.get("proration_date") or world.now_of(subscription)
    invoice = apply_update(world, subscription, {**given, "_preview": True})
    shown = invoice if invoice is not None else next_cycle(world, subscription)
    _tell_proration_date(world, shown, at)
    return shown


def _tell_proration_date(world: World, invoice: Obj, at: int) -> None:
    """A preview with prorations says for which instant they were worked out."""
    parents: Objs = [line["parent"] for line in lines_of(world, invoice)]
    if any(inside(parent, "subscription_item_details").get("proration") for parent in parents):
        invoice["parent"]["subscription_details"]["subscription_proration_date"] = at


def _of_ended(world: World, subscription: Obj, details: Obj) -> Obj:
    """The last invoice of a subscription that would end now."""
    before = subscription["latest_invoice"]
    prorates = details.get("proration_behavior", "create_prorations") != "none"
    ending.cancel(world, subscription, prorate=prorates, invoice_now=True)
    if subscription["latest_invoice"] == before:
        raise none_upcoming(subscription["customer"])
    return world.fetch("invoice", subscription["latest_invoice"])


def _of_new(world: World, customer: Obj, params: Params, details: Obj) -> Obj:
    """The first invoice of a subscription that does not exist."""
    given: Obj = {name: details[name] for name in _HOW if name in details}
    anchor = inside(given, "billing_cycle_anchor")
    if anchor:
        given["billing_cycle_anchor"] = anchor.get("timestamp")
    given["discounts"] = params.get("discounts") or []
    if details.get("billing_mode"):
        given["billing_mode"] = details["billing_mode"]
    if details.get("start_date") is not None and details["start_date"] < world.now_of(customer):
        given["backdate_start_date"] = details["start_date"]
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
    if not world.shelf.find("invoiceitem", customer=customer["id"], invoice=None):
        raise none_upcoming(customer["id"])
    waiting = pending_items(world, customer["id"], None, currency)
    if not waiting:
        raise invalid("Nothing to invoice for customer", code="invoice_no_customer_line_items")
    collect(world, invoice, waiting)
    retotal(world, invoice)
    return invoice


ROUTES: Routes = {"POST /v1/invoices/create_preview": create}
