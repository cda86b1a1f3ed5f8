"""Which calls make and move invoices?"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from . import paying
from .drafts import collect, new_invoice, pending_items, retotal, subscription_of, subscription_parent
from .settling import finalize

_TEXTS = ("custom_fields", "description", "effective_at", "footer")


def create(call: Call) -> Obj:
    """A manual draft: pending items only when asked for, or those of the subscription named."""
    world, params = call.world, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = world.refer("customer", params["customer"], "customer")
    subscription = _subscription(world, params, customer)
    currency = params.get("currency") or (subscription or customer)["currency"] or "usd"
    _check_due(params)
    invoice = new_invoice(world, customer, currency)
    invoice["parent"] = subscription_parent(subscription) if subscription else None
    _write(world, invoice, params)
    behavior = params.get("pending_invoice_items_behavior", "include" if subscription else "exclude")
    if behavior == "include":
        owner = subscription["id"] if subscription else None
        collect(world, invoice, pending_items(world, customer["id"], owner, currency))
    if subscription:
        subscription["latest_invoice"] = invoice["id"]
    if invoice["auto_advance"]:
        invoice["automatically_finalizes_at"] = world.now_of(invoice) + world.settings.draft_seconds
    retotal(world, invoice)
    world.emit("invoice.created", invoice)
    return invoice


def _subscription(world: World, params: Params, customer: Obj) -> Obj | None:
    if "subscription" not in params:
        return None
    subscription = world.refer("subscription", params["subscription"], "subscription")
    if subscription["customer"] != customer["id"]:
        raise invalid("The subscription belongs to another customer.", param="subscription")
    return subscription


def _check_due(params: Params) -> None:
    sends = params.get("collection_method") == "send_invoice"
    days, date = params.get("days_until_due"), params.get("due_date")
    if days is not None and date is not None:
        raise exclusive("days_until_due", "due_date")
    if sends and days is None and date is None:
        text = "With `collection_method=send_invoice` you must specify `due_date` or `days_until_due`."
        raise invalid(text, param="days_until_due", code="parameter_missing")
    if not sends and (days is not None or date is not None) and "collection_method" in params:
        text = "You can only specify `due_date` or `days_until_due` if `collection_method` is `send_invoice`."
        raise invalid(text, param="days_until_due")


def _write(world: World, invoice: Obj, params: Params) -> None:
    assign(invoice, params, *_TEXTS)
    if "auto_advance" in params:
        invoice["auto_advance"] = params["auto_advance"]
    if "collection_method" in params:
        invoice["collection_method"] = params["collection_method"]
    merge_metadata(invoice, params)
    if "days_until_due" in params:
        invoice["_days_until_due"] = params["days_until_due"]
        invoice["due_date"] = world.now_of(invoice) + params["days_until_due"] * DAY
    assign(invoice, params, "due_date")
    if "default_tax_rates" in params:
        named = params["default_tax_rates"]
        invoice["default_tax_rates"] = named_rates(world, named, "default_tax_rates")
    customer = world.fetch("customer", invoice["customer"])
    if params.get("default_payment_method"):
        method = of_customer(world, params["default_payment_method"], customer, "default_payment_method")
        invoice["default_payment_method"] = method["id"]
    if "discounts" in params:
        invoice["discounts"] = new_discounts(world, customer, params["discounts"], invoice=invoice["id"])


def update(call: Call) -> Obj:
    """Change a draft; of a finalized invoice only what is not frozen."""
    world = call.world
    invoice = world.fetch("invoice", call.id)
    before = clone(invoice)
    frozen = {"collection_method", "days_until_due", "discounts", "description", "footer"} & set(call.params)
    if invoice["status"] != "draft" and frozen:
        text = "Finalized invoices can't be updated in this way"
        raise invalid(text, param=min(frozen), code="invoice_not_editable")
    _write(world, invoice, call.params)
    if "auto_advance" in call.params and invoice["status"] == "draft":
        due = world.now_of(invoice) + world.settings.draft_seconds if invoice["auto_advance"] else None
        invoice["automatically_finalizes_at"] = invoice["automatically_finalizes_at"] or due
    if invoice["status"] == "draft":
        retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return invoice


def delete(call: Call) -> Obj:
    """Delete a manual draft; what was collected waits again."""
    world = call.world
    invoice = world.fetch("invoice", call.id)
    if invoice["status"] != "draft" or subscription_of(invoice) is not None:
        text = "You can only delete draft invoices that are not attached to a subscription."
        raise invalid(text, code="invoice_not_editable")
    for item in world.shelf.find("invoiceitem", customer=invoice["customer"], invoice=invoice["id"]):
        world.shelf.remove(item)
    world.emit("invoice.deleted", invoice)
    world.shelf.remove(invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def finalize_now(call: Call) -> Obj:
    """Open a draft; a sum of zero or less is settled at once."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    finalize(world, invoice)
    if invoice["auto_advance"]:
        paying.collect_automatically(world, invoice)
    return invoice


def pay(call: Call) -> Obj:
    """Pay an open invoice with a card, or note that it was paid elsewhere."""
    world, params = call.world, call.params
    invoice = world.fetch("invoice", call.id, param="invoice")
    params.ignore("off_session")
    if invoice["status"] == "draft" and finalize(world, invoice) == "paid":
        return invoice
    paying.refuse_unless_payable(invoice)
    if params.get("paid_out_of_band"):
        paying.mark_paid(world, invoice, charged=False)
        return invoice
    customer = world.fetch("customer", invoice["customer"])
    chosen = params.get("payment_method")
    method = (
        of_customer(world, chosen, customer, "payment_method")
        if chosen
        else paying.method_for(world, invoice)
    )
    if method is None:
        raise invalid(paying.NO_METHOD, code="resource_missing")
    paying.pay_or_raise(world, invoice, method)
    return invoice


def void(call: Call) -> Obj:
    """Void an open or uncollectible invoice."""
    return _end(call, {"open", "uncollectible"}, "void")


def mark_uncollectible(call: Call) -> Obj:
    """Give up on an open invoice."""
    return _end(call, {"open"}, "uncollectible")


def _end(call: Call, allowed: set[str], to: str) -> Obj:
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if invoice["status"] not in allowed:
        wanted = " or ".join(sorted(allowed))
        text = f"You can only pass in {wanted} invoices. This invoice is {invoice['status']}."
        raise invalid(text, code="status_transition_invalid")
    if to == "void":
        paying.void(world, invoice)
    else:
        paying.mark_uncollectible(world, invoice)
    return invoice


def send(call: Call) -> Obj:
    """Send an invoice; a draft is finalized first."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if invoice["status"] == "draft":
        finalize(world, invoice)
    world.emit("invoice.sent", invoice)
    return invoice


def retrieve(call: Call) -> Obj:
    """One invoice."""
    return call.world.fetch("invoice", call.id, param="invoice")


def list_all(call: Call) -> Obj:
    """Invoices, newest first."""
    params, shelf = call.params, call.world.shelf
    customer, subscription = params.get("customer"), params.get("subscription")
    if customer is None and subscription is not None:
        customer = call.world.refer("subscription", subscription, "subscription")["customer"]
    found = list(shelf.kind("invoice")) if customer is None else shelf.find("invoice", customer=customer)
    status, method = params.get("status"), params.get("collection_method")
    found = [
        invoice
        for invoice in found
        if status in {None, invoice["status"]}
        and method in {None, invoice["collection_method"]}
        and subscription in {None, subscription_of(invoice)}
    ]
    return page("/v1/invoices", params, found)


ROUTES: Routes = {
    "POST /v1/invoices": create,
    "GET /v1/invoices": list_all,
    "GET /v1/invoices/{id}": retrieve,
    "POST /v1/invoices/{id}": update,
    "DELETE /v1/invoices/{id}": delete,
    "POST /v1/invoices/{id}/finalize": finalize_now,
    "POST /v1/invoices/{id}/pay": pay,
    "POST /v1/invoices/{id}/void": void,
    "POST /v1/invoices/{id}/mark_uncollectible": mark_uncollectible,
    "POST /v1/invoices/{id}/send": send,
}
