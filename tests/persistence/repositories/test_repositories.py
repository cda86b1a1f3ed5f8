"""Each question gets the rows it asks for, loaded as deep as it promises."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from machines.attachment import Event as AttachmentEvent
from machines.checkout import Event as CheckoutEvent
from machines.invoice import Event as InvoiceEvent
from machines.subscription_product import Event
from persistence.database import Database
from persistence.models import (
    Attachment,
    BilledLine,
    CheckoutSession,
    Clock,
    Customer,
    Product,
    RuleSetVersion,
    Step,
    StripeCall,
    UsageEvent,
)
from persistence.repositories import attachments, balances, billing, catalogs, customers, holdings
from persistence.states import move
from tests.persistence.rows import AT, decision, hold, make_world, unique, writing


async def test_a_customer_is_found_by_its_outside_name(database: Database) -> None:
    world = await make_world(database)
    name = world.customer.external_id
    async with database.session() as session:
        found = await customers.find(session, "organization", name)
        assert found is not None
        assert (found.id, found.clock.id) == (world.customer.id, "live")
        assert await customers.find(session, "user", name) is None
        both = await customers.find_all(session, [("organization", name), ("user", name)])
        assert [customer.id for customer in both] == [world.customer.id]
        assert (await customers.get(session, world.customer.id)).clock.now is None


async def test_a_locked_customer_is_read_anew(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        known = await session.get_one(Customer, world.customer.id)
        async with writing(database) as other:
            (await other.get_one(Customer, world.customer.id)).name = "Acme"
        assert (await customers.lock(session, world.customer.id)) is known
        assert known.name == "Acme"


async def test_a_living_entity_is_found(database: Database) -> None:
    world = await make_world(database)
    name = world.entity.external_id
    async with database.session() as session:
        found = await customers.entity(session, world.customer.id, name, feature_id=world.feature.id)
        assert found is not None
        assert found.id == world.entity.id
        assert await customers.entity(session, world.customer.id, name, feature_id="feat_other") is None
        assert await customers.entity(session, world.customer.id, "other") is None


async def test_a_sandbox_clock_goes_forward_only(database: Database) -> None:
    clock = Clock(stripe_test_clock_id=unique("clock"), now=AT)
    async with writing(database) as session:
        session.add(clock)
    async with writing(database) as session:
        moved = await customers.move_clock(session, clock.id, to=AT + timedelta(days=1))
        assert moved.now == AT + timedelta(days=1)
        with pytest.raises(ValueError, match="cannot be set"):
            await customers.move_clock(session, clock.id, to=AT)
        with pytest.raises(ValueError, match="cannot be set"):
            await customers.move_clock(session, "live", to=AT)
        assert await customers.on_clock(session, clock.id) == []


async def test_a_catalog_is_loaded_as_a_whole(database: Database) -> None:
    world = await make_world(database)
    old = Product(
        catalog=world.catalog.name, external_id="pro", version_number=0, active=False, price_kind="free"
    )
    free = Product(
        catalog=world.catalog.name, external_id="free", price_kind="free", group="main", is_default=True
    )
    gone = Product(catalog=world.catalog.name, external_id="gone", price_kind="free", archived_at=AT)
    async with writing(database) as session:
        session.add_all([old, free, gone])
    name = world.catalog.name
    async with database.session() as session:
        offer = await catalogs.offer(session, name)
        assert offer is not None
        assert (list(offer.features), sorted(offer.products)) == (["messages"], ["free", "pro"])
        pro = offer.products["pro"]
        assert [price.amount for price in pro.prices] == [2000]
        assert [grant.feature.external_id for grant in pro.features] == ["messages"]
        assert [product.id for product in await catalogs.default_products(session, name)] == [free.id]
        assert len(await catalogs.versions(session, name)) == 4
        older = await catalogs.product(session, name, "pro", version_number=0)
        active = await catalogs.product(session, name, "pro")
        assert older is not None
        assert active is not None
        assert (older.id, active.id) == (old.id, world.product.id)
        assert await catalogs.product(session, name, "gone") is None
        assert await catalogs.offer(session, "unknown") is None


async def test_what_a_customer_holds_comes_with_its_terms(database: Database) -> None:
    world = await make_world(database)
    held, later = world.held(), world.held()
    await hold(database, held)
    await hold(database, later, Event.SCHEDULED)
    async with database.session() as session:
        found = await holdings.held_products(session, world.customer.id)
    assert {product.id for product in found} == {held.id, later.id}
    assert {product.product.prices[0].amount for product in found} == {2000}
    assert {product.subscription.id for product in found} == {world.subscription.id}


async def test_an_attachment_comes_with_steps_calls_and_decision(database: Database) -> None:
    world = await make_world(database)
    rules = RuleSetVersion(hash="hash", files={})
    decided = decision(rules)
    attachment = world.attachment("key")
    attachment.decision_id = decided.id
    async with writing(database) as session:
        session.add_all([rules, decided])
        session.add_all(
            Step(attachment_id=attachment.id, n=n, kind="invoices.create", params={}) for n in (2, 1)
        )
        session.add(StripeCall(attachment_id=attachment.id, method="POST", path="/v1/invoices", sent_at=AT))
        move(session, attachment, AttachmentEvent.PLAN_STORED)
    async with database.session() as session:
        found = await attachments.find(session, attachment.id)
        assert found is not None
        assert ([step.n for step in found.steps], len(found.calls)) == ([1, 2], 1)
        assert found.decision is not None
        assert found.decision.id == decided.id
        running = await attachments.running(session, world.customer.id)
        asked = await attachments.asked_with(session, "test", "key")
        assert running is found
        assert asked is found
        assert await attachments.awaiting(session, world.customer.id) == []
    async with writing(database) as session:
        assert len((await attachments.lock(session, attachment.id)).steps) == 2


async def test_an_abandoned_attachment_is_claimed_by_one(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    async with writing(database) as session:
        move(session, attachment, AttachmentEvent.PLAN_STORED)
    async with writing(database) as session:
        assert await attachments.claim_abandoned(session) == []
        (await session.get_one(Attachment, attachment.id)).resume_at = attachment.created_at
    async with writing(database) as one:
        assert await attachments.claim_abandoned(one) == [attachment.id]
        async with writing(database) as other:
            assert await attachments.claim_abandoned(other) == []
    async with writing(database) as session:
        assert await attachments.claim_abandoned(session) == []


async def test_a_rule_set_is_remembered_once(database: Database) -> None:
    for _ in range(2):
        async with writing(database) as session:
            await attachments.remember_rule_set(session, hash="hash", files={"branch.yaml": "rules: []"})
    async with database.session() as session:
        assert (await session.get_one(RuleSetVersion, "hash")).files == {"branch.yaml": "rules: []"}


async def test_open_balances_are_found_by_feature(database: Database) -> None:
    world = await make_world(database)
    open_, ended = world.balance(), world.balance()
    ended.ended_at = AT
    report = UsageEvent(
        customer_id=world.customer.id,
        feature_id=world.feature.id,
        value=Decimal(1),
        idempotency_key="key",
        at=AT,
    )
    async with writing(database) as session:
        session.add_all([open_, ended, report])
    async with writing(database) as session:
        found = await balances.of_customer(session, world.customer.id)
        locked = await balances.of_features(session, world.customer.id, [world.feature.id], lock=True)
        assert [balance.id for balance in found] == [balance.id for balance in locked] == [open_.id]
        assert found[0].feature.external_id == "messages"
        assert await balances.of_features(session, world.customer.id, ["feat_other"]) == []
        used = await balances.usage_with(session, world.customer.id, "key")
        assert used is not None
        assert used.id == report.id


async def test_what_was_billed_is_found(database: Database) -> None:
    world = await make_world(database)
    paid, opened = world.invoice(), world.invoice()
    paid.stripe_created = AT + timedelta(days=1)
    line = BilledLine(
        subscription_id=world.subscription.id,
        invoice_id=opened.id,
        kind="fixed",
        description="Pro",
        amount=2000,
        currency="usd",
    )
    async with writing(database) as session:
        move(session, paid, InvoiceEvent.SEEN_PAID)
        move(session, opened, InvoiceEvent.SEEN_OPEN)
        session.add(line)
    async with database.session() as session:
        listed = await billing.invoices(session, world.customer.id)
        assert [invoice.id for invoice in listed] == [opened.id, paid.id]
        assert [billed.id for billed in listed[0].billed] == [line.id]
        open_ = await billing.open_invoices(session, world.customer.id)
        assert [invoice.id for invoice in open_] == [opened.id]
        lines = await billing.billed_lines(session, [world.subscription.id])
        assert [billed.id for billed in lines] == [line.id]


async def test_the_open_checkout_is_found(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    checkout = CheckoutSession(
        customer_id=world.customer.id,
        attachment_id=attachment.id,
        stripe_session_id=unique("cs"),
        params_hash="",
        expires_at=AT,
    )
    async with writing(database) as session:
        move(session, attachment, AttachmentEvent.PLAN_STORED)
        move(session, checkout, CheckoutEvent.SEEN_OPEN)
    async with writing(database) as session:
        found = await customers.open_checkout(session, world.customer.id)
        assert found is not None
        assert found.id == checkout.id
        move(session, found, CheckoutEvent.EXPIRED)
    async with database.session() as session:
        assert await customers.open_checkout(session, world.customer.id) is None
