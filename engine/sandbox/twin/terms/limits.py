"""Is a number or an instant within what Stripe takes? Each check raises Stripe's refusal."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, as_list

MOST_ITEMS = 20
MOST_TRIAL_DAYS = 730
_FURTHEST = 5 * 366 * DAY
_HIGHEST_QUANTITY = 999_999_999_999
_LISTS = ("items", "add_invoice_items", "discounts")
_DAYS_A_YEAR = 365


def future(at: int, now: int, param: str) -> None:
    """Raise unless an instant lies ahead, by no more than five years."""
    if at <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param=param)
    if at > now + _FURTHEST:
        text = "Invalid timestamp: can be no more than five years in the future."
        raise invalid(text, param=param)


def trial_end(at: int, now: int) -> None:
    """Raise unless a trial ends ahead, within two years."""
    if at <= now:
        raise invalid("Trial end must be in the future.", param="trial_end")
    if at > now + MOST_TRIAL_DAYS * DAY:
        text = "Invalid timestamp: `trial_end` can be at most 730 days (two years) in the future."
        raise invalid(text, param="trial_end")


def lists(given: Obj) -> None:
    """Raise when more things are named in one request than Stripe takes."""
    for name in _LISTS:
        count = len(as_list(given.get(name)) or ())
        if count > MOST_ITEMS:
            raise invalid(f"Array {name} exceeded maximum {MOST_ITEMS} allowed elements.", param=name)


def quantity(given: Obj, where: str) -> None:
    """Raise for a quantity below zero or beyond counting, or an empty text as the price beside it."""
    if "price" in given:
        not_blank(given["price"], f"{where}[price]")
    count = given.get("quantity", 1)
    if count < 0:
        text = "This value must be greater than or equal to 0."
        raise invalid(text, param=f"{where}[quantity]", code="parameter_invalid_integer")
    if count > _HIGHEST_QUANTITY:
        text = f"This value must be less than or equal to {_HIGHEST_QUANTITY}."
        raise invalid(text, param=f"{where}[quantity]", code="parameter_invalid_integer")


def days_until_due(days: int) -> None:
    """Raise unless a customer gets between none and 730 days to pay."""
    if not 0 <= days <= MOST_TRIAL_DAYS:
        text = f"Invalid days_until_due: must be between 0 and {MOST_TRIAL_DAYS}"
        raise invalid(text, param="days_until_due")


def interval(given: Obj, where: str) -> None:
    """Raise when an interval is longer than a year, or not one at all."""
    most = {"day": _DAYS_A_YEAR, "week": 52, "month": 12, "year": 1}[given["interval"]]
    count = given.get("interval_count", 1)
    if not 1 <= count <= most:
        text = f"Invalid interval_count: must be between 1 and {most} for an interval of {given['interval']}"
        raise invalid(text, param=f"{where}[interval_count]")
