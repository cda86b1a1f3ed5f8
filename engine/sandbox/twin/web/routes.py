"""Which call goes where? Every endpoint that the twin plays."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Handler, Routes
from engine.sandbox.twin.core.parameters import endpoints
from engine.sandbox.twin.core.render import Including, listing
from engine.sandbox.twin.core.types import Obj
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import credit_notes, invoices, line_calls, records
from engine.sandbox.twin.lifecycle import previews, schedules, subscription_items, subscriptions
from engine.sandbox.twin.objects import (
    catalog,
    checkout,
    clocks,
    customers,
    discounts,
    notices,
    payment_methods,
    setup,
)

_PARTS = (
    customers, payment_methods, catalog, discounts, setup, clocks, notices, subscriptions,
    subscription_items, schedules, previews, invoices, line_calls, records, credit_notes, checkout,
)  # fmt: skip
ROUTES: Routes = {endpoint: handler for part in _PARTS for endpoint, handler in part.ROUTES.items()}


def _payments(world: World, invoice: Obj) -> Obj:
    return listing("/v1/invoice_payments", records.payments_of(world, invoice))


def _confirmation_secret(world: World, invoice: Obj) -> Obj | None:
    intent = world.shelf.peek(invoice.get("_intent") or "")
    return None if intent is None else {"client_secret": intent["client_secret"], "type": "payment_intent"}


def _subscriptions(world: World, customer: Obj) -> Obj:
    ended = {"canceled", "incomplete_expired"}
    found = world.shelf.find("subscription", customer=customer["id"])
    live = [held for held in reversed(found) if held["status"] not in ended]
    return listing(f"/v1/customers/{customer['id']}/subscriptions", live)


def _refunds(world: World, charge: Obj) -> Obj:
    found = world.shelf.find("refund", customer=charge["customer"], charge=charge["id"])
    return listing(f"/v1/charges/{charge['id']}/refunds", reversed(found))


def _line_items(_world: World, session: Obj) -> Obj:
    return checkout.line_items_of(session)


def _tiers(_world: World, price: Obj) -> list[Obj] | None:
    return price.get("_tiers")


def _applies_to(_world: World, coupon: Obj) -> Obj:
    return {"products": coupon.get("_products") or []}


def _credit_balances(_world: World, _customer: Obj) -> Obj:
    return {}


INCLUDING: Including = {
    ("invoice", "payments"): _payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "invoice_credit_balance"): _credit_balances,
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("price", "tiers"): _tiers,
    ("coupon", "applies_to"): _applies_to,
}


class Router:
    """Finds the endpoint of a method and a path."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[tuple[str, list[str]]]] = {}
        for endpoint in sorted(endpoints(), key=lambda name: name.replace("{", "~")):
            method, path = endpoint.split(" ")
            parts = path.split("/")
            self._known.setdefault((method, len(parts)), []).append((endpoint, parts))

    def match(self, method: str, path: str) -> tuple[str, Handler | None, dict[str, str]] | None:
        """The endpoint, its handler (none where the twin does not play it) and the ids in the path."""
        given = path.split("/")
        for endpoint, parts in self._known.get((method, len(given)), []):
            named = {part[1:-1]: value for part, value in zip(parts, given, strict=True) if part[:1] == "{"}
            fixed = all(part[:1] == "{" or part == value for part, value in zip(parts, given, strict=True))
            if fixed and all(named.values()):
                return endpoint, ROUTES.get(endpoint), named
        return None
