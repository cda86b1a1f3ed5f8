"""What makes up the amount of a PaymentIntent? Line items, shipping, taxes, discounts; they must add up."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, as_list, as_obj, inside

_MOST_LINES = 200
_FIELDS = ("discount_amount", "payment_method_options", "product_code", "tax", "unit_of_measure")
_MISMATCH = "amount_details_amount_mismatch"


def write(world: World, intent: Obj, params: Params) -> None:
    """Take over `amount_details`; raises when it does not add up to the amount, unless told not to."""
    if "amount_details" not in params:
        return
    given = params.whole("amount_details")
    shown: Obj = {"tip": {}}
    intent["_amount_lines"] = []
    if given:
        _refuse_negative(given)
        shown |= _parts(given)
        intent["_amount_lines"] = _lines(world, given.get("line_items") or [])
        _hold_to_amount(intent, given, shown)
    intent["amount_details"] = shown


def _refuse_negative(given: Any, where: str = "amount_details") -> None:
    """No part of an amount is below zero."""
    listed, named = as_list(given), as_obj(given)
    pairs: list[tuple[Any, Any]] = [*enumerate(listed or ()), *(named or {}).items()]
    for name, value in pairs:
        if isinstance(value, int) and not isinstance(value, bool) and value < 0:
            text = "This value must be greater than or equal to 0."
            raise invalid(text, param=f"{where}[{name}]", code="parameter_invalid_integer")
        _refuse_negative(value, f"{where}[{name}]")


def _parts(given: Obj) -> Obj:
    parts: Obj = {}
    if given.get("discount_amount"):
        parts["discount_amount"] = given["discount_amount"]
    shipping = given.get("shipping")
    if shipping:
        names = ("amount", "from_postal_code", "to_postal_code")
        parts["shipping"] = {name: _value(shipping.get(name)) for name in names}
    if given.get("tax"):
        parts["tax"] = {"total_tax_amount": given["tax"]["total_tax_amount"]}
    return parts


def _value(given: Any) -> Any:
    return None if given == "" else given


def _lines(world: World, given: Objs) -> Objs:
    if len(given) > _MOST_LINES:
        text = f"You may specify at most {_MOST_LINES} line items."
        raise invalid(text, param="amount_details[line_items]")
    return [
        {
            "id": world.ids.new("uli"),
            "object": "payment_intent_amount_details_line_item",
            **{name: line.get(name) for name in _FIELDS},
            **{name: line[name] for name in ("product_name", "quantity", "unit_cost")},
        }
        for line in given
    ]


def _hold_to_amount(intent: Obj, given: Obj, shown: Obj) -> None:
    lines: Objs = intent["_amount_lines"]
    if not lines:
        return
    if given.get("discount_amount") and any(line["discount_amount"] for line in lines):
        text = "The discount amount is given either for the whole or for each line item, not for both."
        raise invalid(text, param="amount_details[discount_amount]")
    total: int = sum(line["quantity"] * line["unit_cost"] - (line["discount_amount"] or 0) for line in lines)
    taxes = [line["tax"]["total_tax_amount"] for line in lines if line["tax"]]
    total += sum(taxes) if taxes else inside(given, "tax").get("total_tax_amount", 0)
    total += (inside(given, "shipping").get("amount") or 0) - (given.get("discount_amount") or 0)
    if total == intent["amount"]:
        return
    text = f"The amount_details add up to {total}, but the amount is {intent['amount']}."
    if given.get("enforce_arithmetic_validation", True):
        raise invalid(text, param="amount_details", code=_MISMATCH)
    shown["error"] = {"code": _MISMATCH, "message": text}


def line_items(_world: World, intent: Obj) -> Obj:
    """The list of line items, as `expand` shows it."""
    url = f"/v1/payment_intents/{intent['id']}/amount_details_line_items"
    return listing(url, intent.get("_amount_lines", []))
