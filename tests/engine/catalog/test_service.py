from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from engine.catalog.document import CatalogDocument
from engine.catalog.service import CatalogService, complete_catalog
from engine.errors import NotFound, Refused
from engine.payments.gateway import Answer, Failure, Gateway, StripeRefused, StripeUnknown
from engine.steps.executor import Executor
from machines.subscription_product import Event
from persistence.database import Database
from persistence.models import (
    Attachment,
    Base,
    Customer,
    Feature,
    Outbox,
    Price,
    Product,
    ProductFeature,
    StripeCall,
    Subscription,
    SubscriptionProduct,
)
from persistence.repositories import catalogs
from persistence.states import move

AT = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = {"kind": "api", "id": "test"}
MESSAGES = {"id": "messages", "type": "metered", "consumable": True}
PACKS = {"billing": "prepaid", "amount": 1000, "per": 100}
PRO: dict[str, Any] = {
    "id": "pro",
    "group": "main",
    "prices": [{"amount": 2000, "interval": "month"}],
    "items": [{"feature": "messages", "included": 100, "reset": "month", "overage": PACKS}],
}
FREE: dict[str, Any] = {"id": "free", "group": "main", "default": True}
Json = dict[str, Any]


def document(*products: Json, features: tuple[Json, ...] = (MESSAGES,)) -> CatalogDocument:
    return CatalogDocument.model_validate({"features": features, "products": products})


async def converge(_session: object, _seen: object) -> None: ...


def service(database: Database, gateway: Any) -> CatalogService:
    executor = Executor(
        database, gateway, {"catalog": complete_catalog}, converge=converge, environment="test"
    )
    return CatalogService(database, executor, now=lambda: AT)


class Failing:
    """Stripe, but the named calls fail: by a refusal, or by an answer that gets lost after the work."""

    def __init__(
        self, gateway: Gateway, *, refused: Collection[int] = (), lost: Collection[int] = ()
    ) -> None:
        self._gateway = gateway
        self._refused, self._lost = refused, lost
        self.calls: list[str] = []

    async def call(self, kind: str, params: Mapping[str, Any], **named: Any) -> Answer:
        n = len(self.calls)
        self.calls.append(kind)
        failure = Failure(400, "parameter_missing", None, "no", None, 1.0, kind)
        if n in self._refused:
            raise StripeRefused(failure)
        answer = await self._gateway.call(kind, params, **named)
        if n in self._lost:
            raise StripeUnknown(failure)
        return answer


async def rows(database: Database, kind: Any) -> list[Any]:
    async with database.session() as session:
        return list(await session.scalars(select(kind).order_by(*kind.__table__.primary_key)))


async def test_a_catalog_becomes_rows_and_prices_at_stripe(database: Database, gateway: Gateway) -> None:
    catalog = service(database, gateway)

    answer = await catalog.apply("main", document(FREE, PRO))

    assert answer["name"] == "main"
    assert answer["products"] == [
        {"id": "free", "version": 1, "ready": True},
        {"id": "pro", "version": 1, "ready": True},
    ]
    async with database.session() as session:
        pro = await catalogs.product(session, "main", "pro")
    assert pro is not None
    fixed, packs = pro.prices
    seen = (await gateway.call("prices.retrieve", target=str(packs.stripe_price_id))).body
    assert (seen["unit_amount"], seen["currency"], seen["type"]) == (1000, "usd", "recurring")
    assert (seen["recurring"]["interval"], seen["recurring"]["interval_count"]) == ("month", 1)
    assert seen["metadata"]["ws_price"] == packs.id
    assert seen["product"] == pro.stripe_product_id
    made = (await gateway.call("products.retrieve", target=str(pro.stripe_product_id))).body
    assert made["name"] == "Pro"
    assert (await gateway.call("prices.retrieve", target=str(fixed.stripe_price_id))).body[
        "unit_amount"
    ] == 2000
    [grant] = pro.features
    assert (int(grant.included), grant.reset, grant.price_id or "") == (100, "month", packs.id)


async def test_a_one_off_price_and_an_interval_of_its_own(database: Database, gateway: Gateway) -> None:
    once = {"id": "setup", "prices": [{"amount": 500, "interval": "one_off"}]}
    rare = {"id": "rare", "prices": [{"amount": 500, "interval": "month", "interval_count": 3}]}

    await service(database, gateway).apply("main", document(once, rare))

    prices = [
        (await gateway.call("prices.retrieve", target=price.stripe_price_id)).body
        for price in await rows(database, Price)
    ]
    assert [
        (price["type"], price["recurring"] and price["recurring"]["interval_count"]) for price in prices
    ] == [
        ("one_time", None),
        ("recurring", 3),
    ]


async def test_tiers_are_told_in_packs(database: Database, gateway: Gateway) -> None:
    tiers = [{"up_to": 500, "amount": 1000}, {"up_to": "inf", "amount": 500}]
    tiered = PRO | {
        "prices": [],
        "items": [{"feature": "messages", "overage": {"billing": "prepaid", "per": 100, "tiers": tiers}}],
    }

    answer = await service(database, gateway).apply("main", document(tiered))

    [price] = await rows(database, Price)
    seen = (await gateway.call("prices.retrieve", {"expand": ["tiers"]}, target=price.stripe_price_id)).body
    assert (seen["billing_scheme"], seen["tiers_mode"]) == ("tiered", "graduated")
    assert [(tier["up_to"], tier["unit_amount"]) for tier in seen["tiers"]] == [(5, 1000), (None, 500)]
    assert answer["products"] == [{"id": "pro", "version": 1, "ready": True, "not_built": ["tiers"]}]


@pytest.mark.parametrize(
    ("feature", "overage", "word"),
    [
        (MESSAGES, {"billing": "arrears", "amount": 10}, "arrears"),
        (
            {"id": "seats", "type": "metered", "consumable": False},
            {"billing": "allocated", "amount": 1},
            "allocated",
        ),
        (
            MESSAGES,
            {
                "billing": "prepaid",
                "per": 100,
                "tiers": [{"up_to": 150, "amount": 1}, {"up_to": "inf", "amount": 1}],
            },
            "tiers",
        ),
    ],
)
async def test_what_cannot_be_sold_yet_is_named(
    database: Database, gateway: Gateway, feature: Json, overage: Json, word: str
) -> None:
    sold = PRO | {"items": [{"feature": feature["id"], "overage": overage}]}

    answer = await service(database, gateway).apply("main", document(sold, features=(feature,)))

    assert answer["products"] == [{"id": "pro", "version": 1, "ready": True, "not_built": [word]}]
    assert len([price for price in await rows(database, Price) if price.stripe_price_id]) == 1


async def test_the_document_comes_back_as_it_was_put(database: Database, gateway: Gateway) -> None:
    catalog = service(database, gateway)
    written = document(FREE, PRO)
    await catalog.apply("main", written)

    assert await catalog.get("main") == written.model_dump(mode="json", exclude_unset=True)
    with pytest.raises(NotFound, match="catalog_not_found"):
        await catalog.get("other")


async def test_the_same_document_again_changes_nothing(database: Database, gateway: Gateway) -> None:
    catalog = service(database, gateway)
    first = await catalog.apply("main", document(FREE, PRO))
    told, called = len(await rows(database, Outbox)), len(await rows(database, StripeCall))

    again = await catalog.apply("main", document(FREE, PRO))

    assert again == first
    assert len(await rows(database, Outbox)) == told
    assert len(await rows(database, StripeCall)) == called


async def test_what_leaves_the_document_is_archived_and_can_return(
    database: Database, gateway: Gateway
) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(FREE, PRO))
    left = await catalog.apply("main", document(FREE, features=()))
    async with database.session() as session:
        gone = await catalogs.product(session, "main", "pro")
    calls = len(await rows(database, StripeCall))
    back = await catalog.apply("main", document(FREE, PRO))

    assert [product["id"] for product in left["products"]] == ["free"]
    assert gone is None
    assert {product["id"]: product["ready"] for product in back["products"]} == {"free": True, "pro": True}
    assert len(await rows(database, StripeCall)) == calls
    assert [(feature.external_id, feature.archived_at) for feature in await rows(database, Feature)] == [
        ("messages", None)
    ]


async def test_other_terms_of_a_product_that_nobody_has_get_other_prices(
    database: Database, gateway: Gateway
) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(PRO))
    before = await rows(database, Price)
    dearer = PRO | {"prices": [{"amount": 3000, "interval": "month"}], "items": []}

    answer = await catalog.apply("main", document(dearer))

    assert answer["products"] == [{"id": "pro", "version": 1, "ready": True}]
    prices = await rows(database, Price)
    current = [price for price in prices if price.archived_at is None]
    assert [price.amount for price in current] == [3000]
    assert [price.id for price in prices if price.archived_at is not None] == [price.id for price in before]
    for old in before:
        assert not (await gateway.call("prices.retrieve", target=old.stripe_price_id)).body["active"]
    assert (await gateway.call("prices.retrieve", target=current[0].stripe_price_id)).body["active"]
    assert await rows(database, ProductFeature) == []


async def hold(database: Database) -> None:
    """A customer has the only product of the catalog."""
    async with database.transaction(cause=CAUSE, at=AT) as session:
        [product] = list(await session.scalars(select(Product)))
        customer = Customer(catalog="main", type="user", external_id="u-1")
        subscription = Subscription(customer_id=customer.id, anchor=AT)
        held = SubscriptionProduct(
            subscription_id=subscription.id,
            customer_id=customer.id,
            product_id=product.id,
            group=product.group,
            starts_at=AT,
        )
        new: list[Base] = [customer, subscription]
        session.add_all(new)
        move(session, held, Event.ACTIVATED)


@pytest.mark.parametrize(
    "change",
    [
        {"prices": [{"amount": 2001, "interval": "month"}]},
        {"prices": [{"amount": 2000, "interval": "year"}]},
        {"items": []},
        {"items": [PRO["items"][0] | {"included": 101}]},
        {"group": "other"},
        {"trial": {"days": 7}},
    ],
)
async def test_what_a_customer_has_never_changes(database: Database, gateway: Gateway, change: Json) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(PRO))
    await hold(database)
    told = len(await rows(database, Outbox))

    with pytest.raises(Refused, match="product_in_use"):
        await catalog.apply("main", document(PRO | change))
    same = await catalog.apply("main", document(PRO))
    versions = await catalog.apply("main", document(PRO, PRO | {"version": 2} | change))

    assert same["products"] == [{"id": "pro", "version": 1, "ready": True}]
    assert [product["version"] for product in versions["products"]] == [1, 2]
    async with database.session() as session:
        active = await catalogs.product(session, "main", "pro")
    assert active is not None
    assert active.version_number == 2
    assert len(await rows(database, Outbox)) > told


async def test_an_older_version_can_be_made_active_again(database: Database, gateway: Gateway) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(PRO, PRO | {"version": 2}))

    await catalog.apply("main", document(PRO | {"active": True}, PRO | {"version": 2}))

    async with database.session() as session:
        active = await catalogs.product(session, "main", "pro")
    assert active is not None
    assert active.version_number == 1


async def test_a_feature_never_becomes_another_kind_of_thing(database: Database, gateway: Gateway) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(features=(MESSAGES,)))

    with pytest.raises(Refused, match="feature_in_use"):
        await catalog.apply("main", document(features=({"id": "messages", "type": "boolean"},)))
    with pytest.raises(Refused, match="feature_in_use"):
        await catalog.apply("main", document(features=(MESSAGES | {"consumable": False},)))


async def test_a_product_that_stripe_did_not_take_is_not_ready_until_it_is_applied_again(
    database: Database, gateway: Gateway
) -> None:
    broken = Failing(gateway, refused={2})
    answer = await service(database, broken).apply("main", document(FREE, PRO))
    again = Failing(gateway)
    repaired = await service(database, again).apply("main", document(FREE, PRO))

    assert answer["products"] == [
        {"id": "free", "version": 1, "ready": True},
        {"id": "pro", "version": 1, "ready": False},
    ]
    assert answer["stopped"]["state"] == "failed"
    assert answer["stopped"]["error"]["message"] == "no"
    assert all(product["ready"] for product in repaired["products"])
    assert "stopped" not in repaired
    assert again.calls == ["prices.create"], "what was made before is used, not made twice"


async def test_a_lost_answer_is_asked_for_again_and_nothing_is_made_twice(
    database: Database, gateway: Gateway
) -> None:
    answer = await service(database, Failing(gateway, lost={1})).apply("main", document(PRO))
    repaired = await service(database, gateway).apply("main", document(PRO))

    assert answer["products"][0]["ready"] is False
    assert answer["stopped"]["state"] == "unknown"
    assert repaired["products"][0]["ready"] is True
    [attachment] = await rows(database, Attachment)
    assert attachment.state == "completed"
    calls = await rows(database, StripeCall)
    assert [call.replayed for call in calls if call.n == 1] == [False, True]


async def test_several_documents_at_once_come_into_force_one_after_another(
    database: Database, gateway: Gateway
) -> None:
    catalog = service(database, gateway)
    await catalog.apply("main", document(FREE))

    await asyncio.gather(
        *(catalog.apply("main", document(FREE, PRO)) for _ in range(4)),
    )

    products = await rows(database, Product)
    assert [(product.external_id, product.ready) for product in products] == [("free", True), ("pro", True)]
    made = [call for call in await rows(database, StripeCall) if call.path == "/v1/products"]
    assert len(made) == 1
