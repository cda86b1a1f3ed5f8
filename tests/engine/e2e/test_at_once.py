"""However many calls come at once for one customer, it buys once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.engine.e2e.conftest import OpenShop
from tests.engine.e2e.shop import Said, Shop

pytestmark = pytest.mark.stack

REFUSED = {"product_already_attached", "concurrent_request"}


async def test_eight_attaches_at_once_are_one_purchase(shop: Shop) -> None:
    said = await asyncio.gather(*(shop.attach("pro") for _ in range(8)))
    counted = Counter(answer.status for answer in said)
    assert counted == {200: 1, 409: 7}
    assert {answer.code for answer in said if answer.status == 409} <= REFUSED
    await shop.settle()
    await has_bought_once(shop, 2000)


async def test_calls_at_both_doors_are_one_purchase(shop: Shop) -> None:
    by_http = [shop.attach("pro") for _ in range(4)]
    by_nats = [shop.ask("attach", shop.asking("pro")) for _ in range(4)]
    said = await asyncio.gather(*by_http, *by_nats)
    assert Counter(answer.status for answer in said) == {200: 1, 409: 7}
    await shop.settle()
    await has_bought_once(shop, 2000)


async def has_bought_once(shop: Shop, total: int) -> None:
    """One purchase with us; one subscription and one paid invoice at Stripe."""
    (purchase,) = await shop.purchases()
    assert purchase.state == "completed"
    (subscription,) = await shop.listed("/v1/subscriptions")
    (invoice,) = await shop.listed("/v1/invoices")
    assert subscription["status"] == "active"
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", total)
    assert await shop.holds() == {"pro": "active"}
    (ours,) = (await shop.must("GET", f"{shop.path}/invoices"))["data"]
    assert (ours["state"], ours["amount_paid"]) == ("paid", total)


async def test_first_attaches_of_a_customer_whom_stripe_does_not_know_make_it_once(
    open_shop: OpenShop,
) -> None:
    shop = await open_shop(card=None)
    said = await asyncio.gather(*(shop.attach("pro") for _ in range(4)))
    assert [answer.status for answer in said] == [200] * 4
    sessions = {answer.body["checkout"]["session"] for answer in said}
    assert len(sessions) == 1, "the same request gets the same open page again"
    everybody = (await shop.at_stripe("/v1/customers", limit="100"))["data"]
    assert len([one for one in everybody if shop.id in str(one["metadata"])]) <= 1
    assert (await shop.row()).stripe_customer_id is not None


async def test_different_products_at_once_leave_one_plan(shop: Shop) -> None:
    said = await asyncio.gather(*(shop.attach(name) for name in ("pro", "premium", "yearly", "setup")))
    assert {answer.status for answer in said} <= {200, 409}
    await shop.settle()
    states = Counter((await shop.holds()).values())
    assert states["active"] + states["canceling"] == 1, await shop.holds()
    assert states["scheduled"] <= 1
    assert len(await shop.listed("/v1/subscriptions")) == 1


async def test_the_same_key_twice_is_one_purchase_and_one_answer(shop: Shop) -> None:
    at_once = await asyncio.gather(*(shop.attach("boost", key="order-1") for _ in range(4)))
    later = await shop.attach("boost", key="order-1")
    assert [answer.status for answer in at_once] == [200] * 4
    assert all(answer == later for answer in at_once)
    (purchase,) = await shop.purchases()
    assert purchase.id == later.body["id"]
    assert len(await shop.listed("/v1/invoices")) == 1


async def test_another_body_under_the_same_key_is_refused(shop: Shop) -> None:
    await shop.attach("boost", key="order-1")
    others: list[Said] = [
        await shop.attach("pro", key="order-1"),
        await shop.attach("boost", key="order-1", force_checkout=True),
        await shop.call("POST", "/v1/cancel", {"customer": shop.customer, "product": "boost"}, key="order-1"),
    ]
    assert [(said.status, said.code) for said in others] == [(409, "idempotency_mismatch")] * 3
    assert len(await shop.purchases()) == 1
    assert (await shop.attach("boost", key="order-2")).status == 200


async def test_a_key_belongs_to_one_customer(open_shop: OpenShop) -> None:
    one, other = await open_shop(), await open_shop()
    said = await asyncio.gather(one.attach("pro", key="order-1"), other.attach("pro", key="order-1"))
    assert [answer.status for answer in said] == [200, 200]
    assert said[0].body["id"] != said[1].body["id"]


async def test_uses_at_once_never_take_more_than_there_is(shop: Shop) -> None:
    asked = {"customer": shop.customer, "feature": "messages", "required": 3, "consume": True}
    said = await asyncio.gather(*(shop.call("POST", "/v1/check", asked) for _ in range(8)))
    assert Counter(answer.body["allowed"] for answer in said) == {True: 3, False: 5}
    assert (await shop.view())["balances"]["messages"]["used"] == 9
