"""What does a customer have with us? The balance that invoices use, and a cash balance without any cash."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import customers
from engine.sandbox.twin.values.types import Obj


def list_moves(call: Call) -> Obj:
    """The movements of the balance, newest first."""
    customers.fetch(call.world, call.id, "customer")
    invoice = call.params.get("invoice")
    found = [
        moved
        for moved in call.world.shelf.find("customer_balance_transaction", customer=call.id)
        if invoice in {None, moved["invoice"]}
    ]
    return page(f"/v1/customers/{call.id}/balance_transactions", call.params, found)


def create_move(call: Call) -> Obj:
    """Give credit (negative) or put on account (positive)."""
    world, params = call.world, call.params
    customer = customers.fetch(world, call.id, "customer")
    currency, amount = currency_named(params["currency"]), params["amount"]
    if customer["currency"] not in {None, currency}:
        text = f"The customer's currency is {customer['currency']}; got {currency}."
        raise invalid(text, param="currency")
    if amount == 0 or abs(customer["balance"] + amount) > LARGEST_AMOUNT:
        text = "The amount must not be zero, nor take the balance beyond what Stripe can hold."
        raise invalid(text, param="amount", code="parameter_invalid_integer")
    before = dict(customer)
    customer["currency"] = currency
    about: Obj = {"description": params.get("description")}
    moved = customers.move_balance(world, customer, amount, "adjustment", **about)
    merge_metadata(moved, params)
    world.emit("customer.updated", customer, before=before)
    return moved


def _move(call: Call) -> Obj:
    moved = call.world.fetch("customer_balance_transaction", call.id)
    if moved["customer"] != call.path["customerId"]:
        raise no_such("customer_balance_transaction", call.id)
    return moved


def update_move(call: Call) -> Obj:
    """Change description or metadata of a movement."""
    moved = _move(call)
    assign(moved, call.params, "description")
    merge_metadata(moved, call.params)
    return moved


def cash_of(_world: World, customer: Obj) -> Obj:
    """The cash balance, into which nobody ever paid."""
    mode = customer.get("_reconciliation_mode")
    return {
        "object": "cash_balance",
        "available": None,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "settings": {"reconciliation_mode": mode or "automatic", "using_merchant_default": mode is None},
    }


def reconcile(customer: Obj, settings: Obj | None) -> None:
    """Write how cash would be matched to what is owed."""
    mode = (settings or {}).get("reconciliation_mode")
    if mode is not None:
        customer["_reconciliation_mode"] = None if mode == "merchant_default" else mode


def retrieve_cash(call: Call) -> Obj:
    """The cash balance."""
    return cash_of(call.world, customers.fetch(call.world, call.id, "customer"))


def update_cash(call: Call) -> Obj:
    """Change how cash is matched."""
    customer = customers.fetch(call.world, call.id, "customer")
    reconcile(customer, call.params.get("settings"))
    return cash_of(call.world, customer)


def list_cash(call: Call) -> Obj:
    """The movements of the cash balance: none."""
    customers.fetch(call.world, call.id, "customer")
    return page(f"/v1/customers/{call.id}/cash_balance_transactions", call.params, [])


def retrieve_cash_move(call: Call) -> Obj:
    """Refused: there is none."""
    raise no_such("customer_cash_balance_transaction", call.id)


def fund(call: Call) -> Obj:
    """Refused: bank transfers are not switched on."""
    customers.fetch(call.world, call.id, "customer")
    call.params.ignore("bank_transfer", "currency", "funding_type")
    raise invalid(
        "The payment method `customer_balance` is not activated for your account. You can enable bank"
        " transfers"
        " at https://dashboard.stripe.com/account/payments/settings.",
        param="funding_type",
    )


ROUTES: Routes = {
    "GET /v1/customers/{id}/balance_transactions": list_moves,
    "POST /v1/customers/{id}/balance_transactions": create_move,
    "GET /v1/customers/{customerId}/balance_transactions/{id}": _move,
    "POST /v1/customers/{customerId}/balance_transactions/{id}": update_move,
    "GET /v1/customers/{id}/cash_balance": retrieve_cash,
    "POST /v1/customers/{id}/cash_balance": update_cash,
    "GET /v1/customers/{id}/cash_balance_transactions": list_cash,
    "GET /v1/customers/{customerId}/cash_balance_transactions/{id}": retrieve_cash_move,
    "POST /v1/customers/{id}/funding_instructions": fund,
}
