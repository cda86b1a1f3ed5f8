"""What does a credit note come to? Its lines with their share of discounts and taxes, and shipping, added up.

Source: Stripe docs, invoicing/integration/programmatic-credit-notes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.taxes.computing import exclusive_sum, inclusive_sum, summed, taxes_on
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.amounts import rounded
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, as_list, clone, inside, texts


def described_lines(world: World, invoice: Obj, given: Any) -> Objs:
    """The lines as described: parts of the invoice's lines, and lines of their own."""
    return [
        _described(world, invoice, line, f"lines[{index}]") for index, line in enumerate(as_list(given) or [])
    ]


def _described(world: World, invoice: Obj, given: Obj, where: str) -> Obj:
    if given["type"] == "custom_line_item":
        line = _custom(given, where)
        rates = named_rates(world, given.get("tax_rates"), f"{where}[tax_rates]")
    else:
        line, rates = _of_invoice(world, invoice, given, where)
        if given.get("tax_rates") is not None:
            rates = named_rates(world, given["tax_rates"], f"{where}[tax_rates]")
    if given.get("tax_rates") and given.get("tax_amounts"):
        raise exclusive(f"{where}[tax_rates]", f"{where}[tax_amounts]")
    told = as_list(given.get("tax_amounts"))
    net = line["amount"] - line["discount_amount"]
    exempt = invoice["customer_tax_exempt"]
    line["tax_rates"] = clone(rates)
    line["taxes"] = taxes_on(net, rates, exempt) if told is None else _told(world, told, where)
    made: Obj = {"id": world.ids.new("cnli"), "object": "credit_note_line_item", "livemode": False, **line}
    made["metadata"] = texts(given.get("metadata"))
    return made


def _told(world: World, told: Objs, where: str) -> Objs:
    """Taxes that were worked out elsewhere."""
    found: Objs = []
    for index, tax in enumerate(told):
        rate = world.refer("tax_rate", tax["tax_rate"], f"{where}[tax_amounts][{index}][tax_rate]")
        found.append(
            {
                "amount": tax["amount"],
                "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
                "tax_rate_details": {"tax_rate": rate["id"]},
                "taxability_reason": "not_available",
                "taxable_amount": tax["taxable_amount"],
                "type": "tax_rate_details",
            }
        )
    return found


def custom_line(amount: int, quantity: int, description: str | None) -> Obj:
    """A line of its own, before discounts and taxes."""
    return {
        "amount": amount * quantity,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _custom(given: Obj, where: str) -> Obj:
    quantity = within(given.get("quantity", 1), f"{where}[quantity]", least=1, most=LARGEST_AMOUNT) or 1
    unit, decimal = given.get("unit_amount"), given.get("unit_amount_decimal")
    if unit is not None and decimal is not None:
        raise exclusive(f"{where}[unit_amount]", f"{where}[unit_amount_decimal]")
    if not given.get("description"):
        raise missing(f"{where}[description]")
    if unit is None and decimal is None:
        raise missing(f"{where}[unit_amount]")
    exact = Fraction(str(decimal if unit is None else unit))
    if not 0 <= exact <= LARGEST_AMOUNT:
        raise invalid("Invalid non-negative integer", param=f"{where}[unit_amount]")
    line = custom_line(rounded(exact), quantity, given["description"])
    return {**line, "amount": rounded(exact * quantity), "unit_amount_decimal": decimal or str(unit)}


def _of_invoice(world: World, invoice: Obj, given: Obj, where: str) -> tuple[Obj, Objs]:
    """Part of an invoice's line, by amount or by quantity, and the tax rates that are on it."""
    named = given.get("invoice_line_item")
    if not named:
        raise missing(f"{where}[invoice_line_item]")
    if named not in invoice["_lines"]:
        raise no_such("invoice line item", named, param=f"{where}[invoice_line_item]", status=400)
    source = world.fetch("line_item", named)
    amount, quantity = _part(source, given, where)
    share = Fraction(amount, source["amount"]) if source["amount"] else Fraction(0)
    discounts = [
        {"amount": rounded(part["amount"] * share), "discount": part["discount"]}
        for part in source["discount_amounts"]
    ]
    line = {
        **custom_line(amount, 1, given.get("description") or source["description"]),
        "discount_amount": sum(part["amount"] for part in discounts),
        "discount_amounts": discounts,
        "invoice_line_item": source["id"],
        "pretax_credit_amounts": [{**part, "type": "discount"} for part in discounts],
        "quantity": quantity,
        "type": "invoice_line_item",
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
    return line, source["_tax_rates"] or invoice["default_tax_rates"]


def _part(source: Obj, given: Obj, where: str) -> tuple[int, int]:
    amount, quantity = given.get("amount"), given.get("quantity")
    if amount is not None and quantity is not None:
        raise exclusive(f"{where}[amount]", f"{where}[quantity]")
    whole = source["quantity"] or 1
    if amount is None and quantity is not None:
        within(quantity, f"{where}[quantity]", least=1, most=whole)
        return rounded(Fraction(source["amount"] * quantity, whole)), quantity
    part = source["amount"] if amount is None else amount
    within(part, f"{where}[amount]", most=max(source["amount"], 0))
    return part, whole


def shipping_of(invoice: Obj, given: Obj | None) -> Obj | None:
    """The invoice's shipping cost, where the note names its rate."""
    rate = inside(given).get("shipping_rate")
    if not rate:
        return None
    cost: Obj | None = invoice["shipping_cost"]
    if cost is None or cost["shipping_rate"] != rate:
        raise no_such("shipping rate", rate, param="shipping_cost[shipping_rate]", status=400)
    shown: Obj = clone(cost)
    return shown


def figures(world: World, invoice: Obj, params: Params) -> tuple[Obj, Objs]:
    """The sums of a credit note and its lines; one of amount, lines and shipping must be there."""
    lines = described_lines(world, invoice, params.get("lines"))
    shipping = shipping_of(invoice, params.get("shipping_cost"))
    amount = within(params.get("amount"), "amount", least=1, most=LARGEST_AMOUNT)
    if amount is None and not lines and shipping is None:
        raise missing("amount")
    if not lines and shipping is None:
        given = {"type": "custom_line_item", "unit_amount": amount, "description": "Credit"}
        lines = [_described(world, invoice, given, "")]
        lines[0]["description"] = None
    sums = _sums(lines, shipping)
    if amount not in {None, sums["total"]}:
        text = f"The amount ({amount}) must be the total of the lines and the shipping ({sums['total']})."
        raise invalid(text, param="amount")
    if sums["total"] < 1:
        raise invalid("The total of a credit note must be greater than zero.", param="amount")
    return sums, lines


def _sums(lines: Objs, shipping: Obj | None) -> Obj:
    taxes = [tax for line in lines for tax in line["taxes"]]
    discounts: dict[str, int] = {}
    for part in (part for line in lines for part in line["discount_amounts"]):
        discounts[part["discount"]] = discounts.get(part["discount"], 0) + part["amount"]
    sent = shipping["amount_total"] if shipping else 0
    subtotal = sum(line["amount"] for line in lines)
    net = subtotal - sum(discounts.values()) + sent
    total = net + exclusive_sum(taxes)
    shown = [{"amount": amount, "discount": discount} for discount, amount in discounts.items()]
    return {
        "amount": total,
        "amount_shipping": sent,
        "discount_amount": sum(discounts.values()),
        "discount_amounts": shown,
        "pretax_credit_amounts": [{**each, "type": "discount"} for each in shown],
        "shipping_cost": shipping,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive_sum(taxes),
        "total": total,
        "total_excluding_tax": net - inclusive_sum(taxes),
        "total_taxes": summed(taxes),
    }
