"""How is a finalized invoice lowered? Credit notes: before payment off what is due, after it given back.

Source: Stripe docs, invoicing/integration/programmatic-credit-notes.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import close_payment, mark_paid
from engine.sandbox.twin.objects.customers import move_balance
from engine.sandbox.twin.payments.refunds import refund_charge
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone

_BACK = ("refund_amount", "credit_amount", "out_of_band_amount")


def create(call: Call) -> Obj:
    """A credit note on an open or paid invoice."""
    world, params = call.world, call.params
    invoice = world.refer("invoice", params["invoice"], "invoice")
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        text = f"Invoice must be open or paid to create a credit note; it is {invoice['status']}."
        raise invalid(text, param="invoice")
    note = _new(world, invoice, params)
    if invoice["status"] == "paid":
        _after_payment(world, note, invoice, params)
    else:
        _before_payment(world, note, invoice)
    params.ignore("email_type", *_BACK)
    world.emit("credit_note.created", note)
    return note


def _new(world: World, invoice: Obj, params: Params) -> Obj:
    lines = _lines(world, invoice, params)
    amount: int = params.get("amount", sum(line["amount"] for line in lines))
    if amount <= 0:
        raise missing("amount")
    left = (
        invoice["total"]
        - invoice["pre_payment_credit_notes_amount"]
        - invoice["post_payment_credit_notes_amount"]
    )
    if amount > left:
        text = f"The sum of credit amount, refund amount and out of band amount ({amount}) exceeds {left}."
        raise invalid(text, param="amount")
    note = _blank(world, invoice, amount)
    note["pdf"] = f"{world.base_url}/credit_notes/{note['id']}/pdf"
    note["lines"] = listing(f"/v1/credit_notes/{note['id']}/lines", lines or [_line(world, amount, None)])
    assign(note, params, "memo", "reason")
    merge_metadata(note, params)
    return note


def _blank(world: World, invoice: Obj, amount: int) -> Obj:
    count = sum(1 for held in world.shelf.kind("credit_note") if held["invoice"] == invoice["id"])
    return world.new(
        "credit_note",
        "cn",
        {
            "amount": amount,
            "amount_shipping": 0,
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "discount_amount": 0,
            "effective_at": world.now_of(invoice),
            "invoice": invoice["id"],
            "metadata": {},
            "number": f"{invoice['number']}-CN-{count + 1:02d}",
            "post_payment_amount": 0,
            "pre_payment_amount": 0,
            "status": "issued",
            "subtotal": amount,
            "subtotal_excluding_tax": amount,
            "total": amount,
            "total_excluding_tax": amount,
            "total_taxes": [],
            "type": "pre_payment",
        },
        clock=invoice["_clock"],
    )


def _lines(world: World, invoice: Obj, params: Params) -> Objs:
    lines: Objs = []
    for index, given in enumerate(params.whole("lines") or []):
        named = given.get("invoice_line_item")
        if named and named not in invoice["_lines"]:
            raise no_such("invoice line item", named, param=f"lines[{index}][invoice_line_item]", status=400)
        source = world.fetch("line_item", named) if named else None
        quantity = given.get("quantity", 1)
        full = source["amount"] if source else given.get("unit_amount", 0) * quantity
        line = _line(world, given.get("amount", full), source)
        line["description"] = given.get("description", line["description"])
        lines.append(line)
    return lines


def _line(world: World, amount: int, source: Obj | None) -> Obj:
    line: Obj = {
        "id": world.ids.new("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": source["description"] if source else None,
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": source["quantity"] if source else 1,
        "tax_rates": [],
        "taxes": [],
        "type": "invoice_line_item" if source else "custom_line_item",
        "unit_amount": None if source else amount,
        "unit_amount_decimal": None if source else str(amount),
    }
    return {**line, "invoice_line_item": source["id"]} if source else line


def _before_payment(world: World, note: Obj, invoice: Obj) -> None:
    """Lower what is due; nothing left means paid."""
    before = clone(invoice)
    note["pre_payment_amount"] = note["amount"]
    invoice["pre_payment_credit_notes_amount"] += note["amount"]
    invoice["amount_due"] = max(0, invoice["amount_due"] - note["amount"])
    invoice["amount_remaining"] = invoice["amount_due"]
    intent = world.shelf.take(invoice.get("_intent") or "")
    if intent is not None:
        intent["amount"] = invoice["amount_due"]
    world.emit("invoice.updated", invoice, before=before)
    if invoice["amount_due"] == 0:
        close_payment(world, invoice)
        mark_paid(world, invoice, charged=False)


def _after_payment(world: World, note: Obj, invoice: Obj, params: Params) -> None:
    """Give back: to the card, to the balance, or elsewhere; the parts must add up."""
    parts = {name: params.get(name, 0) for name in _BACK}
    if sum(parts.values()) != note["amount"]:
        text = (
            "The sum of refund_amount, credit_amount and out_of_band_amount must equal the amount of the"
            f" credit note ({note['amount']})."
        )
        raise invalid(text, param="amount")
    note["type"] = "post_payment"
    note["post_payment_amount"] = note["amount"]
    note["out_of_band_amount"] = parts["out_of_band_amount"] or None
    invoice["post_payment_credit_notes_amount"] += note["amount"]
    if parts["refund_amount"]:
        intent = world.shelf.peek(invoice.get("_intent") or "") or {}
        charge = world.refer("charge", intent.get("latest_charge") or "", "refund_amount")
        refund = refund_charge(world, charge, parts["refund_amount"], None)
        note["refunds"] = [
            {
                "amount_refunded": refund["amount"],
                "payment_record_refund": None,
                "refund": refund["id"],
                "type": "refund",
            }
        ]
    if parts["credit_amount"]:
        customer = world.fetch("customer", invoice["customer"])
        about = {"credit_note": note["id"], "invoice": invoice["id"]}
        moved = move_balance(world, customer, -parts["credit_amount"], "credit_note", **about)
        note["customer_balance_transaction"] = moved["id"]


def void(call: Call) -> Obj:
    """Take a credit note on an open invoice back."""
    world = call.world
    note = world.fetch("credit_note", call.id)
    invoice = world.fetch("invoice", note["invoice"])
    if note["status"] == "void" or invoice["status"] == "paid":
        raise invalid("You can only void a credit note of an open invoice.")
    note["status"] = "void"
    note["voided_at"] = world.now_of(note)
    invoice["pre_payment_credit_notes_amount"] -= note["amount"]
    invoice["amount_due"] += note["amount"]
    invoice["amount_remaining"] = invoice["amount_due"]
    world.emit("credit_note.voided", note)
    return note


def update(call: Call) -> Obj:
    """Change memo or metadata."""
    note = call.world.fetch("credit_note", call.id)
    before = clone(note)
    assign(note, call.params, "memo")
    merge_metadata(note, call.params)
    call.world.emit("credit_note.updated", note, before=before)
    return note


def retrieve(call: Call) -> Obj:
    """One credit note."""
    return call.world.fetch("credit_note", call.id)


def list_all(call: Call) -> Obj:
    """Credit notes, newest first."""
    customer, invoice = call.params.get("customer"), call.params.get("invoice")
    found = [
        note
        for note in call.world.shelf.kind("credit_note")
        if customer in {None, note["customer"]} and invoice in {None, note["invoice"]}
    ]
    return page("/v1/credit_notes", call.params, found)


def list_lines(call: Call) -> Obj:
    """The lines of a credit note."""
    note = call.world.fetch("credit_note", call.id)
    url = f"/v1/credit_notes/{call.id}/lines"
    return page(url, call.params, note["lines"]["data"], newest_first=False)


ROUTES: Routes = {
    "POST /v1/credit_notes": create,
    "GET /v1/credit_notes": list_all,
    "GET /v1/credit_notes/{id}": retrieve,
    "POST /v1/credit_notes/{id}": update,
    "GET /v1/credit_notes/{id}/lines": list_lines,
    "POST /v1/credit_notes/{id}/void": void,
}
