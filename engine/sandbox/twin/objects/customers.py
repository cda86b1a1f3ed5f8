"""Who pays? Customers, their default card and their balance."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.books import postings
from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from . import payment_methods

_PREFIX_LENGTH = 8
_PLAIN = ("address", "description", "email", "name", "phone", "shipping")
_MOST_ON_A_CLOCK = 3
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


def create(call: Call) -> Obj:
    """A new customer; only here it can be put on a test clock."""
    world, params = call.world, call.params
    clock = params.get("test_clock")
    if clock is not None:
        world.refer("test_helpers.test_clock", clock, "test_clock")
        on_clock = [held for held in world.shelf.kind("customer") if held.get("test_clock") == clock]
        if len(on_clock) >= _MOST_ON_A_CLOCK:
            raise invalid(
                f"You cannot add more than {_MOST_ON_A_CLOCK} customers to a test clock.", param="test_clock"
            )
    customer = _blank(world, clock)
    _write(world, customer, params)
    world.emit("customer.created", customer)
    return customer


def _blank(world: World, clock: str | None) -> Obj:
    customer = world.new("customer", "cus", {**clone(_FREE_FIELDS), "test_clock": clock}, clock=clock)
    customer["invoice_prefix"] = world.ids.token(_PREFIX_LENGTH).upper()
    return customer


def new_customer(world: World, email: str | None, **about: Any) -> Obj:
    """A customer that Stripe makes by itself, for a buyer on a page."""
    customer = _blank(world, None)
    customer |= {"email": email, **about}
    world.emit("customer.created", customer)
    return customer


def update(call: Call) -> Obj:
    """Change what was sent, leave the rest."""
    customer = fetch(call.world, call.id)
    before = clone(customer)
    _write(call.world, customer, call.params)
    call.world.emit("customer.updated", customer, before=before)
    return customer


def _write(world: World, customer: Obj, params: Params) -> None:
    assign(customer, params, *_PLAIN, "invoice_prefix", "tax_exempt")
    merge_metadata(customer, params)
    if "next_invoice_sequence" in params:
        customer["next_invoice_sequence"] = params["next_invoice_sequence"]
    if "payment_method" in params:
        payment_methods.attach_to(world, params["payment_method"], customer, param="payment_method")
    settings: Obj = params.get("invoice_settings") or {}
    for name, value in settings.items():
        customer["invoice_settings"][name] = None if value == "" else value
    default = customer["invoice_settings"]["default_payment_method"]
    if settings.get("default_payment_method"):
        payment_methods.of_customer(world, default, customer, "invoice_settings[default_payment_method]")
    if "balance" in params and params["balance"] != customer["balance"]:
        move_balance(world, customer, params["balance"] - customer["balance"], "adjustment")


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
        raise invalid(f"No such customer: '{id_}'", param=param, code="resource_missing")
    return customer


def retrieve(call: Call) -> Obj:
    """The customer, or the stub of a deleted one."""
    return call.world.fetch("customer", call.id)


def delete(call: Call) -> Obj:
    """Delete a customer; what is left answers `deleted`."""
    world = call.world
    customer = fetch(world, call.id)
    for cancel in world.before_customer_deletion:
        cancel(world, customer)
    world.emit("customer.deleted", customer)
    kept = {name: customer[name] for name in ("id", "object", "_account", "_clock", "_n")}
    customer.clear()
    customer.update({**kept, "deleted": True})
    return customer


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


def balance_transactions(call: Call) -> Obj:
    """The movements of the balance, newest first."""
    found = call.world.shelf.find("customer_balance_transaction", customer=call.id)
    return page(f"/v1/customers/{call.id}/balance_transactions", call.params, found)


def create_balance_transaction(call: Call) -> Obj:
    """Give credit (negative) or put on account (positive)."""
    world, params = call.world, call.params
    customer = fetch(world, call.id, "customer")
    if customer["currency"] not in {None, params["currency"]}:
        text = f"The customer's currency is {customer['currency']}; got {params['currency']}."
        raise invalid(text, param="currency")
    customer["currency"] = params["currency"]
    about: Obj = {"description": params.get("description")}
    moved = move_balance(world, customer, params["amount"], "adjustment", **about)
    merge_metadata(moved, params)
    return moved


def list_payment_methods(call: Call) -> Obj:
    """The customer's cards, newest first."""
    fetch(call.world, call.id, "customer")
    kind = call.params.get("type", "card")
    found = call.world.shelf.find("payment_method", customer=call.id, type=kind)
    return page(f"/v1/customers/{call.id}/payment_methods", call.params, found)


ROUTES: Routes = {
    "POST /v1/customers": create,
    "GET /v1/customers": list_all,
    "GET /v1/customers/{id}": retrieve,
    "POST /v1/customers/{id}": update,
    "DELETE /v1/customers/{id}": delete,
    "DELETE /v1/customers/{id}/discount": delete_discount,
    "GET /v1/customers/{id}/balance_transactions": balance_transactions,
    "POST /v1/customers/{id}/balance_transactions": create_balance_transaction,
    "GET /v1/customers/{id}/payment_methods": list_payment_methods,
}
