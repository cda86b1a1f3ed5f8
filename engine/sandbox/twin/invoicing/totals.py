"""What does an invoice come to? Lines, what discounts take off, taxes and shipping, added up.

Sources: Stripe docs, invoicing/taxes; an invoice's fields `subtotal`, `total`, `subtotal_excluding_tax`.
"""

from __future__ import annotations

from engine.sandbox.twin.credits.applying import credited
from engine.sandbox.twin.taxes.computing import exclusive_sum, inclusive_sum, summed, taxes_on
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside


def tax_lines(invoice: Obj, lines: Objs) -> None:
    """Write the taxes into the lines: given ones, those of the line's own rates, else the invoice's."""
    for line in lines:
        given = line.get("_taxes")
        net = line["amount"] - _taken(line, None) - credited(line)
        line["taxes"] = _on(invoice, line, net) if given is None else clone(given)


def _on(invoice: Obj, line: Obj, amount: int) -> Objs:
    rates = line.get("_tax_rates") or invoice["default_tax_rates"]
    return taxes_on(amount, rates, invoice["customer_tax_exempt"])


def _taken(line: Obj, of_invoice: set[str] | None) -> int:
    """What discounts take off a line; given those of the invoice, only what its own discounts take."""
    return sum(
        part["amount"]
        for part in line["discount_amounts"]
        if of_invoice is None or part["discount"] not in of_invoice
    )


def write_totals(invoice: Obj, lines: Objs, discounts: Objs) -> None:
    """Bring the sums of an invoice up to date with its lines; an item's own discount is in the subtotal."""
    of_invoice = set(invoice["discounts"])
    before = [line["amount"] - _taken(line, of_invoice) for line in lines]
    taxes = [tax for line in lines for tax in line["taxes"]]
    shipping = inside(invoice, "shipping_cost").get("amount_total", 0)
    net = sum(line["amount"] - credited(line) for line in lines)
    net -= sum(share["amount"] for share in discounts)
    invoice["subtotal"] = sum(before)
    invoice["subtotal_excluding_tax"] = sum(
        amount - inclusive_sum(_on(invoice, line, amount)) for line, amount in zip(lines, before, strict=True)
    )
    invoice["amount_shipping"] = shipping
    invoice["total"] = net + exclusive_sum(taxes) + shipping
    invoice["total_excluding_tax"] = net - inclusive_sum(taxes) + shipping
    invoice["total_discount_amounts"] = discounts
    invoice["total_taxes"] = summed(taxes)
    _write_pretax_credits(invoice, lines)


def _write_pretax_credits(invoice: Obj, lines: Objs) -> None:
    """Discounts once more, and credits, as the amounts that are taken off before tax."""
    sums: dict[str, int] = {}
    for line in lines:
        line["pretax_credit_amounts"] = [{**part, "type": "discount"} for part in line["discount_amounts"]]
        for part in line["discount_amounts"]:
            sums[part["discount"]] = sums.get(part["discount"], 0) + part["amount"]
    invoice["total_pretax_credit_amounts"] = [
        {"amount": amount, "discount": discount, "type": "discount"} for discount, amount in sums.items()
    ]
    for line in lines:
        parts = [{**part, "type": "credit_balance_transaction"} for part in line.get("_credits", ())]
        line["pretax_credit_amounts"] += parts
        invoice["total_pretax_credit_amounts"] += clone(parts)
