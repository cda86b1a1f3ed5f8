"""Which calls make, change and list invoices?"""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import claim_currency
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import currency_named
from engine.sandbox.twin.core.render import fits_range, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import (
    collect,
    new_invoice,
    pending_items,
    retotal,
    subscription_of,
    subscription_parent,
)
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from . import revisions
from .fields import refuse_frozen, write

_OVER = {"canceled", "incomplete_expired"}


def create(call: Call) -> Obj:
    """A manual draft: pending items only when asked for, or those of the subscription named."""
    world, params = call.world, call.params
    if params.get("customer_account"):
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    revises = params.get("from_invoice")
    invoice = revisions.revise(world, params) if revises else _draft(world, params)
    retotal(world, invoice)
    world.emit("invoice.created", invoice)
    return invoice


def _draft(world: World, params: Params) -> Obj:
    if "customer" not in params:
        raise missing("customer")
    customer = world.refer("customer", params["customer"], "customer")
    subscription = _subscription(world, params, customer)
    currency = _currency(params, customer, subscription)
    invoice = new_invoice(world, customer, currency)
    if subscription is not None:
        invoice["parent"] = subscription_parent(subscription)
        for name in ("collection_method", "default_payment_method", "default_tax_rates", "discounts"):
            invoice[name] = clone(subscription[name])
        if invoice["collection_method"] == "send_invoice" and "due_date" not in params:
            params.setdefault("days_until_due", subscription["days_until_due"])
    behavior = params.get("pending_invoice_items_behavior", "include" if subscription else "exclude")
    if behavior == "include":
        owner = subscription["id"] if subscription else None
        collect(world, invoice, pending_items(world, customer["id"], owner, currency))
    write(world, invoice, params)
    if subscription is not None:
        subscription["latest_invoice"] = invoice["id"]
    return invoice


def _subscription(world: World, params: Params, customer: Obj) -> Obj | None:
    if not params.get("subscription"):
        return None
    subscription = world.refer("subscription", params["subscription"], "subscription")
    if subscription["customer"] != customer["id"]:
        raise invalid("The subscription belongs to another customer.", param="subscription")
    if subscription["status"] in _OVER:
        raise no_such("subscription", subscription["id"], param="subscription", status=400)
    return subscription


def _currency(params: Params, customer: Obj, subscription: Obj | None) -> str:
    known: str = (subscription or customer)["currency"] or "usd"
    currency = currency_named(params["currency"]) if params.get("currency") else known
    if subscription is not None and currency != known:
        text = f"The currency of the invoice must be that of the subscription ({known})."
        raise invalid(text, param="currency")
    if customer["currency"] is not None:
        claim_currency(customer, currency)
    return currency


def update(call: Call) -> Obj:
    """Change a draft; of a finalized invoice only what is not frozen."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    before = clone(invoice)
    refuse_frozen(invoice, call.params)
    write(world, invoice, call.params)
    if invoice["status"] == "draft":
        retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return invoice


def delete(call: Call) -> Obj:
    """Delete a manual draft and what stands on it."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if invoice["status"] != "draft" or subscription_of(invoice) is not None:
        text = "You can only delete draft invoices that are not attached to a subscription."
        raise invalid(text, code="invoice_not_editable")
    for item in world.shelf.find("invoiceitem", customer=invoice["customer"], invoice=invoice["id"]):
        world.shelf.remove(item)
        world.emit("invoiceitem.deleted", item)
    revisions.forget(world, invoice)
    world.emit("invoice.deleted", invoice)
    world.shelf.remove(invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def retrieve(call: Call) -> Obj:
    """One invoice."""
    return call.world.fetch("invoice", call.id, param="invoice")


def list_all(call: Call) -> Obj:
    """Invoices, newest first."""
    params, shelf = call.params, call.world.shelf
    params.ignore("customer_account")
    customer, subscription = params.get("customer"), params.get("subscription")
    if customer is None and subscription is not None:
        customer = (shelf.peek(subscription) or {}).get("customer", "")
    found = list(shelf.kind("invoice")) if customer is None else shelf.find("invoice", customer=customer)
    status, method, due = (params.get(name) for name in ("status", "collection_method", "due_date"))
    found = [
        invoice
        for invoice in found
        if status in {None, invoice["status"]}
        and method in {None, invoice["collection_method"]}
        and subscription in {None, subscription_of(invoice)}
        and fits_range(invoice["due_date"], due)
    ]
    return page("/v1/invoices", params, found)


ROUTES: Routes = {
    "POST /v1/invoices": create,
    "GET /v1/invoices": list_all,
    "GET /v1/invoices/{id}": retrieve,
    "POST /v1/invoices/{id}": update,
    "DELETE /v1/invoices/{id}": delete,
}
