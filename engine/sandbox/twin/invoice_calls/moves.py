"""Which calls move an invoice on? Finalize, pay, send, void, mark uncollectible."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

from . import revisions


def open_now(world: World, invoice: Obj) -> str:
    """Finalize a draft; an invoice that it revises is void from here."""
    state = finalize(world, invoice)
    original = revisions.replaced(world, invoice)
    if original is not None:
        paying.void(world, original)
    return state


def finalize_now(call: Call) -> Obj:
    """Open a draft; a sum of zero or less is settled at once."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if "auto_advance" in call.params and invoice["status"] == "draft":
        invoice["auto_advance"] = call.params["auto_advance"]
    open_now(world, invoice)
    if invoice["auto_advance"]:
        paying.collect_automatically(world, invoice)
    return invoice


def pay(call: Call) -> Obj:
    """Pay an open invoice with a card, or note that it was paid elsewhere."""
    world, params = call.world, call.params
    invoice = world.fetch("invoice", call.id, param="invoice")
    params.ignore("off_session", "forgive")
    for name in ("source", "mandate"):
        if params.get(name):
            raise no_such(name, params[name], param=name, status=400)
    if params.get("paid_out_of_band") and params.get("payment_method"):
        raise exclusive("paid_out_of_band", "payment_method")
    if invoice["status"] == "draft" and open_now(world, invoice) == "paid":
        return invoice
    paying.refuse_unless_payable(invoice)
    if params.get("paid_out_of_band"):
        paying.close_payment(world, invoice)
        paying.mark_paid(world, invoice, charged=False)
        return invoice
    paying.pay_or_raise(world, invoice, _method(world, invoice, params))
    return invoice


def _method(world: World, invoice: Obj, params: Params) -> Obj:
    """The card named, else the one that the invoice is charged to."""
    customer = world.fetch("customer", invoice["customer"])
    chosen = params.get("payment_method")
    method = (
        of_customer(world, chosen, customer, "payment_method")
        if chosen
        else paying.method_for(world, invoice)
    )
    if method is None:
        raise invalid(paying.NO_METHOD, code="resource_missing")
    return method


def void(call: Call) -> Obj:
    """Void an open or uncollectible invoice."""
    invoice = _in(call, {"open", "uncollectible"})
    paying.void(call.world, invoice)
    return invoice


def mark_uncollectible(call: Call) -> Obj:
    """Give up on an open invoice."""
    invoice = _in(call, {"open"})
    paying.mark_uncollectible(call.world, invoice)
    return invoice


def _in(call: Call, allowed: set[str]) -> Obj:
    invoice = call.world.fetch("invoice", call.id, param="invoice")
    if invoice["status"] not in allowed:
        wanted = " or ".join(sorted(allowed))
        text = f"You can only pass in {wanted} invoices. This invoice is {invoice['status']}."
        raise invalid(text, code="status_transition_invalid")
    return invoice


def send(call: Call) -> Obj:
    """Send an invoice; a draft is finalized first."""
    world = call.world
    invoice = world.fetch("invoice", call.id, param="invoice")
    if invoice["status"] in {"void", "uncollectible"}:
        text = f"You can only send open or paid invoices. This invoice is {invoice['status']}."
        raise invalid(text, code="status_transition_invalid")
    if invoice["collection_method"] != "send_invoice":
        text = "You can only manually send an invoice if its collection method is `send_invoice`."
        raise invalid(text)
    if invoice["status"] == "draft":
        open_now(world, invoice)
    world.emit("invoice.sent", invoice)
    return invoice


ROUTES: Routes = {
    "POST /v1/invoices/{id}/finalize": finalize_now,
    "POST /v1/invoices/{id}/pay": pay,
    "POST /v1/invoices/{id}/void": void,
    "POST /v1/invoices/{id}/mark_uncollectible": mark_uncollectible,
    "POST /v1/invoices/{id}/send": send,
}
