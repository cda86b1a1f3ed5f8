"""What does a quantity of a price cost? Exact fractions, rounded once a line.

Sources: Stripe docs, billing/subscriptions/prorations and products-prices/pricing-models.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from .types import Obj

MINIMUM_CHARGE = 50

Quantity: TypeAlias = Fraction | int
"""How many: a whole number of what is licensed, any part of what is metered."""


def rounded(amount: Fraction | int) -> int:
    """Whole cents; a half cent goes away from zero."""
    exact = Fraction(amount)
    half = Fraction(1, 2)
    return floor(exact + half) if exact >= 0 else ceil(exact - half)


def exact_amount(price: Obj, quantity: Quantity) -> Fraction:
    """The amount of a whole period before rounding."""
    if price["billing_scheme"] == "tiered":
        tiers: list[Obj] = price["_tiers"]
        graduated = price["tiers_mode"] == "graduated"
        return _graduated(tiers, quantity) if graduated else _volume(tiers, quantity)
    return _unit(price) * packages(price, quantity)


def amount_of(price: Obj, quantity: Quantity) -> int:
    """The amount of a whole period in cents."""
    return rounded(exact_amount(price, quantity))


def packages(price: Obj, quantity: Quantity) -> Quantity:
    """The quantity that is billed, after `transform_quantity`."""
    transform = price.get("transform_quantity")
    if not transform:
        return quantity
    share = Fraction(quantity) / int(transform["divide_by"])
    return ceil(share) if transform["round"] == "up" else floor(share)


def _unit(rate: Obj) -> Fraction:
    return Fraction(rate.get("unit_amount_decimal") or rate.get("unit_amount") or 0)


def _flat(tier: Obj) -> Fraction:
    return Fraction(tier.get("flat_amount_decimal") or tier.get("flat_amount") or 0)


def _graduated(tiers: list[Obj], quantity: Quantity) -> Fraction:
    """Each unit at the price of its own tier; the first tier's flat amount is due even for none."""
    total, below = Fraction(0), Fraction(0)
    for position, tier in enumerate(tiers):
        top = Fraction(quantity if tier["up_to"] is None else min(quantity, tier["up_to"]))
        if top > below or position == 0:
            total += _unit(tier) * (top - below) + _flat(tier)
        below = top
        if below >= quantity:
            break
    return total


def _volume(tiers: list[Obj], quantity: Quantity) -> Fraction:
    """All units at the price of the tier that holds the whole quantity."""
    for tier in tiers:
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            return _unit(tier) * quantity + _flat(tier)
    return Fraction(0)


def shares(total: int, weights: list[int]) -> list[int]:
    """A total divided by weights: each share is cut to whole cents and the last one takes the rest."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    parts = [total * weight // whole for weight in weights]
    parts[-1] += total - sum(parts)
    return parts
