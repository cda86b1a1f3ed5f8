"""Is a value within its bounds? Stripe's refusals of numbers, texts and currencies that are out of them."""

from __future__ import annotations

from engine.sandbox.twin.values.currencies import CURRENCIES

from .errors import invalid

LARGEST_AMOUNT = 999_999_999_999


def within(value: int | None, param: str, *, least: int = 0, most: int | None = None) -> int | None:
    """The number itself; raises when it is below the least or above the most that Stripe takes."""
    if value is None:
        return None
    code = "parameter_invalid_integer"
    if value < least:
        text = f"This value must be greater than or equal to {least}."
        raise invalid(text, param=param, code=code)
    if most is not None and value > most:
        text = f"This value must be less than or equal to {most} (it currently is '{value}')."
        raise invalid(text, param=param, code=code)
    return value


def amount_within(value: int | None, param: str) -> int | None:
    """An amount of money that is not negative and not larger than Stripe takes."""
    if value is not None and value < 0:
        raise invalid("Invalid non-negative integer", param=param, code="parameter_invalid_integer")
    return within(value, param, most=LARGEST_AMOUNT)


def not_blank(value: str, param: str, *, longest: int = 5000) -> str:
    """A text that says something; raises when it is empty or too long."""
    if not value.strip():
        text = (
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a"
            f" parameter; however '{param}' cannot be unset. You should remove '{param}' from your request or"
            " supply a non-empty value."
        )
        raise invalid(text, param=param, code="parameter_invalid_empty")
    if len(value) > longest:
        shown = f"{value[:5]}...{value[-5:]}" if len(value) > longest else value
        text = f"Invalid string: {shown}; must be at most {longest} characters"
        raise invalid(text, param=param)
    return value


def currency_named(given: str, param: str = "currency") -> str:
    """The currency in lower case; raises when Stripe does not have it."""
    currency = given.lower()
    if currency not in CURRENCIES:
        listed = ", ".join(CURRENCIES)
        text = f"Invalid currency: {given}. Stripe currently supports these currencies: {listed}"
        raise invalid(text, param=param)
    return currency
