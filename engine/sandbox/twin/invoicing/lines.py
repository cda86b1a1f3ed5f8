"""What stands on an invoice? Invoice items and the lines made of them, with Stripe's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import day_of
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

_TIMES = "\u00d7"
_OF_ITEM = (
    "amount", "currency", "description", "discountable", "metadata", "period", "pricing", "quantity",
    "quantity_decimal",
)  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One thing to bill, before it is an invoice item or a line."""

    amount: int
    currency: str
    start: int
    end: int
    description: str | None
    price: Obj | None = None
    quantity: int = 1
    unit: str | None = None
    subscription: str | None = None
    item: str | None = None
    proration: bool = False
    credited: Obj | None = None
    discountable: bool = True
    metadata: Obj = field(default_factory=dict[str, Any])
    discounts: list[str] = field(default_factory=list[str])
    taken: Objs = field(default_factory=list[Obj])
    tax_rates: Objs = field(default_factory=list[Obj])
    taxes: Objs | None = None
    quantity_decimal: str | None = None
    usage: Obj | None = None


def product_name(world: World, price: Obj) -> str:
    """The name of a price's product."""
    product = world.shelf.peek(price["product"])
    return str(product["name"] if product else price["product"])


def words_of(world: World, price: Obj, quantity: int | str) -> str:
    """The text of an ordinary line: count, unit, product, price."""
    name = product_name(world, price)
    recurring = price["recurring"]
    if recurring is None:
        return name
    product = world.shelf.peek(price["product"]) or {}
    unit = f" {product['unit_label']}" if product.get("unit_label") else ""
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"every {count} {recurring['interval']}s"
    first: Obj = price["_tiers"][0] if price["billing_scheme"] == "tiered" else price
    label = "Tier 1 at " if price["billing_scheme"] == "tiered" else "at "
    rate = Decimal(first.get("unit_amount_decimal") or 0)
    return f"{quantity}{unit} {_TIMES} {name} ({label}{money(rate, price['currency'])} / {every})"


def unused_words(world: World, price: Obj, quantity: int, at: int) -> str:
    """The text of a credit: what was not used and since when."""
    count = f"{quantity} {_TIMES} " if quantity > 1 else ""
    return f"Unused time on {count}{product_name(world, price)} after {day_of(at)}"


def remaining_words(world: World, price: Obj, quantity: int, at: int) -> str:
    """The text of a debit: what is left and since when."""
    count = f"{quantity} {_TIMES} " if quantity > 1 else ""
    return f"Remaining time on {count}{product_name(world, price)} after {day_of(at)}"


def pricing_of(entry: Entry) -> Obj | None:
    """The `pricing` hash; prorations and custom amounts carry no unit amount."""
    if entry.price is None:
        return None
    unit = None if entry.proration else entry.unit or entry.price["unit_amount_decimal"]
    return {
        "type": "price_details",
        "price_details": {"price": entry.price["id"], "product": entry.price["product"]},
        "unit_amount_decimal": unit,
    }


def new_item(world: World, customer: Obj, entry: Entry, *, invoice: str | None = None) -> Obj:
    """An invoice item: pending, or already on an invoice."""
    parent = None
    if entry.subscription:
        named = {"subscription": entry.subscription}
        about = {**named, "subscription_item": entry.item} if entry.item else named
        parent = {"type": "subscription_details", "subscription_details": about}
    item = world.new(
        "invoiceitem",
        "ii",
        {
            "amount": entry.amount,
            "currency": entry.currency,
            "customer": customer["id"],
            "date": world.now_of(customer),
            "description": entry.description,
            "discountable": entry.discountable,
            "discounts": list(entry.discounts),
            "invoice": invoice,
            "metadata": clone(entry.metadata),
            "parent": parent,
            "period": {"start": entry.start, "end": entry.end},
            "pricing": pricing_of(entry),
            "proration": entry.proration,
            "quantity": entry.quantity,
            "quantity_decimal": entry.quantity_decimal or str(entry.quantity),
            "tax_rates": clone(entry.tax_rates),
            "test_clock": customer["test_clock"],
            "_taken": clone(entry.taken),
            "_taxes": clone(entry.taxes),
            "_credited": entry.credited,
            "_created": world.now_of(customer),
        },
        clock=customer["_clock"],
    )
    del item["created"]
    if entry.proration:
        item["net_amount"] = entry.amount - sum(part["amount"] for part in entry.taken)
    _own_discounts(world, item)
    world.emit("invoiceitem.created", item)
    return item


def _own_discounts(world: World, item: Obj) -> None:
    """Let each discount of an invoice item say whose it is."""
    for id_ in item["discounts"]:
        discount = world.fetch("discount", id_)
        discount["invoice_item"] = discount["invoice_item"] or item["id"]


def line_of_item(world: World, invoice: Obj, item: Obj) -> Obj:
    """The line that shows an invoice item."""
    item["invoice"] = invoice["id"]
    details = inside(item, "parent", "subscription_details")
    subscription, subscription_item = details.get("subscription"), details.get("subscription_item")
    proration = {"credited_items": clone(item["_credited"])}
    about: Obj = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": proration,
        "subscription": subscription,
    }
    if subscription_item:
        about["subscription_item"] = subscription_item
    kind = "subscription_item_details" if subscription_item else "invoice_item_details"
    fields = {name: clone(item[name]) for name in _OF_ITEM}
    fields |= {"discounts": list(item["discounts"]), "_taxes": clone(item["_taxes"])}
    fields |= {"_tax_rates": clone(item["tax_rates"]), "_taken": clone(item["_taken"])}
    return _line(world, invoice, {**fields, "parent": _parent(kind, about), "subscription": subscription})


def line_of_period(world: World, invoice: Obj, entry: Entry) -> Obj:
    """The line for a subscription item's own period."""
    about = {
        "invoice_item": None,
        "proration": entry.proration,
        "proration_details": {"credited_items": None},
        "subscription": entry.subscription,
        "subscription_item": entry.item,
    }
    fields: Obj = {
        "amount": entry.amount,
        "currency": entry.currency,
        "description": entry.description,
        "discountable": entry.discountable,
        "discounts": list(entry.discounts),
        "metadata": clone(entry.metadata),
        "parent": _parent("subscription_item_details", about),
        "period": {"start": entry.start, "end": entry.end},
        "pricing": pricing_of(entry),
        "quantity": entry.quantity,
        "subscription": entry.subscription,
        "_tax_rates": clone(entry.tax_rates),
        "_taxes": None,
        "_usage": clone(entry.usage),
    }
    if entry.quantity_decimal is not None:
        fields["quantity_decimal"] = entry.quantity_decimal
    return _line(world, invoice, fields)


def _parent(kind: str, about: Obj) -> Obj:
    other = {"subscription_item_details", "invoice_item_details"} - {kind}
    return {"type": kind, kind: about, other.pop(): None}


def _line(world: World, invoice: Obj, fields: Obj) -> Obj:
    line = world.new(
        "line_item",
        "il",
        {
            "discount_amounts": [],
            "invoice": invoice["id"],
            "pretax_credit_amounts": [],
            "quantity_decimal": str(fields["quantity"]),
            "subtotal": fields["amount"],
            "taxes": [],
            **fields,
        },
        clock=invoice["_clock"],
    )
    del line["created"]
    invoice["_lines"].append(line["id"])
    return line
