"""Which calls change what stands on a draft? Lines in bulk or one by one."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoice_items.entries import Place, entry_of
from engine.sandbox.twin.invoice_items.rewriting import follow, item_of, rewrite
from engine.sandbox.twin.invoicing.drafts import lines_of, open_draft, retotal
from engine.sandbox.twin.invoicing.lines import line_of_item, new_item
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone


def add_lines(call: Call) -> Obj:
    """Add lines to a draft: custom amounts, prices, or items that wait."""
    world, params = call.world, call.params
    invoice = open_draft(world, call.id)
    before = clone(invoice)
    customer = world.fetch("customer", invoice["customer"])
    for index, given in enumerate(params["lines"]):
        place = Place(customer, invoice["currency"], f"lines[{index}]")
        if given.get("invoice_item"):
            item = _waiting(world, invoice, given, place)
        else:
            item = new_item(world, customer, entry_of(world, place, given), invoice=invoice["id"])
        line_of_item(world, invoice, item)
    return _changed(world, invoice, before, params)


def _waiting(world: World, invoice: Obj, given: Obj, place: Place) -> Obj:
    """The pending item that is named; what is sent beside it changes it."""
    where = place.at("invoice_item")
    item = world.refer("invoiceitem", given["invoice_item"], where)
    if item["customer"] != invoice["customer"] or item["currency"] != invoice["currency"] or item["invoice"]:
        raise no_such("invoiceitem", item["id"], param=where, status=400)
    rest = {name: value for name, value in given.items() if name != "invoice_item"}
    rewrite(world, item, rest, place)
    merge_metadata(item, given)
    return item


def _changed(world: World, invoice: Obj, before: Obj, params: Params) -> Obj:
    merge_metadata(invoice, {"metadata": params.get("invoice_metadata")})
    retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return invoice


def _line(world: World, invoice: Obj, id_: str, param: str, status: int = 400) -> Obj:
    if id_ not in invoice["_lines"]:
        raise no_such("line item", id_, param=param, status=status)
    return world.fetch("line_item", id_)


def update_lines(call: Call) -> Obj:
    """Change lines of a draft."""
    world, params = call.world, call.params
    invoice = open_draft(world, call.id)
    before = clone(invoice)
    for index, given in enumerate(params["lines"]):
        line = _line(world, invoice, given["id"], f"lines[{index}][id]")
        _rewrite(world, invoice, line, given, f"lines[{index}]")
    return _changed(world, invoice, before, params)


def update_line(call: Call) -> Obj:
    """Change one line of a draft."""
    world = call.world
    invoice = open_draft(world, call.path["invoiceId"])
    line = _line(world, invoice, call.id, "line_item_id", 404)
    before = clone(invoice)
    given = {name: value for name, value in call.params.items() if name != "expand"}
    _rewrite(world, invoice, line, given, "")
    retotal(world, invoice)
    world.emit("invoice.updated", invoice, before=before)
    return line


def _rewrite(world: World, invoice: Obj, line: Obj, given: Obj, where: str) -> None:
    """Change a line and the item behind it; taxes told stay on the line."""
    place = Place(world.fetch("customer", invoice["customer"]), invoice["currency"], where)
    rewrite(world, line, {name: value for name, value in given.items() if name != "id"}, place)
    merge_metadata(line, given)
    follow(world, line)


def remove_lines(call: Call) -> Obj:
    """Take lines off a draft: their items are deleted or wait again."""
    world, params = call.world, call.params
    invoice = open_draft(world, call.id)
    before = clone(invoice)
    for index, given in enumerate(params["lines"]):
        line = _line(world, invoice, given["id"], f"lines[{index}][id]")
        item = world.shelf.take(item_of(line) or "")
        if item is not None and given["behavior"] == "delete":
            world.shelf.remove(item)
            world.emit("invoiceitem.deleted", item)
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


ROUTES: Routes = {
    "POST /v1/invoices/{id}/add_lines": add_lines,
    "POST /v1/invoices/{id}/update_lines": update_lines,
    "POST /v1/invoices/{id}/remove_lines": remove_lines,
    "GET /v1/invoices/{id}/lines": list_lines,
    "POST /v1/invoices/{invoiceId}/lines/{id}": update_line,
}
