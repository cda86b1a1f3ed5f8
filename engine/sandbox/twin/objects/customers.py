"""Who pays? Customers, their default card and their balance."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.books import postings
from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone

from . import payment_methods

_PREFIX_LENGTH = 8
_FREE_FIELDS: Obj = {
    "address": None,
    "currency": None,
    "customer_account": None,
    "delinquent": False,
    "discount": None,
    "balance": 0,
    "name": None,
    "next_invoice_sequence": 1,
    "phone": None,
    "preferred_locales": [],
    "tax_exempt": "none",
    "test_clock": None,
}


def blank(world: World, clock: str | None) -> Obj:
    """A customer of whom nothing is known yet."""
    customer = world.new("customer", "cus", {**clone(_FREE_FIELDS), "test_clock": clock}, clock=clock)
    customer["invoice_prefix"] = world.ids.token(_PREFIX_LENGTH).upper()
    return customer


def new_customer(world: World, email: str | None, **about: Any) -> Obj:
    """A customer that Stripe makes by itself, for a buyer on a page."""
    customer = blank(world, None)
    customer |= {"email": email, **about}
    world.emit("customer.created", customer)
    return customer


def move_balance(world: World, customer: Obj, amount: int, kind: str, **about: Any) -> Obj:
    """Add to the balance (a negative balance is credit) and write the movement down."""
    customer["balance"] += amount
    moved = world.new(
        "customer_balance_transaction",
        "cbtxn",
        {
            "amount": amount,
            "currency": customer["currency"] or "usd",
            "customer": customer["id"],
            "ending_balance": customer["balance"],
            "type": kind,
            "metadata": {},
            **about,
        },
        clock=customer["_clock"],
    )
    postings.balance_moved(world, moved, world.shelf.take(about.get("invoice") or ""))
    return moved


def fetch(world: World, id_: str, param: str = "id") -> Obj:
    """A customer that was not deleted."""
    customer = world.fetch("customer", id_, param=param)
    if customer.get("deleted"):
        raise no_such("customer", id_, param=param)
    return customer


def retrieve(call: Call) -> Obj:
    """The customer, or the stub of a deleted one."""
    return call.world.fetch("customer", call.id)


def delete(call: Call) -> Obj:
    """Delete a customer; what is left answers `deleted`."""
    customer = fetch(call.world, call.id)
    remove(call.world, customer)
    return customer


def remove(world: World, customer: Obj) -> None:
    """End what runs for a customer and keep nothing of it but that it is gone."""
    for cancel in world.before_customer_deletion:
        cancel(world, customer)
    world.emit("customer.deleted", customer)
    kept = {name: customer[name] for name in ("id", "object", "_account", "_clock", "_n")}
    customer.clear()
    customer.update({**kept, "deleted": True})


def list_all(call: Call) -> Obj:
    """Customers, newest first; those of a test clock only when it is named."""
    params = call.params
    email, clock = params.get("email"), params.get("test_clock")
    found = [
        customer
        for customer in call.world.shelf.kind("customer")
        if not customer.get("deleted") and customer["_clock"] == clock and email in {None, customer["email"]}
    ]
    return page("/v1/customers", params, found)


def delete_discount(call: Call) -> Obj:
    """Take the customer's discount away."""
    customer = fetch(call.world, call.id)
    discount = customer["discount"]
    if discount is None:
        raise invalid("No active discount for customer", code="resource_missing")
    customer["discount"] = None
    return {**{name: value for name, value in discount.items() if name != "end"}, "deleted": True}


def list_payment_methods(call: Call) -> Obj:
    """The customer's cards, newest first."""
    fetch(call.world, call.id, "customer")
    found = call.world.shelf.find("payment_method", customer=call.id)
    fitting = payment_methods.fitting(found, call.params)
    return page(f"/v1/customers/{call.id}/payment_methods", call.params, fitting)


ROUTES: Routes = {
    "GET /v1/customers": list_all,
    "GET /v1/customers/{id}": retrieve,
    "DELETE /v1/customers/{id}": delete,
    "DELETE /v1/customers/{id}/discount": delete_discount,
    "GET /v1/customers/{id}/payment_methods": list_payment_methods,
}
