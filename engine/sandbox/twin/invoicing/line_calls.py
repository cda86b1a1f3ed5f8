"""Which calls change what stands on a draft? Lines in bulk, and invoice items one by one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.sandbox.twin.billing.items import price_for
from engine.sandbox.twin.catalog.prices import new_price
from engine.sandbox.twin.catalog.products import new_product
from engine.sandbox.twin.catalog.unlisted import unlisted_price
from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.amounts import amount_of, rounded
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside, texts

from .drafts import lines_of, retotal
from .lines import Entry, line_of_item, new_item, pricing_of, product_name

_NOT_EDITABLE = "This invoice is no longer editable"


def _draft(world: World, id_: str) -> Obj:
    invoice = world.fetch("invoice", id_, param="invoice")
    if invoice["status"] != "draft":
        raise invalid(_NOT_EDITABLE, code="invoice_not_editable")
    return invoice


def add_lines(call: Call) -> Obj:
    """Add lines to a draft: custom amounts, prices, or items that wait."""
    world, params = call.world, call.params
    invoice = _draft(world, call.id)
    before = clone(invoice)
    customer = world.fetch("customer", invoice["customer"])
    for index, given in enumerate(params["lines"]):
        where = f"lines[{index}]"
        if "invoice_item" in given:
            item = world.refer("invoiceitem", given["invoice_item"], f"{where}[invoice_item]")
        else:
            entry = entry_of(world, customer, given, invoice["currency"], where)
            item = new_item(world, customer, entry, invoice=invoice["id"])
        line_of_item(world, invoice, item)
    return _changed(world, invoice, before, params)


def entry_of(world: World, customer: Obj, given: Obj, currency: str, where: str) -> Entry:
    """What a line or an item describes."""
    now = world.now_of(customer)
    period: Obj = given.get("period") or {"start": now, "end": now}
    quantity = given.get("quantity", 1)
    entry = Entry(
        amount=0,
        currency=currency,
        start=period["start"],
        end=period["end"],
        description=given.get("description"),
        quantity=quantity,
        metadata=dict(texts(given.get("metadata"))),
        discounts=new_discounts(world, customer, given.get("discounts") or []),
        tax_rates=named_rates(world, given.get("tax_rates"), f"{where}[tax_rates]"),
    )
    entry.discountable = given.get("discountable", True)
    priced = _price(world, given, where)
    if priced is not None and "amount" in given:
        raise exclusive(f"{where}[amount]", f"{where}[pricing]")
    if priced is not None:
        _check_price(priced, currency, where)
        entry.price = priced
        entry.amount = amount_of(priced, quantity)
        entry.description = entry.description or product_name(world, priced)
        return entry
    if "unit_amount_decimal" in given:
        unit: str = given["unit_amount_decimal"]
        entry.amount = rounded(Fraction(unit) * quantity)
        entry.price = unlisted_price(world, unit, currency, entry.description)
        return entry
    if "amount" not in given:
        raise missing(f"{where}[amount]")
    entry.amount = given["amount"]
    entry.discountable = given.get("discountable", entry.amount > 0)
    entry.price = unlisted_price(world, entry.amount, currency, entry.description)
    return entry


def _price(world: World, given: Obj, where: str) -> Obj | None:
    named: Obj = given.get("pricing") or {}
    if "price" in named:
        return price_for(world, {"price": named["price"]}, f"{where}[pricing]", recurring=False)
    described: Obj | None = given.get("price_data")
    if described is None:
        return None
    if "product_data" in described:
        product = new_product(world, described["product_data"])
        described = {**described, "product": product["id"]}
    return new_price(world, described, inline=True)


def _check_price(price: Obj, currency: str, where: str) -> None:
    if price["currency"] != currency:
        text = (
            f"The price specified only supports `{price['currency']}`."
            f" This doesn't match the expected currency: `{currency}`."
        )
        raise invalid(text, param=f"{where}[pricing][price]")


def _changed(world: World, invoice: Obj, before: Obj, params: Params) -> Obj:
    merge_metadata(invoice, {"metadata": params.get("invoice_metadata")})
    retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return invoice


def _line(world: World, invoice: Obj, id_: str, param: str) -> Obj:
    if id_ not in invoice["_lines"]:
        raise no_such("line item", id_, param=param, status=400)
    return world.fetch("line_item", id_)


def update_lines(call: Call) -> Obj:
    """Change lines of a draft."""
    world, params = call.world, call.params
    invoice = _draft(world, call.id)
    before = clone(invoice)
    for index, given in enumerate(params["lines"]):
        line = _line(world, invoice, given["id"], f"lines[{index}][id]")
        _rewrite(world, invoice, line, given, f"lines[{index}]")
    return _changed(world, invoice, before, params)


def _rewrite(world: World, invoice: Obj, line: Obj, given: Obj, where: str) -> None:
    if "amount" in given or "pricing" in given or "price_data" in given or "quantity" in given:
        customer = world.fetch("customer", invoice["customer"])
        source = {"amount": line["amount"], **given} if not line["pricing"] else given
        if line["pricing"] and "amount" not in given and "pricing" not in given and "price_data" not in given:
            source = {**given, "pricing": {"price": line["pricing"]["price_details"]["price"]}}
        entry = entry_of(world, customer, source, invoice["currency"], where)
        line |= {"amount": entry.amount, "subtotal": entry.amount, "pricing": pricing_of(entry)}
        line["quantity"] = entry.quantity
        line["quantity_decimal"] = str(entry.quantity)
    for name in ("description", "period", "discountable"):
        if name in given:
            line[name] = given[name]
    merge_metadata(line, given)
    _follow(world, line)


def _follow(world: World, line: Obj) -> None:
    """The invoice item behind a line says what its line says."""
    parent: Obj = line["parent"][line["parent"]["type"]] or {}
    item = world.shelf.take(parent.get("invoice_item") or "")
    if item is not None:
        for name in ("amount", "description", "period", "quantity", "metadata", "pricing", "discountable"):
            item[name] = clone(line[name])


def remove_lines(call: Call) -> Obj:
    """Take lines off a draft: their items are deleted or wait again."""
    world, params = call.world, call.params
    invoice = _draft(world, call.id)
    before = clone(invoice)
    for index, given in enumerate(params["lines"]):
        line = _line(world, invoice, given["id"], f"lines[{index}][id]")
        parent: Obj = line["parent"][line["parent"]["type"]] or {}
        item = world.shelf.take(parent.get("invoice_item") or "")
        if item is not None and given["behavior"] == "delete":
            world.shelf.remove(item)
        elif item is not None:
            item["invoice"] = None
        invoice["_lines"].remove(line["id"])
        world.shelf.remove(line)
    return _changed(world, invoice, before, params)


def list_lines(call: Call) -> Obj:
    """The lines of an invoice, in its order."""
    invoice = call.world.fetch("invoice", call.id, param="invoice")
    url = f"/v1/invoices/{call.id}/lines"
    return page(url, call.params, lines_of(call.world, invoice), newest_first=False)


def create_item(call: Call) -> Obj:
    """An invoice item: on the draft named, or pending for the next invoice."""
    world, params = call.world, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = world.refer("customer", params["customer"], "customer")
    invoice = _draft(world, params["invoice"]) if params.get("invoice") else None
    named = world.shelf.peek(inside(params.get("pricing")).get("price", "")) or {}
    known = invoice["currency"] if invoice else named.get("currency") or customer["currency"]
    currency = params.get("currency") or known or "usd"
    given: Obj = dict(params)
    entry = entry_of(world, customer, given, currency, "invoiceitem")
    if params.get("subscription"):
        entry.subscription = world.refer("subscription", params["subscription"], "subscription")["id"]
    params.ignore("amount", "description", "discountable", "discounts", "metadata", "period", "price_data")
    params.ignore("quantity", "unit_amount_decimal")
    item = new_item(world, customer, entry, invoice=invoice["id"] if invoice else None)
    if invoice is not None:
        before = clone(invoice)
        line_of_item(world, invoice, item)
        retotal(world, invoice)
        world.emit("invoice.updated", invoice, before=before)
    return item


def update_item(call: Call) -> Obj:
    """Change an item that is not on a finalized invoice."""
    world, params = call.world, call.params
    item = world.fetch("invoiceitem", call.id)
    invoice = _draft(world, item["invoice"]) if item["invoice"] else None
    assign(item, params, "amount", "description", "discountable", "period", "quantity")
    merge_metadata(item, params)
    if invoice is not None:
        for line in lines_of(world, invoice):
            if _item_of(line) == item["id"]:
                for name in ("amount", "description", "discountable", "period", "quantity", "metadata"):
                    line[name] = clone(item[name])
                line["subtotal"] = line["amount"]
        retotal(world, invoice)
    return item


def _item_of(line: Obj) -> Any:
    parent: Obj = line["parent"][line["parent"]["type"]] or {}
    return parent.get("invoice_item")


def delete_item(call: Call) -> Obj:
    """Delete an item that is not on a finalized invoice."""
    world = call.world
    item = world.fetch("invoiceitem", call.id)
    if item["invoice"]:
        invoice = _draft(world, item["invoice"])
        for line in lines_of(world, invoice):
            if _item_of(line) == item["id"]:
                invoice["_lines"].remove(line["id"])
                world.shelf.remove(line)
        retotal(world, invoice)
    world.shelf.remove(item)
    world.emit("invoiceitem.deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def retrieve_item(call: Call) -> Obj:
    """One invoice item."""
    return call.world.fetch("invoiceitem", call.id)


def list_items(call: Call) -> Obj:
    """Invoice items, newest first."""
    params = call.params
    customer, invoice, pending = params.get("customer"), params.get("invoice"), params.get("pending")
    found = [
        item
        for item in call.world.shelf.kind("invoiceitem")
        if customer in {None, item["customer"]}
        and invoice in {None, item["invoice"]}
        and (pending is None or pending == (item["invoice"] is None))
    ]
    return page("/v1/invoiceitems", params, found)


ROUTES: Routes = {
    "POST /v1/invoices/{id}/add_lines": add_lines,
    "POST /v1/invoices/{id}/update_lines": update_lines,
    "POST /v1/invoices/{id}/remove_lines": remove_lines,
    "GET /v1/invoices/{id}/lines": list_lines,
    "POST /v1/invoiceitems": create_item,
    "GET /v1/invoiceitems": list_items,
    "GET /v1/invoiceitems/{id}": retrieve_item,
    "POST /v1/invoiceitems/{id}": update_item,
    "DELETE /v1/invoiceitems/{id}": delete_item,
}
