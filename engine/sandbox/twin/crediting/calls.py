"""How is a finalized invoice lowered? Credit notes: before payment off what is due, after it given back.

Source: Stripe docs, invoicing/integration/programmatic-credit-notes.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.ranges import within
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.paying import close_payment, mark_paid
from engine.sandbox.twin.objects.customers import move_balance
from engine.sandbox.twin.payments.refunds import refund_charge
from engine.sandbox.twin.values.params import Params, mark_read
from engine.sandbox.twin.values.types import Obj, Objs, clone

from .figures import figures

_BACK = ("refund_amount", "credit_amount", "out_of_band_amount")


def create(call: Call) -> Obj:
    """A credit note on an open or paid invoice."""
    note = _issue(call.world, call.params)
    call.world.emit("credit_note.created", note)
    return note


def preview(call: Call) -> Obj:
    """The credit note as it would be; nothing of it stays."""
    with call.world.dry_run():
        note: Obj = clone(_issue(call.world, call.params))
    return note


def preview_lines(call: Call) -> Obj:
    """The lines of the credit note as it would be."""
    lines: Objs = preview(call)["lines"]["data"]
    return page("/v1/credit_notes/preview/lines", call.params, lines, newest_first=False)


def _issue(world: World, params: Params) -> Obj:
    invoice = world.refer("invoice", params["invoice"], "invoice")
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        text = f"Invoice must be open or paid to create a credit note; it is {invoice['status']}."
        raise invalid(text, param="invoice")
    params.ignore("email_type")
    note = _new(world, invoice, params)
    if invoice["status"] == "paid":
        _after_payment(world, note, invoice, params)
    else:
        _before_payment(world, note, invoice, params)
    return note


def _new(world: World, invoice: Obj, params: Params) -> Obj:
    sums, lines = figures(world, invoice, params)
    credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    left = invoice["total"] - credited
    if invoice["status"] != "paid":
        left = min(left, invoice["amount_remaining"])
    if sums["total"] > left:
        total = sums["total"]
        text = f"The sum of credit amount, refund amount and out of band amount ({total}) exceeds {left}."
        raise invalid(text, param="amount")
    count = sum(1 for held in world.shelf.kind("credit_note") if held["invoice"] == invoice["id"])
    note = world.new(
        "credit_note",
        "cn",
        {
            **sums,
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "effective_at": params.get("effective_at", world.now_of(invoice)),
            "invoice": invoice["id"],
            "metadata": {},
            "number": f"{invoice['number']}-CN-{count + 1:02d}",
            "post_payment_amount": 0,
            "pre_payment_amount": 0,
            "status": "issued",
            "type": "pre_payment",
        },
        clock=invoice["_clock"],
    )
    note["pdf"] = f"{world.base_url}/credit_notes/{note['id']}/pdf"
    note["lines"] = listing(f"/v1/credit_notes/{note['id']}/lines", lines)
    assign(note, params, "memo", "reason")
    merge_metadata(note, params)
    return note


def _before_payment(world: World, note: Obj, invoice: Obj, params: Params) -> None:
    """Lower what is due; nothing left means paid, and there is nothing to give back."""
    for name in (*_BACK, "refunds"):
        if params.get(name):
            text = f"`{name}` can only be set for an invoice that is paid."
            raise invalid(text, param=name)
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
    parts = {name: within(params.get(name, 0), name) or 0 for name in _BACK}
    linked = _linked(world, invoice, params)
    if sum(parts.values()) + sum(each["amount_refunded"] for each in linked) != note["amount"]:
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
        linked.append(_refund_link(refund["id"], refund["amount"]))
    note["refunds"] = linked
    if parts["credit_amount"]:
        customer = world.fetch("customer", invoice["customer"])
        about = {"credit_note": note["id"], "invoice": invoice["id"]}
        moved = move_balance(world, customer, -parts["credit_amount"], "credit_note", **about)
        note["customer_balance_transaction"] = moved["id"]


def _linked(world: World, invoice: Obj, params: Params) -> Objs:
    """Refunds of the invoice's own payment that exist already."""
    intent = invoice.get("_intent")
    found: Objs = []
    for index, given in enumerate(params.get("refunds") or []):
        where = f"refunds[{index}]"
        if not given.get("refund"):
            raise missing(f"{where}[refund]")
        refund = world.refer("refund", given["refund"], f"{where}[refund]")
        if intent is None or refund["payment_intent"] != intent:
            raise invalid("The refund is not one of this invoice's payment.", param=f"{where}[refund]")
        amount = given.get("amount_refunded", refund["amount"])
        within(amount, f"{where}[amount_refunded]", least=1, most=refund["amount"])
        mark_read(given)
        found.append(_refund_link(refund["id"], amount))
    return found


def _refund_link(refund: str, amount: int) -> Obj:
    return {
        "amount_refunded": amount,
        "payment_record_refund": None,
        "refund": refund,
        "type": "refund",
    }


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
    intent = world.shelf.take(invoice.get("_intent") or "")
    if intent is not None:
        intent["amount"] = invoice["amount_due"]
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
    call.params.ignore("customer_account")
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
    "GET /v1/credit_notes/preview": preview,
    "GET /v1/credit_notes/preview/lines": preview_lines,
    "GET /v1/credit_notes/{id}": retrieve,
    "POST /v1/credit_notes/{id}": update,
    "GET /v1/credit_notes/{id}/lines": list_lines,
    "POST /v1/credit_notes/{id}/void": void,
}
