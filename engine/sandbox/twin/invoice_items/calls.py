"""Which calls make and change invoice items?"""

from __future__ import annotations

from engine.sandbox.twin.billing.starting import claim_currency
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import currency_named
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import lines_of, open_draft, retotal, subscription_of
from engine.sandbox.twin.invoicing.lines import Entry, line_of_item, new_item
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside

from .entries import Place, entry_of
from .rewriting import item_of, rewrite, say_the_same

_MOST_ON_AN_INVOICE = 250
_OVER = {"canceled", "incomplete_expired"}
# Read by `entry_of`, which takes plain hashes as well.
_DESCRIBED = (
    "amount", "description", "discountable", "discounts", "metadata", "period", "price_data", "pricing",
    "quantity", "quantity_decimal", "tax_rates", "unit_amount_decimal",
)  # fmt: skip


def create(call: Call) -> Obj:
    """An invoice item: on the draft named, or pending for the next invoice."""
    world, params = call.world, call.params
    customer = _customer(world, params)
    invoice = open_draft(world, params["invoice"], "invoice") if params.get("invoice") else None
    if invoice is not None and invoice["customer"] != customer["id"]:
        raise invalid("The invoice belongs to another customer.", param="invoice")
    currency = _currency(world, params, customer, invoice)
    params.ignore("tax_behavior", "tax_code")
    entry = entry_of(world, Place(customer, currency), params.hand_on(*_DESCRIBED))
    entry.subscription = _subscription(world, params, customer, invoice)
    if invoice is None:
        claim_currency(customer, currency)
        item = new_item(world, customer, entry)
    else:
        item = _on_draft(world, customer, invoice, entry)
    for discount in entry.discounts:
        world.fetch("discount", discount)["invoice_item"] = item["id"]
    return item


def _on_draft(world: World, customer: Obj, invoice: Obj, entry: Entry) -> Obj:
    if len(invoice["_lines"]) >= _MOST_ON_AN_INVOICE:
        text = f"An invoice can have up to {_MOST_ON_AN_INVOICE} invoice items."
        raise invalid(text, param="invoice")
    before = clone(invoice)
    item = new_item(world, customer, entry, invoice=invoice["id"])
    line_of_item(world, invoice, item)
    retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return item


def _customer(world: World, params: Params) -> Obj:
    if params.get("customer_account"):
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    if "customer" not in params:
        raise missing("customer")
    return world.refer("customer", params["customer"], "customer")


def _currency(world: World, params: Params, customer: Obj, invoice: Obj | None) -> str:
    """The invoice's, the one named, the price's, or the customer's."""
    named = world.shelf.peek(inside(params.get("pricing")).get("price") or "") or {}
    wanted = params.get("currency") or inside(params.get("price_data")).get("currency")
    currency = currency_named(wanted) if wanted else named.get("currency")
    known: str = (invoice["currency"] if invoice else currency or customer["currency"]) or "usd"
    if currency not in {None, known}:
        text = f"The currency of the invoice item ({currency}) must be that of the invoice ({known})."
        raise invalid(text, param="currency")
    return known


def _subscription(world: World, params: Params, customer: Obj, invoice: Obj | None) -> str | None:
    """The subscription whose invoice is meant; that of the draft where one is named."""
    if not params.get("subscription"):
        return subscription_of(invoice) if invoice else None
    held = world.refer("subscription", params["subscription"], "subscription")
    if held["customer"] != customer["id"] or held["status"] in _OVER:
        raise no_such("subscription", held["id"], param="subscription", status=400)
    return str(held["id"])


def update(call: Call) -> Obj:
    """Change an item that is not on a finalized invoice."""
    world, params = call.world, call.params
    item = world.fetch("invoiceitem", call.id)
    invoice = open_draft(world, item["invoice"], "invoice") if item["invoice"] else None
    params.ignore("tax_behavior", "tax_code", "invoicing_rules")
    customer = world.fetch("customer", item["customer"])
    rewrite(world, item, params.hand_on(*_DESCRIBED), Place(customer, item["currency"]))
    merge_metadata(item, params)
    if invoice is not None:
        before = clone(invoice)
        for line in lines_of(world, invoice):
            if item_of(line) == item["id"]:
                say_the_same(item, line)
        retotal(world, invoice)
        world.emit("invoice.updated", invoice, before=before)
    return item


def delete(call: Call) -> Obj:
    """Delete an item that is not on a finalized invoice."""
    world = call.world
    item = world.fetch("invoiceitem", call.id)
    if item["invoice"]:
        invoice = open_draft(world, item["invoice"], "invoice")
        before = clone(invoice)
        for line in lines_of(world, invoice):
            if item_of(line) == item["id"]:
                invoice["_lines"].remove(line["id"])
                world.shelf.remove(line)
        retotal(world, invoice)
        world.emit("invoice.updated", invoice, before=before)
    world.shelf.remove(item)
    world.emit("invoiceitem.deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def retrieve(call: Call) -> Obj:
    """One invoice item."""
    return call.world.fetch("invoiceitem", call.id)


def list_all(call: Call) -> Obj:
    """Invoice items, newest first."""
    params = call.params
    customer, invoice, pending = params.get("customer"), params.get("invoice"), params.get("pending")
    params.ignore("customer_account")
    found = [
        {**item, "created": item["date"]}
        for item in call.world.shelf.kind("invoiceitem")
        if customer in {None, item["customer"]}
        and invoice in {None, item["invoice"]}
        and (pending is None or pending == (item["invoice"] is None))
    ]
    listed = page("/v1/invoiceitems", params, found)
    for item in listed["data"]:
        del item["created"]
    return listed


ROUTES: Routes = {
    "POST /v1/invoiceitems": create,
    "GET /v1/invoiceitems": list_all,
    "GET /v1/invoiceitems/{id}": retrieve,
    "POST /v1/invoiceitems/{id}": update,
    "DELETE /v1/invoiceitems/{id}": delete,
}
