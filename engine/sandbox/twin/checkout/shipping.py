"""What does it cost to bring it there? The shipping options of a session and the one that is chosen."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import mark_read
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

_MOST = 5


def shipping_options(world: World, wanted: Objs, currency: str) -> Objs:
    """The options as they are shown; a described rate is made."""
    if len(wanted) > _MOST:
        raise invalid(f"You can only set up to {_MOST} shipping options.", param="shipping_options")
    return [
        _option(world, given, currency, f"shipping_options[{index}]") for index, given in enumerate(wanted)
    ]


def _option(world: World, given: Obj, currency: str, where: str) -> Obj:
    named, described = given.get("shipping_rate"), given.get("shipping_rate_data")
    if named and described:
        raise exclusive(f"{where}[shipping_rate]", f"{where}[shipping_rate_data]")
    if described:
        rate = _new_rate(world, described, f"{where}[shipping_rate_data]")
    elif named:
        rate = world.refer("shipping_rate", named, f"{where}[shipping_rate]")
    else:
        raise missing(f"{where}[shipping_rate]")
    return {"shipping_amount": _amount(rate, currency, where), "shipping_rate": rate["id"]}


def _amount(rate: Obj, currency: str, where: str) -> int:
    fixed = rate["fixed_amount"]
    if fixed["currency"] == currency:
        return int(fixed["amount"])
    other = inside(fixed, "currency_options").get(currency)
    if other is None:
        text = f"The shipping rate only supports `{fixed['currency']}`. It doesn't match `{currency}`."
        raise invalid(text, param=f"{where}[shipping_rate]")
    return int(other["amount"])


def _new_rate(world: World, given: Obj, where: str) -> Obj:
    mark_read(given)
    if given.get("fixed_amount") is None:
        raise missing(f"{where}[fixed_amount]")
    fixed: Obj = clone(given["fixed_amount"])
    options: Obj = fixed.get("currency_options") or {}
    if min([fixed["amount"], *(option["amount"] for option in options.values())]) < 0:
        text = "Invalid non-negative integer"
        raise invalid(text, param=f"{where}[fixed_amount][amount]", code="parameter_invalid_integer")
    fixed["currency"] = fixed["currency"].lower()
    if options:
        fixed["currency_options"] = {
            name: {"tax_behavior": "unspecified", **option} for name, option in options.items()
        }
    estimate = clone(given.get("delivery_estimate"))
    return world.new(
        "shipping_rate",
        "shr",
        {
            "active": True,
            "delivery_estimate": {"maximum": None, "minimum": None, **estimate} if estimate else None,
            "display_name": given["display_name"],
            "fixed_amount": fixed,
            "metadata": texts(given.get("metadata")),
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "tax_code": given.get("tax_code"),
            "type": given.get("type", "fixed_amount"),
        },
    )


def choose(session: Obj, rate: str | None) -> None:
    """Ship with this option; with none named the first one is chosen."""
    options: Objs = session["shipping_options"]
    if not options:
        session["shipping_cost"] = None
        return
    found = [option for option in options if rate in {None, option["shipping_rate"]}]
    if not found:
        raise no_such("shipping rate", str(rate), param="shipping_rate", status=400)
    amount = found[0]["shipping_amount"]
    session["shipping_cost"] = {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": found[0]["shipping_rate"],
    }
