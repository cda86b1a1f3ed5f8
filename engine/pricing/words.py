"""How is a line said? The words and the sums that a buyer reads on an invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from engine.pricing.model import Period, PricedItem, PriceKind
from engine.pricing.quantities import billed_packs, bought_packs

TIMES = "\N{MULTIPLICATION SIGN}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def display_name(name: str) -> str:
    """A name of the catalog as a buyer reads it: `pro-annual` is Pro Annual."""
    return " ".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-") if word) or name


def title(item: PricedItem) -> str:
    """What is sold, with its quantity: `Pro`, or `Pro: 3 x 100 Messages`."""
    return item.product_title if item.kind is PriceKind.FIXED else _packs_title(item, bought_packs(item))


def more(item: PricedItem, count: int) -> str:
    """What is bought on top of what is held: `Pro: 2 x 100 Messages more`."""
    return f"{_packs_title(item, count)} more"


def unused(what: str, at: datetime, *, whole: bool) -> str:
    """Why money comes back."""
    return f"Unused time on {what}" if whole else f"Unused time on {what} after {day(at)}"


def remaining(what: str, at: datetime) -> str:
    """Why less than the full price is charged."""
    return f"Remaining time on {what} after {day(at)}"


def day(at: datetime) -> str:
    """A date as people write it, the same on every machine: `16 Jan 2026`."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def full_formula(item: PricedItem, amount: int) -> str:
    """How a full price comes about: `3 x 1000 = 3000`."""
    count = billed_packs(item)
    if item.tiers and item.kind is not PriceKind.FIXED:
        return f"{count} packs in {item.tier_mode.value} tiers = {amount}"
    return f"{count} {TIMES} {item.amount} = {amount}"


def share_formula(amount: int, period: Period, at: datetime, *, after: int = 0) -> str:
    """How a share of a period comes about: `2000 x 1382400 / 2678400 s = 1032.26`."""
    length = int((period.end - period.start).total_seconds())
    left = int((period.end - at).total_seconds())
    exact = Fraction(amount * left, length) + after
    less = f" + {after} credited before" if after else ""
    return f"{amount} {TIMES} {left} / {length} s{less} = {_decimal(exact)}"


def _packs_title(item: PricedItem, count: int) -> str:
    feature = item.feature_title or item.feature
    size = "" if item.per == 1 else f" {TIMES} {item.per.normalize():f}"
    return f"{item.product_title}: {count}{size} {feature}"


def _decimal(value: Fraction) -> str:
    """At most two digits after the point, and none when it is whole."""
    if value.denominator == 1:
        return str(value.numerator)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal("0.01")))
