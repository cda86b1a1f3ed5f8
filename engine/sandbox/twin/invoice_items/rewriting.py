"""How does an item or a line change? What was sent takes the place of what it says, its amount anew."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.lines import Entry, pricing_of
from engine.sandbox.twin.values.types import Obj, clone, inside

from .entries import Place, entry_of

_VALUE = {"amount", "pricing", "price_data", "unit_amount_decimal"}
_COUNT = {"quantity", "quantity_decimal"}
_SHARED = (
    "amount", "description", "discountable", "discounts", "metadata", "period", "pricing", "quantity",
    "quantity_decimal",
)  # fmt: skip


def rewrite(world: World, held: Obj, given: Obj, place: Place) -> None:
    """Change an invoice item or a line as the parameters say; metadata is merged elsewhere."""
    told = {name: value for name, value in given.items() if name != "metadata"}
    entry = entry_of(world, place, _completed(world, held, told))
    if told.keys() & (_VALUE | _COUNT):
        held |= {"amount": entry.amount, "pricing": pricing_of(entry), "quantity": entry.quantity}
        held["quantity_decimal"] = entry.quantity_decimal or str(entry.quantity)
    if "discountable" in told:
        held["discountable"] = entry.discountable
    if "description" in told:
        held["description"] = told["description"] or None
    if "period" in told:
        held["period"] = {"start": entry.start, "end": entry.end}
    if "discounts" in told:
        held["discounts"] = list(entry.discounts)
    _write_taxes(held, told, entry)


def _completed(world: World, held: Obj, told: Obj) -> Obj:
    """The parameters with what is needed to value them: the price, unit or amount that is there."""
    if told.keys() & _VALUE:
        return told
    price = inside(held, "pricing", "price_details").get("price")
    if price and told.keys() & _COUNT:
        return {**told, "_price": world.shelf.peek(price)}
    return {**told, "amount": held["amount"]}


def _write_taxes(held: Obj, told: Obj, entry: Entry) -> None:
    """Rates of its own, or taxes told; each takes the place of the other."""
    if "tax_rates" not in told and "tax_amounts" not in told:
        return
    rates = "tax_rates" if held["object"] == "invoiceitem" else "_tax_rates"
    held[rates] = clone(entry.tax_rates)
    held["_taxes"] = clone(entry.taxes)


def say_the_same(item: Obj, line: Obj) -> None:
    """Let a line say what its invoice item says."""
    for name in _SHARED:
        line[name] = clone(item[name])
    line["_tax_rates"], line["_taxes"] = clone(item["tax_rates"]), clone(item["_taxes"])
    line["subtotal"] = line["amount"]


def follow(world: World, line: Obj) -> None:
    """Let the invoice item behind a line say what the line says."""
    line["subtotal"] = line["amount"]
    item = world.shelf.take(item_of(line) or "")
    if item is None:
        return
    for name in _SHARED:
        item[name] = clone(line[name])
    item["tax_rates"], item["_taxes"] = clone(line["_tax_rates"]), clone(line["_taxes"])


def item_of(line: Obj) -> Any:
    """The id of the invoice item behind a line."""
    parent: Obj = line["parent"][line["parent"]["type"]] or {}
    return parent.get("invoice_item")
