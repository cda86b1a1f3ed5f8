"""Products: every field, the default price, lists, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Twin, error_of


def test_every_field_is_kept_and_unset(twin: Twin) -> None:
    given: dict[str, Any] = {
        "name": "Mug",
        "type": "good",
        "active": False,
        "description": "Holds coffee",
        "images": ["https://example.com/mug.png"],
        "marketing_features": [{"name": "Dishwasher safe"}],
        "package_dimensions": {"height": 1, "length": 2, "weight": 3.5, "width": 4},
        "shippable": True,
        "statement_descriptor": "MUG SHOP",
        "tax_code": "txcd_99999999",
        "unit_label": "mug",
        "url": "https://example.com",
        "metadata": {"color": "red"},
    }
    product = twin.v1.products.create(given)
    read = twin.v1.products.retrieve(product.id)
    assert {name: read.to_dict()[name] for name in given} == given
    unset = twin.v1.products.update(product.id, {"images": "", "description": "", "metadata": "", "url": ""})
    assert (unset.images, unset.description, unset.metadata.to_dict(), unset.url) == ([], None, {}, None)


def test_products_are_filtered(twin: Twin) -> None:
    one = twin.v1.products.create({"name": "One", "shippable": True, "url": "https://example.com/one"})
    two = twin.v1.products.create({"name": "Two", "active": False})

    def found(**wanted: Any) -> list[str]:
        return [product.id for product in twin.v1.products.list({"ids": [one.id, two.id], **wanted}).data]

    assert found() == [two.id, one.id]
    assert found(active=True) == [one.id]
    assert found(shippable=True) == [one.id]
    assert found(url="https://example.com/one") == [one.id]
    assert found(type="good") == []


def test_only_its_own_active_price_is_the_default(twin: Twin) -> None:
    product = twin.v1.products.create({"name": "Pro"})
    with pytest.raises(stripe.InvalidRequestError, match="does not belong"):
        twin.v1.products.update(product.id, {"default_price": twin.price(100)})
    off = twin.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1, "active": False})
    with pytest.raises(stripe.InvalidRequestError, match="must be active"):
        twin.v1.products.update(product.id, {"default_price": off.id})


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"name": ""}, "parameter_invalid_empty", "name"),
        ({"url": "no url"}, "url_invalid", "url"),
        ({"images": ["https://example.com"] * 9}, None, "images"),
        ({"tax_code": "books"}, "resource_missing", "tax_code"),
        ({"statement_descriptor": "a name that is far too long"}, None, "statement_descriptor"),
        ({"statement_descriptor": "<shop>"}, None, "statement_descriptor"),
    ],
)
def test_what_makes_no_product(twin: Twin, given: dict[str, Any], code: str | None, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.products.create({"name": "Pro", **given})
    error = error_of(refused.value)
    assert (error.get("code"), error["param"]) == (code, param)


def test_a_described_default_price_must_be_right(twin: Twin) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency"):
        twin.v1.products.create({"name": "Torn", "default_price_data": {"currency": "xxx", "unit_amount": 1}})
    assert "Torn" not in [product.name for product in twin.v1.products.list({"limit": 100}).data]
