"""Who follows the change feed hears every change of a customer in order and once, and no refusal."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.engine.e2e.conftest import OpenShop
from tests.engine.e2e.shop import BUYER, FEBRUARY, MID_JANUARY, Shop

pytestmark = pytest.mark.stack

CATALOG_ENTITIES = {"catalog", "feature", "product", "price", "product_feature"}
VERBS = {"created", "updated", "deleted"}


async def a_life(shop: Shop) -> None:
    """Bought, used, upgraded, downgraded, renewed, canceled, and a page that a buyer pays on."""
    await shop.bought("pro", quantities={"messages": 300})
    await shop.must("POST", "/v1/track", {"customer": shop.customer, "feature": "messages", "value": 4})
    await shop.advance(MID_JANUARY)
    await shop.bought("premium")
    await shop.bought("pro")
    await shop.advance(FEBRUARY)
    page = await shop.bought("boost", force_checkout=True)
    paid = await shop.http.post(page["checkout"]["url"], data=BUYER)
    assert paid.status_code == 303
    await shop.settle()
    await shop.must("POST", "/v1/cancel", {"customer": shop.customer, "product": "pro", "mode": "now"})
    await shop.settle()


async def test_every_change_is_told_once_and_in_order(shop: Shop) -> None:
    await a_life(shop)
    heard = await shop.messages(shop.token, await shop.told())

    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for subject, body, headers in heard:
        entity, verb = body["entity"], body["verb"]
        assert subject == f"wallstreet.change_feed.{entity}.{shop.token}.{verb}V1"
        assert headers["Nats-Msg-Id"] == body["event_id"]
        assert body["customer"] == shop.customer
        assert verb in VERBS
        assert entity not in CATALOG_ENTITIES
        assert set(body["cause"]) == {"kind", "id"}
        assert body["at"].endswith("Z")
        versions[entity, body["id"]].append(body["version"])

    for name, seen in versions.items():
        assert seen == list(range(1, len(seen) + 1)), name
    ids = [body["event_id"] for _, body, _ in heard]
    assert len(set(ids)) == len(ids)
    first = {(body["entity"], body["id"]): body["verb"] for _, body, _ in reversed(heard)}
    assert set(first.values()) == {"created"}
    assert {entity for entity, _ in versions} >= {"customer", "subscription", "invoice", "balance"}


async def test_the_last_word_about_the_customer_is_how_it_is(shop: Shop) -> None:
    await a_life(shop)
    heard = [body for _, body, _ in await shop.messages(shop.token, await shop.told())]
    said = next(body for body in reversed(heard) if body["entity"] == "customer")
    view = await shop.view()
    assert said["version"] == view["version"]
    assert said["state"]["currency"] == view["currency"] == "usd"


async def test_what_is_refused_is_not_told(shop: Shop) -> None:
    await shop.bought("pro")
    await shop.settle()
    before, version = await shop.told(), (await shop.view())["version"]
    refused = [
        await shop.attach("pro", key="again"),
        await shop.attach("nothing-like-it"),
        await shop.attach("premium", free_trial={"days": 3}),
        await shop.attach("premium", quantities={"messages": 5}),
        await shop.call("POST", "/v1/uncancel", {"customer": shop.customer, "product": "pro"}),
    ]
    assert [said.code for said in refused] == [
        "product_already_attached",
        "product_not_found",
        "not_implemented",
        "invalid_quantity",
        "uncancel_not_allowed",
    ]
    await shop.settle()
    assert (await shop.told(), (await shop.view())["version"]) == (before, version)
    await shop.messages(shop.token, before)


async def test_what_belongs_to_a_catalog_is_told_under_its_own_token(open_shop: OpenShop) -> None:
    shop = await open_shop()
    document = {
        "features": [{"id": "reports", "type": "boolean"}],
        "products": [{"id": "lone", "prices": [{"amount": 300}], "items": [{"feature": "reports"}]}],
    }
    await shop.must("PUT", f"/v1/catalogs/{shop.id}", document)
    await shop.settle()
    heard = await shop.messages("catalog", await shop.told("catalog"))

    versions: dict[str, list[int]] = defaultdict(list)
    for subject, body, headers in heard:
        assert subject == f"wallstreet.change_feed.{body['entity']}.catalog.{body['verb']}V1"
        assert headers["Nats-Msg-Id"] == body["event_id"]
        assert body["entity"] in CATALOG_ENTITIES
        assert body["customer"] is None
        versions[body["id"]].append(body["version"])
    for name, seen in versions.items():
        assert seen == list(range(1, len(seen) + 1)), name
    assert {body["state"].get("external_id") for _, body, _ in heard} >= {"lone", "reports"}
