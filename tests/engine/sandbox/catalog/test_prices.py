"""Prices: amounts, tiers, packages, currencies, lookup keys, and what of them is refused."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import FEB_1, HOUR, Clock, Twin, error_of

_MONTHLY = {"interval": "month"}


@pytest.fixture
def product(twin: Twin) -> str:
    return str(twin.v1.products.create({"name": "Pro"}).id)


def _refused(twin: Twin, **given: Any) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.prices.create({"currency": "usd", **given})
    assert refused.value.http_status == 400
    return error_of(refused.value)


def test_tiers_and_currencies_are_shown_when_asked_for(twin: Twin, product: str) -> None:
    tiers = [
        {"up_to": 10, "unit_amount": 500, "flat_amount": 100},
        {"up_to": "inf", "unit_amount_decimal": "2.50"},
    ]
    price = twin.v1.prices.create(
        {
            "currency": "usd",
            "product": product,
            "recurring": _MONTHLY,
            "billing_scheme": "tiered",
            "tiers_mode": "volume",
            "tiers": tiers,
            "currency_options": {"eur": {"tiers": [{"up_to": "inf", "unit_amount": 400}]}},
        }
    )
    assert (price.unit_amount, price.unit_amount_decimal, price.tiers_mode) == (None, None, "volume")
    assert not hasattr(price, "tiers")
    shown = twin.v1.prices.retrieve(price.id, {"expand": ["tiers", "currency_options"]})
    first, last = shown.tiers
    assert (first.up_to, first.unit_amount, first.flat_amount, str(first.flat_amount_decimal)) == (
        10,
        500,
        100,
        "100",
    )
    assert (last.up_to, last.unit_amount, str(last.unit_amount_decimal), last.flat_amount) == (
        None,
        None,
        "2.5",
        None,
    )
    assert list(shown.currency_options.to_dict()) == ["usd", "eur"]


def test_an_amount_in_other_currencies_changes(twin: Twin, product: str) -> None:
    given = {"currency": "usd", "product": product, "unit_amount": 1000}
    price = twin.v1.prices.create({**given, "currency_options": {"eur": {"unit_amount": 900}}})
    twin.v1.prices.update(
        price.id, {"currency_options": {"gbp": {"unit_amount": 800, "tax_behavior": "inclusive"}}}
    )
    shown = twin.v1.prices.retrieve(price.id, {"expand": ["currency_options"]}).currency_options.to_dict()
    found = {name: (option["unit_amount"], option["tax_behavior"]) for name, option in shown.items()}
    assert found == {
        "usd": (1000, "unspecified"), "eur": (900, "unspecified"), "gbp": (800, "inclusive")
    }  # fmt: skip


def test_a_price_that_the_buyer_chooses(twin: Twin, product: str) -> None:
    bounds = {"enabled": True, "minimum": 100, "preset": 500, "maximum": 10000}
    price = twin.v1.prices.create({"currency": "usd", "product": product, "custom_unit_amount": bounds})
    custom = price.custom_unit_amount
    assert (custom.minimum, custom.preset, custom.maximum, price.unit_amount) == (100, 500, 10000, None)


def test_a_lookup_key_has_one_holder(twin: Twin, product: str) -> None:
    given = {"product": product, "unit_amount": 100, "lookup_key": f"key-{product}"}
    first = twin.v1.prices.create({"currency": "usd", **given})
    twin.v1.prices.update(first.id, {"active": False})
    error = _refused(twin, **given)
    assert error["message"] == f"A price (`{first.id}`) already uses that lookup key."
    assert error["param"] == "lookup_key"
    second = twin.v1.prices.create({"currency": "usd", **given, "transfer_lookup_key": True})
    assert second.lookup_key == f"key-{product}"
    assert twin.v1.prices.retrieve(first.id).lookup_key is None
    newest = twin.v1.events.list({"type": "price.updated", "limit": 1}).data[0]
    assert newest.data.object.id == first.id
    assert newest.data.previous_attributes["lookup_key"] == f"key-{product}"
    twin.v1.prices.update(second.id, {"lookup_key": f"key-{product}"})


def test_prices_are_filtered(twin: Twin, product: str) -> None:
    once = twin.v1.prices.create({"currency": "usd", "product": product, "unit_amount": 1})
    yearly = twin.v1.prices.create(
        {"currency": "eur", "product": product, "unit_amount": 2, "recurring": {"interval": "year"}}
    )

    def found(**wanted: Any) -> list[str]:
        return [price.id for price in twin.v1.prices.list({"product": product, **wanted}).data]

    assert found() == [yearly.id, once.id]
    assert found(type="one_time") == [once.id]
    assert found(currency="eur") == [yearly.id]
    assert found(recurring={"interval": "year"}) == [yearly.id]
    assert found(recurring={"usage_type": "metered"}) == []
    assert found(active=False) == []
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        twin.v1.prices.list({"product": "prod_none"})


def test_a_tax_behavior_is_set_once(twin: Twin, product: str) -> None:
    price = twin.v1.prices.create({"currency": "usd", "product": product, "unit_amount": 1})
    twin.v1.prices.update(price.id, {"tax_behavior": "exclusive"})
    with pytest.raises(stripe.InvalidRequestError, match="tax_behavior"):
        twin.v1.prices.update(price.id, {"tax_behavior": "inclusive"})


_TIERED: dict[str, Any] = {"billing_scheme": "tiered", "tiers_mode": "volume", "recurring": _MONTHLY}
_OPEN = {"up_to": "inf", "unit_amount": 1}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."),
        ({"unit_amount": -1}, "non-negative"),
        ({"unit_amount": 10**12}, "less than or equal to 999999999999"),
        ({"unit_amount_decimal": "0.1234567890123"}, "12 decimal places"),
        ({"unit_amount_decimal": "-1.5"}, "non-negative"),
        ({"unit_amount": 1, "unit_amount_decimal": "1"}, "only specify one"),
        ({"unit_amount": 1, "tiers": [_OPEN]}, "billing_scheme=tiered"),
        (
            {"unit_amount": 1, "recurring": {"interval": "year", "interval_count": 4}},
            "less than or equal to 3",
        ),
        (
            {"unit_amount": 1, "recurring": {"interval": "month", "interval_count": 0}},
            "greater than or equal to 1",
        ),
        (
            {"unit_amount": 1, "recurring": {"interval": "month", "usage_type": "metered"}},
            "must be backed by meters",
        ),
        ({"unit_amount": 1, "currency_options": {"usd": {"unit_amount": 1}}}, "must not name"),
        ({"unit_amount": 1, "currency_options": {"xxx": {"unit_amount": 1}}}, "Invalid currency"),
        (
            {"unit_amount": 1, "transform_quantity": {"divide_by": 0, "round": "up"}},
            "greater than or equal to 1",
        ),
        ({"custom_unit_amount": {"enabled": True, "minimum": 2, "maximum": 1}}, "must not be above"),
        ({**_TIERED, "recurring": ""}, "Invalid object"),
        ({"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": [_OPEN]}, "type=one_time"),
        ({**_TIERED}, "Missing required param: tiers"),
        ({**_TIERED, "tiers": [{"up_to": 5, "unit_amount": 1}]}, "`inf`"),
        (
            {**_TIERED, "tiers": [{"up_to": 5, "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}, _OPEN]},
            "greater",
        ),
        ({**_TIERED, "tiers": [{"up_to": "inf"}]}, "Missing required param: tiers[0][unit_amount]"),
        ({**_TIERED, "tiers": [_OPEN], "unit_amount": 5}, "cannot be set"),
        (
            {**_TIERED, "tiers": [_OPEN], "transform_quantity": {"divide_by": 2, "round": "up"}},
            "cannot be combined",
        ),
    ],
)
def test_what_makes_no_price(twin: Twin, product: str, given: dict[str, Any], says: str) -> None:
    assert says in _refused(twin, product=product, **given)["message"]
    assert twin.v1.prices.list({"product": product}).data == []


def test_a_price_needs_a_product(twin: Twin, product: str) -> None:
    assert "either `product` or `product_data`" in _refused(twin, unit_amount=1)["message"]
    both = {"product": product, "product_data": {"name": "Other"}}
    assert _refused(twin, unit_amount=1, **both)["param"] == "product"
    assert _refused(twin, unit_amount=1, product="prod_none")["code"] == "resource_missing"
    assert _refused(twin, unit_amount=1, product=product, currency="zzz")["param"] == "currency"
    made = twin.v1.prices.create(
        {"currency": "usd", "unit_amount": 1, "product_data": {"name": "Made with it"}}
    )
    assert twin.v1.products.retrieve(made.product).name == "Made with it"


def test_a_subscription_pays_in_the_currency_that_it_asks_for(twin: Twin, clock: Clock, product: str) -> None:
    """9.00 euros for a price of 10.00 dollars; the customer stays with euros."""
    given = {"currency": "usd", "product": product, "unit_amount": 1000, "recurring": _MONTHLY}
    price = twin.v1.prices.create({**given, "currency_options": {"eur": {"unit_amount": 900}}})
    buyer = clock.customer()
    items = {"items": [{"price": price.id, "quantity": 2}], "expand": ["latest_invoice"]}
    first = twin.v1.subscriptions.create({"customer": buyer, "currency": "eur", **items})
    assert (first.currency, first.latest_invoice.currency, first.latest_invoice.total) == ("eur", "eur", 1800)
    second = twin.v1.subscriptions.create({"customer": buyer, **items})
    assert (second.currency, second.latest_invoice.total) == ("eur", 1800)
    clock.advance(FEB_1 + HOUR)
    found = twin.v1.subscriptions.retrieve(first.id, {"expand": ["latest_invoice"]})
    assert (found.latest_invoice.total, found.latest_invoice.billing_reason) == (1800, "subscription_cycle")
    with pytest.raises(stripe.InvalidRequestError, match="only supports `usd`"):
        twin.v1.subscriptions.create({"customer": clock.customer(), "currency": "gbp", **items})
