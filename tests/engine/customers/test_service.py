from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.clock import to_unix
from engine.customers.reference import Customer as Reference
from engine.customers.reference import CustomerTerms
from engine.customers.service import CustomerService, complete_customer, complete_payment_method
from engine.errors import InvalidRequest, NotFound, PaymentRefused, Refused, TemporarilyUnable
from engine.mirror.converge import converge
from engine.payments.gateway import Answer, Failure, Gateway, StripeUnknown
from engine.steps.executor import Executor
from machines.subscription_product import Event
from persistence.database import Database
from persistence.models import (
    Attachment,
    Balance,
    Base,
    Catalog,
    Clock,
    Customer,
    Feature,
    Price,
    Product,
    StripeCall,
    Subscription,
    SubscriptionItem,
    SubscriptionProduct,
)
from persistence.models.words import CustomerType
from persistence.repositories.leases import claim, release
from persistence.states import move

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
CAUSE = {"kind": "api", "id": "test"}
ACME = Reference(CustomerType.ORGANIZATION, "acme")
GRANTING = frozenset({"active", "trialing", "past_due", "canceling"})


def grants(state: str, _feature: str) -> bool:
    return state in GRANTING


class Defaults:
    def __init__(self) -> None:
        self.given: list[Reference] = []
        self.error: Exception | None = None

    async def __call__(self, reference: Reference) -> None:
        if self.error is not None:
            raise self.error
        self.given.append(reference)


class Losing:
    """Stripe, but the answer of the first call of this kind gets lost after the work."""

    def __init__(self, gateway: Gateway, kind: str) -> None:
        self._gateway = gateway
        self._kind: str | None = kind

    async def call(self, kind: str, params: Mapping[str, Any], **named: Any) -> Answer:
        answer = await self._gateway.call(kind, params, **named)
        if kind == self._kind:
            self._kind = None
            raise StripeUnknown(Failure(None, None, None, "no answer", None, 1.0, kind))
        return answer


def executor(database: Database, gateway: Any) -> Executor:
    completions = {"customer": complete_customer, "payment_method": complete_payment_method}
    return Executor(database, gateway, completions, converge=converge, environment="test")


def service(database: Database, gateway: Any, defaults: Defaults | None = None) -> CustomerService:
    return CustomerService(
        database, executor(database, gateway), grants=grants, give_defaults=defaults or Defaults()
    )


async def rows(database: Database, kind: Any) -> list[Any]:
    async with database.session() as session:
        return list(await session.scalars(select(kind).order_by(*kind.__table__.primary_key)))


@pytest.fixture(autouse=True)
async def catalog(database: Database) -> None:
    async with database.transaction(cause=CAUSE, at=AT) as session:
        session.add(Catalog(name="main"))


@pytest.fixture
async def clock(database: Database, gateway: Gateway) -> Clock:
    made = await gateway.call("test_helpers.test_clocks.create", {"frozen_time": to_unix(AT)})
    row = Clock(id="clk_1", stripe_test_clock_id=made.body["id"], now=AT)
    async with database.transaction(cause=CAUSE, at=AT) as session:
        session.add(row)
    return row


async def test_a_new_customer_is_shown_and_given_the_defaults(database: Database, gateway: Gateway) -> None:
    defaults = Defaults()

    answer = await service(database, gateway, defaults).put(ACME, CustomerTerms(name="Acme Ltd"))

    assert defaults.given == [ACME]
    assert answer["now"] is not None
    assert {key: answer[key] for key in ("type", "id", "catalog", "clock", "name", "payment_method")} == {
        "type": "organization",
        "id": "acme",
        "catalog": "main",
        "clock": "live",
        "name": "Acme Ltd",
        "payment_method": None,
    }
    assert (answer["products"], answer["subscriptions"], answer["balances"]) == ([], [], {})
    assert await rows(database, StripeCall) == [], "Stripe hears of a customer when it is needed there"


async def test_defaults_are_not_given_to_whom_they_are_refused_nor_twice(
    database: Database, gateway: Gateway
) -> None:
    defaults = Defaults()
    customers = service(database, gateway, defaults)

    await customers.put(ACME, CustomerTerms(receives_default=False))
    await customers.put(ACME, CustomerTerms(name="Acme"))

    assert defaults.given == []


async def test_a_customer_whose_defaults_failed_gets_them_when_asked_again(
    database: Database, gateway: Gateway
) -> None:
    defaults = Defaults()
    customers = service(database, gateway, defaults)
    defaults.error = TemporarilyUnable("outcome_unknown", "No answer.")
    with pytest.raises(TemporarilyUnable):
        await customers.put(ACME, CustomerTerms(receives_default=True))
    defaults.error = None

    await customers.put(ACME, CustomerTerms(receives_default=True))

    assert defaults.given == [ACME]


async def test_the_same_customer_at_once_is_made_once(database: Database, gateway: Gateway) -> None:
    customers = service(database, gateway)

    answers = await asyncio.gather(*(customers.put(ACME, CustomerTerms()) for _ in range(5)))

    assert len(await rows(database, Customer)) == 1
    assert {answer["version"] for answer in answers} == {1}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (CustomerTerms(catalog="nowhere"), "catalog_not_found"),
        (CustomerTerms(clock="clk_9"), "clock_not_found"),
    ],
)
async def test_catalog_and_clock_must_exist(
    database: Database, gateway: Gateway, terms: CustomerTerms, code: str
) -> None:
    with pytest.raises(NotFound, match=code):
        await service(database, gateway).put(ACME, terms)

    assert await rows(database, Customer) == []


async def test_catalog_and_clock_never_change(database: Database, gateway: Gateway, clock: Clock) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms(clock=clock.id))

    for other in (CustomerTerms(clock="live"), CustomerTerms(catalog="other")):
        with pytest.raises(Refused, match="customer_exists"):
            await customers.put(ACME, other)
    same = await customers.put(ACME, CustomerTerms(catalog="main", clock=clock.id))

    assert same["clock"] == clock.id
    assert same["now"] == "2026-01-01T00:00:00Z"


async def test_who_does_not_exist_is_not_shown(database: Database, gateway: Gateway) -> None:
    customers = service(database, gateway)
    for asked in (customers.view(ACME), customers.invoices(ACME), customers.set_payment_method(ACME, None)):
        with pytest.raises(NotFound, match="customer_not_found"):
            await asked


async def test_a_card_makes_the_stripe_customer_on_the_clock(
    database: Database, gateway: Gateway, clock: Clock
) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms(clock=clock.id, name="Acme", email="a@acme.example"))

    answer = await customers.set_payment_method(ACME, "pm_card_visa")

    card = answer["payment_method"]
    assert (card["brand"], card["last4"]) == ("visa", "4242")
    [row] = await rows(database, Customer)
    seen = (await gateway.call("customers.retrieve", target=row.stripe_customer_id)).body
    assert seen["test_clock"] == clock.stripe_test_clock_id
    assert seen["invoice_settings"]["default_payment_method"] == card["id"] != "pm_card_visa"
    assert (seen["name"], seen["email"]) == ("Acme", "a@acme.example")
    assert seen["metadata"]["ws_customer_id"] == row.id
    assert row.lease_until is None


async def test_another_card_takes_the_place_and_none_takes_it_off(
    database: Database, gateway: Gateway
) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms())
    first = await customers.set_payment_method(ACME, "pm_card_visa")
    second = await customers.set_payment_method(ACME, "pm_card_mastercard")

    none = await customers.set_payment_method(ACME, None)
    still_none = await customers.set_payment_method(ACME, None)

    assert first["payment_method"]["id"] != second["payment_method"]["id"]
    assert second["payment_method"]["brand"] == "mastercard"
    assert none["payment_method"] is still_none["payment_method"] is None
    [row] = await rows(database, Customer)
    seen = (await gateway.call("customers.retrieve", target=row.stripe_customer_id)).body
    assert seen["invoice_settings"]["default_payment_method"] is None
    made = [call for call in await rows(database, StripeCall) if call.path == "/v1/customers"]
    assert len(made) == 1, "one Stripe customer, however often its card changes"


async def test_a_card_that_the_bank_refuses_changes_nothing(database: Database, gateway: Gateway) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms())
    before = await customers.set_payment_method(ACME, "pm_card_visa")

    with pytest.raises(PaymentRefused, match="payment_failed"):
        await customers.set_payment_method(ACME, "pm_card_visa_chargeDeclined")

    assert (await customers.view(ACME))["payment_method"] == before["payment_method"]
    [row] = await rows(database, Customer)
    assert row.lease_until is None


async def test_a_card_that_stripe_does_not_know_is_a_wrong_request(
    database: Database, gateway: Gateway
) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms())

    with pytest.raises(InvalidRequest):
        await customers.set_payment_method(ACME, "pm_nothing")


async def test_a_lost_answer_never_makes_a_second_stripe_customer(
    database: Database, gateway: Gateway
) -> None:
    await service(database, gateway).put(ACME, CustomerTerms())
    [row] = await rows(database, Customer)
    losing = service(database, Losing(gateway, "customers.create"))

    with pytest.raises(TemporarilyUnable, match="outcome_unknown"):
        await losing.set_payment_method(ACME, "pm_card_visa")
    answer = await losing.set_payment_method(ACME, "pm_card_visa")

    assert answer["payment_method"]["brand"] == "visa"
    calls = [call for call in await rows(database, StripeCall) if call.path == "/v1/customers"]
    assert [call.replayed for call in calls] == [False, True]
    [again] = await rows(database, Customer)
    assert again.id == row.id
    assert [attachment.state for attachment in await rows(database, Attachment)] == ["completed", "completed"]


async def test_name_and_address_reach_stripe(database: Database, gateway: Gateway) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms(name="Acme"))
    await customers.set_payment_method(ACME, "pm_card_visa")
    [before] = await rows(database, Customer)

    answer = await customers.put(ACME, CustomerTerms(name="Acme & Sons"))

    seen = (await gateway.call("customers.retrieve", target=before.stripe_customer_id)).body
    assert answer["name"] == seen["name"] == "Acme & Sons"
    assert answer["payment_method"]["brand"] == "visa", "a change of the name says nothing of the card"
    assert answer["version"] > before.version


async def test_a_customer_that_is_busy_too_long_is_refused(
    database: Database, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms())
    [row] = await rows(database, Customer)
    async with database.transaction(cause=CAUSE, at=AT) as session:
        lease = await claim(session, row.id, owner="another")
    monkeypatch.setattr("engine.steps.claim.PATIENCE", 0.05)

    with pytest.raises(Refused, match="concurrent_request"):
        await customers.set_payment_method(ACME, "pm_card_visa")
    async with database.transaction(cause=CAUSE, at=AT) as session:
        await release(session, lease)

    assert (await customers.set_payment_method(ACME, "pm_card_visa"))["payment_method"] is not None


async def hold_pro(database: Database) -> None:
    """The one customer has a plan with half a unit used of what it includes."""
    [row] = await rows(database, Customer)
    feature = Feature(catalog="main", external_id="messages", type="metered", consumable=True)
    product = Product(catalog="main", external_id="pro", group="main", price_kind="recurring")
    price = Price(product_id=product.id, amount=2000, interval="month")
    subscription = Subscription(
        customer_id=row.id, anchor=AT, paid=True, stripe_subscription_id="sub_1", stripe_status="active"
    )
    held = SubscriptionProduct(
        subscription_id=subscription.id,
        customer_id=row.id,
        product_id=product.id,
        group="main",
        quantities={"messages": 200},
        starts_at=AT,
        ends_at=LATER,
    )
    item = SubscriptionItem(
        subscription_product_id=held.id, price_id=price.id, period_start=AT, period_end=LATER
    )
    balance = Balance(
        customer_id=row.id,
        feature_id=feature.id,
        subscription_product_id=held.id,
        source="product",
        included=Decimal(200),
        used=Decimal("0.5"),
        reset="month",
        anchor=AT,
        period_start=AT,
        next_reset_at=LATER,
    )
    new: list[Base] = [feature, product, price, subscription, item, balance]
    async with database.transaction(cause=CAUSE, at=AT) as session:
        session.add_all(new)
        move(session, held, Event.ACTIVATED)


async def test_the_view_tells_products_periods_and_balances(
    database: Database, gateway: Gateway, clock: Clock
) -> None:
    customers = service(database, gateway)
    await customers.put(ACME, CustomerTerms(clock=clock.id))
    await hold_pro(database)

    answer = await customers.view(ACME)

    [shown] = answer["products"]
    assert {key: shown[key] for key in ("product", "version", "state", "quantities", "ends_at")} == {
        "product": "pro",
        "version": 1,
        "state": "active",
        "quantities": {"messages": 200},
        "ends_at": "2026-02-01T00:00:00Z",
    }
    [paid] = answer["subscriptions"]
    assert {key: paid[key] for key in ("stripe_subscription", "state", "paid", "current_period_end")} == {
        "stripe_subscription": "sub_1",
        "state": "active",
        "paid": True,
        "current_period_end": "2026-02-01T00:00:00Z",
    }
    assert paid["ends_at"] == "2026-02-01T00:00:00Z"
    assert answer["balances"]["messages"] == {
        "included": 200,
        "purchased": 0,
        "used": 0.5,
        "remaining": 199.5,
        "available": 199.5,
        "unlimited": False,
        "next_reset_at": "2026-02-01T00:00:00Z",
    }
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(StripeCall)) == 0
