"""How is a customer made and changed? Every parameter of the two endpoints."""

from __future__ import annotations

import re
from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import customers, payment_methods
from engine.sandbox.twin.payments.intent_fields import shipping_of
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, inside

from . import funds, sources, tax_ids

_LONGEST = {"business_name": 150, "email": 512, "individual_name": 150, "name": 256, "phone": 20}
_MOST_ON_A_CLOCK = 3
_MOST_FIELDS = 4
_PREFIX = re.compile(r"[A-Z0-9]{1,12}")
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


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
    customer = customers.blank(world, clock)
    _write(world, customer, params)
    _add_what_hangs_on_it(world, customer, params)
    world.emit("customer.created", customer)
    return customer


def update(call: Call) -> Obj:
    """Change what was sent, leave the rest."""
    world, params = call.world, call.params
    customer = customers.fetch(world, call.id)
    before = clone(customer)
    _write(world, customer, params)
    _add_what_hangs_on_it(world, customer, params)
    if params.get("default_source"):
        chosen = params["default_source"]
        held = payment_methods.of_customer(world, chosen, customer, "default_source")
        if not held.get("_is_source"):
            raise invalid(f"{chosen} is not a source of this customer.", param="default_source")
        customer["default_source"] = chosen
    world.emit("customer.updated", customer, before=before)
    return customer


def _write(world: World, customer: Obj, params: Params) -> None:
    for name, longest in _LONGEST.items():
        if len(params.get(name) or "") > longest:
            raise invalid(f"Invalid string: {name} must be at most {longest} characters", param=name)
    assign(customer, params, "description", "email", "name", "phone")
    for name in ("business_name", "individual_name"):
        _write_optional(customer, params, name)
    _write_places(customer, params)
    if "tax_exempt" in params:
        customer["tax_exempt"] = params["tax_exempt"] or "none"
    merge_metadata(customer, params)
    _write_numbering(customer, params)
    _write_tax(customer, params)
    funds.reconcile(customer, inside(params.get("cash_balance"), "settings"))
    if "payment_method" in params:
        payment_methods.attach_to(world, params["payment_method"], customer, param="payment_method")
    if params.get("invoice_settings"):
        _write_invoice_settings(world, customer, params["invoice_settings"])


def _write_places(customer: Obj, params: Params) -> None:
    """Where the customer lives and gets things sent, and which languages are spoken there."""
    if "address" in params:
        given = params.whole("address")
        customer["address"] = {name: given.get(name) or None for name in _ADDRESS} if given else None
    if "shipping" in params:
        customer["shipping"] = shipping_of(params.whole("shipping"))
    if "preferred_locales" in params:
        customer["preferred_locales"] = params.whole("preferred_locales")


def _write_optional(customer: Obj, params: Params, name: str) -> None:
    """A field that is only there when it says something."""
    if params.get(name):
        customer[name] = params[name]
    elif name in params:
        customer.pop(name, None)


def _write_numbering(customer: Obj, params: Params) -> None:
    prefix = params.get("invoice_prefix")
    if prefix is not None:
        if not _PREFIX.fullmatch(prefix):
            text = "Invoice prefix must be between 1 and 12 uppercase letters or numbers."
            raise invalid(text, param="invoice_prefix")
        customer["invoice_prefix"] = prefix
    number = within(params.get("next_invoice_sequence"), "next_invoice_sequence", least=1, most=10**9)
    if number is not None:
        customer["next_invoice_sequence"] = number


def _write_tax(customer: Obj, params: Params) -> None:
    """Where the customer is taxed; no place is ever recognized."""
    given: Any = params.get("tax")
    if given is None:
        return
    if "ip_address" in given:
        customer["_ip_address"] = given["ip_address"] or None
    if given.get("validate_location") == "immediately":
        text = "The customer's location isn't recognized. Set a valid customer address to calculate tax."
        raise invalid(text, param="tax[validate_location]", code="customer_tax_location_invalid")


def _write_invoice_settings(world: World, customer: Obj, given: Params) -> None:
    held = customer["invoice_settings"]
    for name in ("custom_fields", "footer"):
        if name in given:
            held[name] = given.whole(name) or None
    if len(held["custom_fields"] or ()) > _MOST_FIELDS:
        text = f"You can set at most {_MOST_FIELDS} custom fields."
        raise invalid(text, param="invoice_settings[custom_fields]")
    if "rendering_options" in given:
        options = given.whole("rendering_options") or None
        names = ("amount_tax_display", "template")
        held["rendering_options"] = options and {name: options.get(name) or None for name in names}
    if "default_payment_method" in given:
        chosen = given["default_payment_method"]
        if chosen:
            param = "invoice_settings[default_payment_method]"
            payment_methods.of_customer(world, chosen, customer, param)
        held["default_payment_method"] = chosen or None


def _add_what_hangs_on_it(world: World, customer: Obj, params: Params) -> None:
    """Sources, tax ids and a changed balance are objects of their own."""
    if params.get("source"):
        sources.add(world, params["source"], customer, validate=params.get("validate", True))
    params.ignore("validate")
    given: Any = params.get("tax_id_data") or ()
    for index, each in enumerate(given):
        tax_ids.add(world, each["type"], each["value"], customer, f"tax_id_data[{index}][value]")
    balance = params.get("balance", customer["balance"])
    if abs(balance) > LARGEST_AMOUNT:
        raise invalid(f"Invalid integer: {balance}", param="balance", code="parameter_invalid_integer")
    if balance != customer["balance"]:
        customers.move_balance(world, customer, balance - customer["balance"], "adjustment")


ROUTES: Routes = {
    "POST /v1/customers": create,
    "POST /v1/customers/{id}": update,
}
