"""Which fields are there only when asked for? Those that `expand` adds to an answer."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Including
from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.customers import funds, sources, tax_ids
from engine.sandbox.twin.invoicing import records
from engine.sandbox.twin.values.types import Obj


def _payments(world: World, invoice: Obj) -> Obj:
    return listing("/v1/invoice_payments", records.payments_of(world, invoice))


def _confirmation_secret(world: World, invoice: Obj) -> Obj | None:
    intent = world.shelf.peek(invoice.get("_intent") or "")
    return None if intent is None else {"client_secret": intent["client_secret"], "type": "payment_intent"}


def _subscriptions(world: World, customer: Obj) -> Obj:
    ended = {"canceled", "incomplete_expired"}
    found = world.shelf.owned("subscription", customer["id"])
    newest_first = sorted(found, key=lambda held: int(held["_n"]), reverse=True)
    live = [held for held in newest_first if held["status"] not in ended]
    return listing(f"/v1/customers/{customer['id']}/subscriptions", live)


def _refunds(world: World, charge: Obj) -> Obj:
    found = world.shelf.find("refund", customer=charge["customer"], charge=charge["id"])
    return listing(f"/v1/charges/{charge['id']}/refunds", reversed(found))


def _applies_to(_world: World, coupon: Obj) -> Obj:
    return {"products": coupon.get("_products") or []}


def _credit_balances(_world: World, _customer: Obj) -> Obj:
    return {}


def _tax(_world: World, customer: Obj) -> Obj:
    """Nobody's place is known: the twin looks up no addresses."""
    return {
        "automatic_tax": "unrecognized_location",
        "ip_address": customer.get("_ip_address"),
        "location": None,
        "provider": "stripe",
    }


INCLUDING: Including = {
    ("invoice", "payments"): _payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "invoice_credit_balance"): _credit_balances,
    ("customer", "tax"): _tax,
    ("customer", "tax_ids"): tax_ids.shown_with,
    ("customer", "sources"): sources.shown_with,
    ("customer", "default_source"): sources.default_of,
    ("customer", "cash_balance"): funds.cash_of,
    ("charge", "refunds"): _refunds,
    ("coupon", "applies_to"): _applies_to,
}
