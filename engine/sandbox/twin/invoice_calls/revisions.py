"""How is a finalized invoice corrected? By a draft that copies it and takes its place once finalized.

Source: Stripe docs, invoicing/invoice-edits.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import lines_of, new_invoice
from engine.sandbox.twin.invoicing.lines import Entry, line_of_item, new_item
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .fields import write

_REVISABLE = {"open", "uncollectible"}
_COPIED = (
    "account_tax_ids", "collection_method", "custom_fields", "default_payment_method", "default_tax_rates",
    "description", "discounts", "footer", "issuer", "metadata", "on_behalf_of", "parent", "payment_settings",
    "rendering", "shipping_cost", "shipping_details", "statement_descriptor", "_days_until_due",
)  # fmt: skip


def revise(world: World, params: Params) -> Obj:
    """A draft with everything that the invoice says, and what else was sent."""
    given: Obj = params["from_invoice"]
    original = world.refer("invoice", given["invoice"], "from_invoice[invoice]")
    if original["status"] not in _REVISABLE:
        text = f"Only open or uncollectible invoices can be revised. This invoice is {original['status']}."
        raise invalid(text, param="from_invoice[invoice]")
    if original["latest_revision"] is not None:
        text = "This invoice already has a revision. Revise that one, or delete its draft first."
        raise invalid(text, param="from_invoice[invoice]")
    for name in ("customer", "subscription", "currency"):
        if name in params:
            raise invalid(f"You cannot set `{name}` if `from_invoice` is set.", param=name)
    customer = world.fetch("customer", original["customer"])
    copied = {name: clone(original[name]) for name in _COPIED if name in original}
    invoice = new_invoice(world, customer, original["currency"], **copied)
    invoice["from_invoice"] = {"action": given["action"], "invoice": original["id"]}
    invoice["due_date"] = original["due_date"]
    for line in lines_of(world, original):
        _copy(world, customer, invoice, line)
    original["latest_revision"] = invoice["id"]
    write(world, invoice, params)
    return invoice


def _copy(world: World, customer: Obj, invoice: Obj, line: Obj) -> None:
    """A line as an invoice item of the new draft."""
    entry = Entry(
        amount=line["amount"],
        currency=line["currency"],
        start=line["period"]["start"],
        end=line["period"]["end"],
        description=line["description"],
        quantity=line["quantity"],
        quantity_decimal=line["quantity_decimal"],
        subscription=line["subscription"],
        discountable=line["discountable"],
        metadata=clone(line["metadata"]),
        discounts=list(line["discounts"]),
        tax_rates=clone(line["_tax_rates"]),
        taxes=clone(line["_taxes"]),
    )
    item = new_item(world, customer, entry, invoice=invoice["id"])
    item["pricing"] = clone(line["pricing"])
    line_of_item(world, invoice, item)


def forget(world: World, invoice: Obj) -> None:
    """The draft of a revision goes: its original may be revised again."""
    original = _original(world, invoice)
    if original is not None and original["latest_revision"] == invoice["id"]:
        original["latest_revision"] = None


def _original(world: World, invoice: Obj) -> Obj | None:
    source: Obj = invoice["from_invoice"] or {}
    return world.shelf.take(source.get("invoice") or "")


def replaced(world: World, invoice: Obj) -> Obj | None:
    """The invoice that a revision takes the place of, where it can still be voided."""
    original = _original(world, invoice)
    return original if original is not None and original["status"] in _REVISABLE else None
