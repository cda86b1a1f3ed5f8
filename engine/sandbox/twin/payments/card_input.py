"""Which card was meant? Card numbers and test tokens as they are sent, with Stripe's refusals."""

from __future__ import annotations

from dataclasses import replace

from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.cards import (
    CARDS,
    DECLINES,
    Card,
    card_by_number,
    card_by_token,
    valid_number,
)
from engine.sandbox.twin.values.calendar import date_of
from engine.sandbox.twin.values.types import Obj

_MONTHS = 12
_CENTURY, _LATEST = 100, 50


def card_error(decline_name: str, param: str | None = None) -> StripeError:
    """The 402 for a card that is refused before any charge."""
    decline = DECLINES[decline_name]
    more: Obj = {"decline_code": decline.decline_code} if decline.code == "card_declined" else {}
    return StripeError(
        decline.message,
        status=PAYMENT_REQUIRED,
        kind="card_error",
        code=decline.code,
        param=param,
        advice_code=decline.advice,
        **more,
    )


def _faulty(message: str, code: str, param: str) -> StripeError:
    return StripeError(message, status=PAYMENT_REQUIRED, kind="card_error", code=code, param=param)


def card_sent(world: World, given: Obj, where: str) -> tuple[Card, Obj]:
    """The test card behind a token or a number, and what was said about it (`exp_month` …)."""
    token = given.get("token")
    if token is not None:
        return card_of_token(token, f"{where}[token]"), {}
    if "number" not in given:
        raise missing(f"{where}[number]")
    number = given["number"].replace(" ", "").replace("-", "")
    if not valid_number(number):
        raise _faulty("Your card number is incorrect.", "incorrect_number", "number")
    cvc = given.get("cvc")
    if cvc is not None and not (cvc.isascii() and cvc.isdigit() and len(cvc) in {3, 4}):
        raise _faulty("Your card's security code is invalid.", "invalid_cvc", "cvc")
    expiry = expiry_sent(world, given, where)
    card = card_by_number(number)
    return (card if cvc is not None else replace(card, cvc_check="")), expiry


def card_of_token(token: str, param: str) -> Card:
    """The test card behind a token (`tok_visa`) or a test id (`pm_card_visa`)."""
    card = card_by_token(token) or CARDS.get(token)
    if card is None:
        raise no_such("token", token, param=param, status=400)
    return card


def expiry_sent(world: World, given: Obj, where: str) -> Obj:
    """Month and year in which a card ends; raises when they are missing, no dates, or over."""
    for name in ("exp_month", "exp_year"):
        if name not in given:
            raise missing(f"{where}[{name}]")
    month, year = int(given["exp_month"]), int(given["exp_year"])
    if not 1 <= month <= _MONTHS:
        raise _faulty("Your card's expiration month is invalid.", "invalid_expiry_month", "exp_month")
    today = date_of(world.now())
    if 0 <= year < _CENTURY:
        year += today.year - today.year % _CENTURY
    if (year, month) < (today.year, today.month) or year > today.year + _LATEST:
        raise _faulty("Your card's expiration year is invalid.", "invalid_expiry_year", "exp_year")
    return {"exp_month": month, "exp_year": year}


def refuse_spent(method: Obj) -> None:
    """A payment method that was used or detached without a customer can't be used again."""
    if method.get("_spent") and method["customer"] is None:
        text = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment,"
            " shared with a connected account without Customer attachment, or was detached from a Customer."
            " It may not be used again. To use a PaymentMethod multiple times, you must attach it to a"
            " Customer first."
        )
        raise invalid(text, code="payment_method_unexpected_state", param="payment_method")


def refuse_customer_account(params: Obj) -> None:
    """No account of Stripe's second API stands for a customer here, so no id names one."""
    if "customer_account" in params:
        raise no_such("account", params["customer_account"], param="customer_account", status=400)
