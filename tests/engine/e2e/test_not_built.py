"""What later work will bring is refused by name today, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.e2e.conftest import OpenShop
from tests.engine.e2e.shop import Shop

pytestmark = pytest.mark.stack

CATALOG: dict[str, Any] = {
    "features": [
        {"id": "messages", "type": "metered", "consumable": True},
        {"id": "seats", "type": "metered", "consumable": False},
        {"id": "credits", "type": "credit_system", "costs": {"messages": 2}},
    ],
    "products": [
        {"id": "plain", "group": "main", "prices": [{"amount": 2000}]},
        {"id": "trial", "group": "main", "prices": [{"amount": 2000}], "trial": {"days": 7}},
        {"id": "add_on", "add_on": True, "prices": [{"amount": 500}]},
        {
            "id": "arrears",
            "group": "main",
            "items": [{"feature": "messages", "overage": {"billing": "arrears", "amount": 1}}],
        },
        {
            "id": "allocated",
            "group": "main",
            "items": [{"feature": "seats", "overage": {"billing": "allocated", "amount": 900}}],
        },
        {
            "id": "allocated_arrears",
            "group": "main",
            "items": [{"feature": "seats", "overage": {"billing": "allocated_arrears", "amount": 900}}],
        },
        {
            "id": "tiers",
            "group": "main",
            "items": [
                {
                    "feature": "messages",
                    "overage": {
                        "billing": "prepaid",
                        "per": 100,
                        "tiers": [{"up_to": 100, "amount": 10}, {"up_to": "inf", "amount": 5}],
                    },
                }
            ],
        },
        {
            "id": "rollover",
            "group": "main",
            "prices": [{"amount": 2000}],
            "items": [{"feature": "messages", "included": 5, "reset": "month", "rollover": {"max": 5}}],
        },
        {
            "id": "per_entity",
            "group": "main",
            "prices": [{"amount": 2000}],
            "items": [{"feature": "messages", "included": 5, "reset": "month", "per_entity": "seats"}],
        },
        {
            "id": "credit_system",
            "group": "main",
            "prices": [{"amount": 2000}],
            "items": [{"feature": "credits", "included": 50, "reset": "month"}],
        },
    ],
}

PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("custom", {"custom": {"price": 100}}),
    ("free_trial", {"free_trial": {"days": 3}}),
    ("free_trial", {"free_trial": False}),
    ("invoice", {"invoice": True}),
    ("enable_immediately", {"enable_immediately": True}),
    ("discounts", {"discounts": [{"coupon": "ten"}]}),
    ("new_subscription", {"new_subscription": True}),
    ("billing_cycle_anchor", {"billing_cycle_anchor": "now"}),
    ("starts_at", {"starts_at": "2026-03-01T00:00:00Z"}),
    ("ends_at", {"ends_at": "2026-03-01T00:00:00Z"}),
    ("carry_over_usage", {"carry_over_usage": True}),
    ("carry_over_balance", {"carry_over_balance": True}),
    ("remove_products", {"remove_products": ["trial"]}),
    ("custom_line_items", {"custom_line_items": [{"amount": 1, "description": "One"}]}),
    ("no_billing_changes", {"no_billing_changes": True}),
    ("customer_data", {"customer_data": {"name": "Acme"}}),
    ("entity", {"entity": "team-1"}),
]
PRODUCTS = [
    "trial",
    "add_on",
    "arrears",
    "allocated",
    "allocated_arrears",
    "tiers",
    "rollover",
    "per_entity",
    "credit_system",
]


@pytest.fixture(scope="module")
async def later(open_shop: OpenShop) -> Shop:
    """A customer of a catalog full of what is not built; whatever it asks for, nothing comes of it."""
    elsewhere = await open_shop(card=None)
    await elsewhere.must("PUT", "/v1/catalogs/later", CATALOG)
    return await open_shop("later")


@pytest.fixture(scope="module")
async def refused(open_shop: OpenShop) -> Shop:
    """A customer who asks for what is not built, again and again; nothing comes of it."""
    return await open_shop()


async def nothing_comes_of(shop: Shop, path: str, body: dict[str, Any], word: str) -> None:
    """The call is refused by the word, at both doors, and nothing has changed anywhere."""
    before = (await shop.view(), await shop.told(), await shop.purchase_ids())
    calls = await shop.calls_so_far()
    name = path.removeprefix("/v1/").removeprefix("attach/")
    for said in (await shop.call("POST", path, body, key="order"), await shop.ask(name, body)):
        assert (said.status, said.code) == (501, "not_implemented"), said
        assert word in said.body["detail"]
    await shop.settle()
    assert await shop.changes_at_stripe(after=calls) == []
    assert (await shop.view(), await shop.told(), await shop.purchase_ids()) == before


@pytest.mark.parametrize("path", ["/v1/attach", "/v1/attach/preview"])
@pytest.mark.parametrize(("word", "more"), PARAMETERS)
async def test_a_parameter_is_refused_by_name(
    refused: Shop, path: str, word: str, more: dict[str, Any]
) -> None:
    await nothing_comes_of(refused, path, refused.asking("pro", **more), word)


@pytest.mark.parametrize("path", ["/v1/attach", "/v1/attach/preview"])
async def test_several_products_are_refused_by_name(refused: Shop, path: str) -> None:
    several = {"customer": refused.customer, "products": [{"product": "pro"}, {"product": "boost"}]}
    await nothing_comes_of(refused, path, several, "several products")


async def test_a_refund_is_refused_by_name(shop: Shop) -> None:
    await shop.bought("pro")
    await shop.settle()
    body = {"customer": shop.customer, "product": "pro", "mode": "now", "refund": "full"}
    await nothing_comes_of(shop, "/v1/cancel", body, "refund")


@pytest.mark.parametrize("path", ["/v1/attach", "/v1/attach/preview"])
@pytest.mark.parametrize("product", PRODUCTS)
async def test_a_product_is_refused_by_what_it_has(later: Shop, path: str, product: str) -> None:
    await nothing_comes_of(later, path, later.asking(product), product)


async def test_a_key_is_free_again_after_such_a_refusal(shop: Shop) -> None:
    assert (await shop.attach("pro", key="order", free_trial={"days": 3})).status == 501
    assert (await shop.attach("pro", key="order")).status == 200


async def test_the_catalog_names_what_of_a_product_is_not_built(later: Shop) -> None:
    told = await later.must("PUT", "/v1/catalogs/later", CATALOG)
    named = {each["id"]: each.get("not_built") for each in told["products"]}
    assert named == {name: [name] for name in PRODUCTS} | {"plain": None}


async def test_one_product_in_the_list_is_no_case_of_several(shop: Shop) -> None:
    one = {"customer": shop.customer, "products": [{"product": "pro", "quantities": {"messages": 200}}]}
    said = await shop.call("POST", "/v1/attach", one)
    assert (said.status, said.body["invoice"]["total"]) == (200, 3000)
