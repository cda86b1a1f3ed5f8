"""Amounts in words: each currency is written with its own decimals, wherever a person reads it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import stripe

from engine.sandbox.twin.values.currencies import money
from tests.engine.sandbox.inside.looking import look, seen, words
from tests.engine.sandbox.twin_client import Clock, Twin


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1500, "usd", "$15.00"),
        (-5, "eur", "-€0.05"),
        (1500, "jpy", "¥1,500"),
        (-1500, "krw", "-KRW 1,500"),
        (1234560, "kwd", "KWD 1,234.560"),
        (500, "ugx", "UGX 5.00"),
        (Decimal("0.25"), "usd", "$0.0025"),
        (Decimal("0.5"), "jpy", "¥0.5"),
        (999_999_999_999, "jpy", "¥999,999,999,999"),
    ],
)
def test_a_currency_has_its_own_decimals(amount: Decimal | int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


def test_yen_are_yen_on_lines_on_pages_and_in_refusals(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    price = twin.price(1500, currency="jpy")
    twin.v1.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    (invoice,) = twin.v1.invoices.list({"customer": customer}).data
    assert invoice.lines.data[0].description == "1 × Pro (at ¥1,500 / month)"  # noqa: RUF001 -- Stripe's own sign
    assert "¥1,500" in words(look(twin, invoice.hosted_invoice_url.removeprefix(twin.base))[1])
    assert "1,500 JPY" in words(seen(twin, f"/inside/invoices/{invoice.id}"))
    with pytest.raises(stripe.InvalidRequestError, match="at least ¥50 jpy"):
        twin.v1.payment_intents.create({"amount": 49, "currency": "jpy"})


def test_parts_of_a_cent_are_not_lost(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    price = twin.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount_decimal": Decimal("0.25"),
            "recurring": {"interval": "month"},
            "product_data": {"name": "Calls"},
        }
    )
    twin.v1.subscriptions.create({"customer": customer, "items": [{"price": price.id, "quantity": 1000}]})
    (invoice,) = twin.v1.invoices.list({"customer": customer}).data
    assert invoice.lines.data[0].description == "1000 × Calls (at $0.0025 / month)"  # noqa: RUF001 -- as above
