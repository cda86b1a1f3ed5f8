"""How is money divided? Integer minor units everywhere, and the only rounding of the program."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import ceil, floor


def round_half_up(amount: Fraction) -> int:
    """Whole minor units; a half goes away from zero, so that a credit mirrors its charge.

    Source: Stripe rounds each line by itself (Stripe docs: billing/subscriptions/prorations).
    """
    return floor(amount + Fraction(1, 2)) if amount >= 0 else ceil(amount - Fraction(1, 2))


def share_of_period(start: datetime, end: datetime, at: datetime) -> Fraction:
    """The part of [start, end) that lies after the instant, in whole seconds, between 0 and 1."""
    length = int((end - start).total_seconds())
    if length <= 0:
        raise ValueError(f"a period must have a length: {start} .. {end}")
    left = int((end - at).total_seconds())
    return min(Fraction(1), max(Fraction(0), Fraction(left, length)))


def prorate(amount: int, share: Fraction) -> int:
    """The share of an amount, rounded once to whole minor units."""
    return round_half_up(amount * share)


def split(total: int, weights: list[int]) -> list[int]:
    """Divide a total by weights so that the parts add up exactly (largest remainder, earlier part first)."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("the weights must add up to more than zero")
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [floor(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def packs_for(quantity: int, included: int, per: int) -> int:
    """How many packs of `per` units cover what is wanted beyond the included units; never below 0."""
    return max(0, ceil(Fraction(quantity - included, per)))
