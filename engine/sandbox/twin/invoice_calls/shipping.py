"""What does it cost to send the goods, and where to? Shipping of an invoice."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid, missing
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, texts

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def write_shipping(world: World, invoice: Obj, params: Params) -> None:
    """Set cost and address where they were sent; an empty text takes them off."""
    if "shipping_details" in params:
        given: Obj = params.whole("shipping_details") or {}
        invoice["shipping_details"] = _details(given) if given else None
    if "shipping_cost" in params:
        cost: Obj = params["shipping_cost"] or {}
        invoice["shipping_cost"] = _cost(world, invoice, cost) if cost else None


def _details(given: Obj) -> Obj:
    address = {**dict.fromkeys(_ADDRESS), **given["address"]}
    return {
        "address": {name: value or None for name, value in address.items()},
        "carrier": None,
        "name": given["name"],
        "phone": given.get("phone") or None,
        "tracking_number": None,
    }


def _cost(world: World, invoice: Obj, given: Obj) -> Obj:
    named, described = given.get("shipping_rate"), given.get("shipping_rate_data")
    if named and described:
        raise exclusive("shipping_cost[shipping_rate]", "shipping_cost[shipping_rate_data]")
    if not named and not described:
        raise missing("shipping_cost[shipping_rate]")
    where = "shipping_cost[shipping_rate]"
    rate = world.refer("shipping_rate", named, where) if named else new_shipping_rate(world, described or {})
    fixed = rate["fixed_amount"]
    if fixed["currency"] != invoice["currency"]:
        text = f"The shipping rate is in {fixed['currency']}, the invoice in {invoice['currency']}."
        raise invalid(text, param=where)
    amount = fixed["amount"]
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate["id"],
        "taxes": [],
    }


def new_shipping_rate(world: World, given: Obj) -> Obj:
    """A shipping rate of a fixed amount."""
    fixed: Obj | None = given.get("fixed_amount")
    if fixed is None:
        raise missing("shipping_cost[shipping_rate_data][fixed_amount]")
    where = "shipping_cost[shipping_rate_data][fixed_amount][amount]"
    within(fixed["amount"], where, most=LARGEST_AMOUNT)
    return world.new(
        "shipping_rate",
        "shr",
        {
            "active": True,
            "delivery_estimate": _estimate(given.get("delivery_estimate")),
            "display_name": given["display_name"],
            "fixed_amount": {"amount": fixed["amount"], "currency": currency_named(fixed["currency"])},
            "metadata": texts(given.get("metadata")),
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "tax_code": given.get("tax_code"),
            "type": "fixed_amount",
        },
    )


def _estimate(given: Obj | None) -> Obj | None:
    return None if given is None else {"maximum": None, "minimum": None, **given}
