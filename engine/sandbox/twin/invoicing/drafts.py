"""How does an invoice come to be? Drafts, what is collected onto them, and their totals."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

from .discounting import apply_discounts
from .lines import line_of_item
from .totals import tax_lines, write_totals

_SHOWN_LINES = 10
_RENDERING: Obj = {
    "amount_tax_display": None,
    "pdf": {"page_size": "auto"},
    "template": None,
    "template_version": None,
}


def new_invoice(world: World, customer: Obj, currency: str, **about: Any) -> Obj:
    """An empty draft of a customer."""
    now = world.now_of(customer)
    fields: Obj = {
        "account_country": "US",
        "account_name": "Wallstreet sandbox",
        "amount_overpaid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "customer_tax_ids": [],
        "description": None,
        "metadata": {},
        "period_start": now,
        "period_end": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": customer["balance"],
        "status": "draft",
        "test_clock": customer["test_clock"],
        "webhooks_delivered_at": now,
        "amount_paid": 0,
        "_lines": [],
        "_days_until_due": None,
    }
    fields |= _copied(customer)
    if about.get("billing_reason", "manual") == "manual":
        fields["rendering"] = clone(_RENDERING)
    invoice = world.new("invoice", "in", {**fields, **about}, clock=customer["_clock"])
    retotal(world, invoice)
    return invoice


def _copied(customer: Obj) -> Obj:
    names = ("address", "email", "name", "phone", "shipping", "tax_exempt")
    return {f"customer_{name}": clone(customer[name]) for name in names}


def open_draft(world: World, id_: str, param: str | None = None) -> Obj:
    """The draft with this id; raises when it is finalized. In the body it goes by its parameter's name."""
    invoice = world.refer("invoice", id_, param) if param else world.fetch("invoice", id_, param="invoice")
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable", code="invoice_not_editable", param=param)
    return invoice


def subscription_parent(subscription: Obj) -> Obj:
    """The `parent` of a subscription's invoice, with a copy of its metadata."""
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {
            "metadata": clone(subscription["metadata"]),
            "subscription": subscription["id"],
        },
    }


def subscription_of(invoice: Obj) -> str | None:
    """The id of the subscription that an invoice belongs to."""
    return inside(invoice, "parent", "subscription_details").get("subscription")


def pending_items(world: World, customer: str, subscription: str | None, currency: str) -> Objs:
    """Items that wait for an invoice: a subscription's own and the customer's; the newest date first."""
    found = world.shelf.find("invoiceitem", customer=customer, invoice=None, currency=currency)
    chosen: Objs = []
    for item in found:
        owner = subscription_of(item)
        if owner == subscription or (subscription is not None and owner is None):
            chosen.append(item)
    return sorted(chosen, key=lambda item: -int(item["date"]))


def collect(world: World, invoice: Obj, items: Objs) -> None:
    """Put pending items onto a draft."""
    for item in items:
        line_of_item(world, invoice, item)


def lines_of(world: World, invoice: Obj) -> Objs:
    """All lines of an invoice, in order; they may be changed."""
    found = [world.shelf.take(id_) for id_ in invoice["_lines"]]
    return [line for line in found if line is not None]


def retotal(world: World, invoice: Obj) -> None:
    """Bring the sums of a draft up to date with its lines, discounts, taxes and the customer's balance."""
    lines = lines_of(world, invoice)
    taken = apply_discounts(world, invoice, lines)
    tax_lines(invoice, lines)
    write_totals(invoice, lines, taken)
    if invoice["status"] == "draft":
        customer = world.shelf.peek(invoice["customer"]) or {}
        invoice["starting_balance"] = customer.get("balance", 0)
        invoice["amount_due"] = max(0, invoice["total"] + invoice["starting_balance"])
        invoice["amount_remaining"] = invoice["amount_due"]
    show_lines(world, invoice)


def show_lines(world: World, invoice: Obj) -> None:
    """Renew the copy of the first lines inside the invoice; more are on the lines endpoint."""
    lines = lines_of(world, invoice)
    invoice["lines"] = listing(f"/v1/invoices/{invoice['id']}/lines", clone(lines[:_SHOWN_LINES]))
    invoice["lines"]["has_more"] = len(lines) > _SHOWN_LINES
