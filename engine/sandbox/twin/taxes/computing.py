"""How much tax is on an amount? Worked out for each rate, rounded once a line.

Source: Stripe docs, billing/taxes/tax-rates (inclusive and exclusive) and invoicing/taxes.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.values.amounts import rounded
from engine.sandbox.twin.values.types import Obj, Objs

_WHOLE = 100
_UNTAXED = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


def taxes_on(amount: int, rates: Objs, exempt: str | None) -> Objs:
    """The taxes on an amount after discounts: inclusive ones lie within it, exclusive ones come on top."""
    inside = [_percentage(rate) for rate in rates if rate["inclusive"]]
    net = Fraction(amount) * _WHOLE / (_WHOLE + sum(inside))
    within = [0 if exempt in _UNTAXED else rounded(net * part / _WHOLE) for part in inside]
    base = amount - sum(within)
    held = iter(within)
    return [_tax(rate, next(held) if rate["inclusive"] else None, base, exempt) for rate in rates]


def _percentage(rate: Obj) -> Fraction:
    return Fraction(str(rate["percentage"]))


def _tax(rate: Obj, within: int | None, base: int, exempt: str | None) -> Obj:
    on_top = 0 if exempt in _UNTAXED else rounded(base * _percentage(rate) / _WHOLE)
    return {
        "amount": on_top if within is None else within,
        "tax_behavior": "exclusive" if within is None else "inclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": _UNTAXED.get(exempt or "", "not_available"),
        "taxable_amount": base,
        "type": "tax_rate_details",
    }


def exclusive_sum(taxes: Objs) -> int:
    """What comes on top of the amounts."""
    return sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")


def inclusive_sum(taxes: Objs) -> int:
    """What lies within the amounts."""
    return sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")


def summed(taxes: Objs) -> Objs:
    """The taxes of several lines, one entry for each rate."""
    sums: dict[tuple[str, str], Obj] = {}
    for tax in taxes:
        key = (tax["tax_rate_details"]["tax_rate"], tax["taxability_reason"])
        if key not in sums:
            sums[key] = dict(tax)
            continue
        for name in ("amount", "taxable_amount"):
            sums[key][name] += tax[name]
    return list(sums.values())
