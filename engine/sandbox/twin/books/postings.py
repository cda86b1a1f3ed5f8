"""What do invoices, credit notes, credits and customer balances mean for the books?

Most follows from events, so that no other room has to know the ledger.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Postings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, inside

from .ledger import Leg, of_customer, own, post


def _owe(
    world: World, cause: str, invoice: Obj, amount: int, other: str, *, source: Obj | None = None
) -> None:
    """Change what a customer owes for an invoice, against another account."""
    invoice["_owed"] = invoice.get("_owed", 0) + amount
    receivable = of_customer("receivable", invoice["customer"])
    about = source or invoice
    post(world, cause, about, invoice["currency"], [(receivable, amount), (other, -amount)])


def charge_taken(world: World, charge: Obj, invoice: Obj | None, net: int, fee: int) -> None:
    """A charge came in: for an invoice it settles what is owed, else it is a payment of its own."""
    amount = net + fee
    paid_by = of_customer("payments", charge["customer"])
    if invoice is not None:
        invoice["_owed"] = invoice.get("_owed", 0) - amount
        paid_by = of_customer("receivable", invoice["customer"])
    legs: list[Leg] = [(own(world, "stripe_balance"), net), (own(world, "fees"), fee), (paid_by, -amount)]
    post(world, "charge", charge, charge["currency"], legs)


def payment_attached(world: World, intent: Obj, invoice: Obj, counted: int) -> None:
    """A payment of its own counts for an invoice; what is too much is for the customer's balance."""
    received, customer = intent["amount_received"], invoice["customer"]
    invoice["_owed"] = invoice.get("_owed", 0) - counted
    legs: list[Leg] = [
        (of_customer("payments", customer), received),
        (of_customer("receivable", customer), -counted),
        (own(world, "balance_adjustments"), counted - received),
    ]
    post(world, "payment_attached", intent, invoice["currency"], legs)


def balance_moved(world: World, moved: Obj, invoice: Obj | None) -> None:
    """A customer's balance changed: by an invoice, a credit note, or by hand."""
    amount, kind = moved["amount"], moved["type"]
    held = of_customer("customer_balance", moved["customer"])
    if invoice is not None and kind in {"applied_to_invoice", "unapplied_from_invoice"}:
        _owe(world, kind, invoice, -amount, held, source=moved)
        return
    other = own(world, "credit_notes" if kind == "credit_note" else "balance_adjustments")
    post(world, kind, moved, moved["currency"], [(held, amount), (other, -amount)])


def _finalized(world: World, invoice: Obj) -> None:
    _owe(world, "invoice_finalized", invoice, invoice["total"], own(world, "sales"))


def _paid(world: World, invoice: Obj) -> None:
    """What no charge paid was paid elsewhere; what was given up before is recovered."""
    _owe(world, "recovered", invoice, invoice.pop("_given_up", 0), own(world, "uncollectible"))
    _owe(world, "paid_out_of_band", invoice, -invoice["_owed"], own(world, "out_of_band"))


def _voided(world: World, invoice: Obj) -> None:
    _owe(world, "recovered", invoice, invoice.pop("_given_up", 0), own(world, "uncollectible"))
    _owe(world, "invoice_voided", invoice, -invoice["_owed"], own(world, "sales"))


def _given_up(world: World, invoice: Obj) -> None:
    left = invoice.get("_owed", 0)
    invoice["_given_up"] = invoice.get("_given_up", 0) + left
    _owe(world, "marked_uncollectible", invoice, -left, own(world, "uncollectible"))


def _noted(world: World, note: Obj) -> None:
    """A credit note lowers what is owed, or tells of money given back elsewhere."""
    invoice = world.shelf.take(note["invoice"])
    assert invoice is not None
    credit = own(world, "credit_notes")
    _owe(world, "credit_note", invoice, -(note.get("pre_payment_amount") or 0), credit, source=note)
    elsewhere = note.get("out_of_band_amount") or 0
    legs = [(credit, elsewhere), (own(world, "out_of_band"), -elsewhere)]
    post(world, "credit_note", note, note["currency"], legs)


def _note_voided(world: World, note: Obj) -> None:
    invoice = world.shelf.take(note["invoice"])
    assert invoice is not None
    back = note.get("pre_payment_amount") or 0
    _owe(world, "credit_note_voided", invoice, back, own(world, "credit_notes"), source=note)


def _credits_moved(world: World, moved: Obj) -> None:
    """Credits of a grant were given, used, expired or taken away."""
    grant = world.shelf.peek(moved["credit_grant"]) or {}
    way = moved["type"]
    about = inside(moved, way)
    money = inside(about, "amount", "monetary")
    if not money:
        return
    amount = money["value"] if way == "debit" else -money["value"]
    other = (
        "sales"
        if "applied" in str(about.get("type")) or "invoice" in str(about.get("type"))
        else "promotions"
    )
    legs = [(of_customer("credit_grants", grant.get("customer")), amount), (own(world, other), -amount)]
    post(world, str(about.get("type")), {**moved, "customer": grant.get("customer")}, money["currency"], legs)


POSTINGS: Postings = {
    "invoice.finalized": _finalized,
    "invoice.paid": _paid,
    "invoice.voided": _voided,
    "invoice.marked_uncollectible": _given_up,
    "credit_note.created": _noted,
    "credit_note.voided": _note_voided,
    "billing.credit_balance_transaction.created": _credits_moved,
}
