"""What stays of a single payment? The paid invoice that `invoice_creation` asks for."""

from __future__ import annotations

from collections.abc import Callable

from engine.sandbox.twin.billing.starting import claim_currency
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.drafts import new_invoice, retotal
from engine.sandbox.twin.invoicing.lines import Entry, line_of_item, new_item
from engine.sandbox.twin.invoicing.paying import charge
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payments import Attempt
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.types import Obj, clone, texts


def pay_invoice(
    world: World,
    session: Obj,
    customer: Obj,
    method: Obj | None,
    raise_unless_paid: Callable[[Attempt, Obj], None],
) -> None:
    """Make the invoice of the session and pay it with the card."""
    invoice = _invoice(world, session, customer)
    for entry in _entries(world, session):
        line_of_item(world, invoice, new_item(world, customer, entry, invoice=invoice["id"]))
    retotal(world, invoice)
    world.emit("invoice.created", invoice)
    session["invoice"] = invoice["id"]
    if finalize(world, invoice) == "open" and method is not None:
        intent = world.fetch("payment_intent", invoice["_intent"])
        tried = charge(world, invoice, method, authenticated=False, automatic=False)
        raise_unless_paid(tried, intent)
        session["payment_intent"] = intent["id"]


def _invoice(world: World, session: Obj, customer: Obj) -> Obj:
    data: Obj = session["_invoice_data"]
    claim_currency(customer, session["currency"])
    invoice = new_invoice(world, customer, session["currency"], auto_advance=False)
    invoice["metadata"] = texts(data.get("metadata"))
    for name in ("account_tax_ids", "custom_fields", "description", "footer"):
        invoice[name] = clone(data.get(name)) or None
    if session["shipping_cost"]:
        invoice["shipping_cost"] = {**clone(session["shipping_cost"]), "taxes": []}
    if data.get("issuer"):
        invoice["issuer"] = clone(data["issuer"])
    invoice["discounts"] = new_discounts(world, customer, session["_discounts"], invoice=invoice["id"])
    return invoice


def _entries(world: World, session: Obj) -> list[Entry]:
    now = world.now_of(session)
    return [
        Entry(
            amount=amount_of(line["price"], line["quantity"]),
            currency=session["currency"],
            start=now,
            end=now,
            description=line["description"],
            price=line["price"],
            quantity=line["quantity"],
            metadata=dict(line["metadata"]),
            tax_rates=clone(line["_tax_rates"]),
        )
        for line in session["_lines"]
    ]
