"""What was paid for what? Invoice payments, intents, charges and refunds, for reading and confirming."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs


def payments_of(world: World, invoice: Obj) -> Objs:
    """The invoice payments of an invoice."""
    ids = [invoice.get("_payment") or "", *invoice.get("_attached", [])]
    return [held for held in map(world.shelf.peek, ids) if held is not None]


def retrieve_invoice_payment(call: Call) -> Obj:
    """One invoice payment."""
    return call.world.fetch("invoice_payment", call.id)


def list_invoice_payments(call: Call) -> Obj:
    """The payments of an invoice, or what a PaymentIntent paid."""
    params = call.params
    invoice, status = params.get("invoice"), params.get("status")
    payment: Obj = params.get("payment") or {}
    intent, kind = payment.get("payment_intent"), payment.get("type")
    shelf = call.world.shelf
    one = payments_of(call.world, shelf.peek(invoice) or {}) if invoice else None
    found = [
        held
        for held in (shelf.kind("invoice_payment") if one is None else one)
        if kind in {None, held["payment"]["type"]}
        and status in {None, held["status"]}
        and intent in {None, held["payment"].get("payment_intent")}
    ]
    return page("/v1/invoice_payments", params, found)


ROUTES: Routes = {
    "GET /v1/invoice_payments": list_invoice_payments,
    "GET /v1/invoice_payments/{id}": retrieve_invoice_payment,
}
