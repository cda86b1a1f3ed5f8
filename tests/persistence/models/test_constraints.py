"""What must never be in the database is refused by the database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from machines.attachment import Event as AttachmentEvent
from machines.checkout import Event as CheckoutEvent
from machines.subscription_product import Event
from persistence.database import Database, violated
from persistence.models import (
    Base,
    BilledLine,
    CheckoutSession,
    Clock,
    Customer,
    Driven,
    Entity,
    LedgerEntry,
    Price,
    Product,
    RuleSetVersion,
    Step,
    StripeCall,
    Subscription,
    SubscriptionProduct,
    UsageEvent,
)
from persistence.states import move
from tests.persistence.rows import AT, World, decision, end, hold, make_world, unique, writing


async def _refusal(database: Database, *rows: Base, event: str | None = None) -> str | None:
    """The constraint that refuses the rows, None when they are accepted; the last one moves by the event."""
    try:
        async with writing(database) as session:
            session.add_all(rows)
            if event is not None:
                assert isinstance(rows[-1], Driven)
                move(session, rows[-1], event)
    except IntegrityError as refused:
        return violated(refused)
    return None


LIVE = (Event.ACTIVATED, Event.TRIAL_STARTED)


@pytest.mark.parametrize("event", LIVE)
async def test_one_live_main_product_in_a_group(database: Database, event: Event) -> None:
    world = await make_world(database)
    await hold(database, world.held())
    assert await _refusal(database, world.held(), event=event) == "uq_subscription_product_live"


async def test_one_scheduled_main_product_in_a_group(database: Database) -> None:
    world = await make_world(database)
    await hold(database, world.held(), Event.SCHEDULED)
    refused = await _refusal(database, world.held(), event=Event.SCHEDULED)
    assert refused == "uq_subscription_product_scheduled"


async def test_what_may_stand_beside_a_live_main_product(database: Database) -> None:
    world = await make_world(database)
    await hold(database, world.held())
    beside = [
        (world.held(), Event.SCHEDULED),
        (world.held(), Event.CREATED_INCOMPLETE),
        (world.held(group="other"), Event.ACTIVATED),
        (world.held(group=None), Event.ACTIVATED),
        (world.held(group=None), Event.ACTIVATED),
        (world.held(add_on=True), Event.ACTIVATED),
        (world.held(one_off=True), Event.ACTIVATED),
        (world.held(entity_id=world.entity.id), Event.ACTIVATED),
    ]
    assert [await _refusal(database, held, event=event) for held, event in beside] == [None] * len(beside)
    again = world.held(entity_id=world.entity.id)
    assert await _refusal(database, again, event=Event.ACTIVATED) == "uq_subscription_product_live"


async def test_an_ended_product_leaves_its_place(database: Database) -> None:
    world = await make_world(database)
    old = world.held()
    await hold(database, old)
    async with writing(database) as session:
        end(session, await session.get_one(SubscriptionProduct, old.id))
    assert await _refusal(database, world.held(), event=Event.ACTIVATED) is None


async def test_an_end_has_a_reason_and_an_instant(database: Database) -> None:
    world = await make_world(database)
    old = world.held()
    await hold(database, old)

    async def end_without_a_word() -> None:
        async with writing(database) as session:
            move(session, await session.get_one(SubscriptionProduct, old.id), Event.CANCELED)

    with pytest.raises(IntegrityError) as refused:
        await end_without_a_word()
    assert str(violated(refused.value)).startswith("ck_subscription_product_ended")


async def test_one_running_attachment_of_a_customer(database: Database) -> None:
    world = await make_world(database)
    assert await _refusal(database, world.attachment(), event=AttachmentEvent.PLAN_STORED) is None
    again = await _refusal(database, world.attachment(), event=AttachmentEvent.PLAN_STORED)
    assert again == "uq_attachment_running"


async def test_one_attachment_for_a_key_of_a_caller(database: Database) -> None:
    world, other = await make_world(database), await make_world(database)
    first = await _refusal(database, world.attachment("key"), event=AttachmentEvent.PLAN_STORED)
    second = await _refusal(database, other.attachment("key"), event=AttachmentEvent.PLAN_STORED)
    assert (first, second) == (None, "uq_attachment_caller_idempotency_key")


async def test_one_open_checkout_of_a_customer(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    assert await _refusal(database, attachment, event=AttachmentEvent.PLAN_STORED) is None

    def checkout() -> CheckoutSession:
        return CheckoutSession(
            customer_id=world.customer.id,
            attachment_id=attachment.id,
            stripe_session_id=unique("cs"),
            params_hash="",
            expires_at=AT,
        )

    assert await _refusal(database, checkout(), event=CheckoutEvent.SEEN_OPEN) is None
    assert await _refusal(database, checkout(), event=CheckoutEvent.SEEN_EXPIRED) is None
    assert await _refusal(database, checkout(), event=CheckoutEvent.SEEN_OPEN) == "uq_checkout_session_open"


@pytest.mark.parametrize("outside", ["acme", "A-1", "x" * 64])
async def test_a_safe_name_is_accepted(database: Database, outside: str) -> None:
    world = await make_world(database)
    assert await _refusal(database, _customer(world, outside)) is None


@pytest.mark.parametrize("outside", ["", "a.b", "a b", "a*", "a>", "a_b", "x" * 65, "ä", "acme\n"])
async def test_a_name_that_is_no_token_is_refused(database: Database, outside: str) -> None:
    world = await make_world(database)
    assert await _refusal(database, _customer(world, outside)) == "ck_customer_external_id"


def _customer(world: World, outside: str, *, type: str = "user", account: str | None = None) -> Customer:  # noqa: A002 -- its column
    return Customer(catalog=world.catalog.name, type=type, external_id=outside, connected_account_id=account)


async def test_only_an_organization_has_a_connected_account(database: Database) -> None:
    world = await make_world(database)
    organization = _customer(world, "seller", type="organization", account="acct_1")
    assert await _refusal(database, organization) is None
    user = _customer(world, "seller", account="acct_2")
    assert await _refusal(database, user) == "ck_customer_connected_account_is_organization"
    assert await _refusal(database, _customer(world, "space", type="team")) == "ck_customer_type"


async def test_a_user_and_an_organization_may_share_a_name(database: Database) -> None:
    world = await make_world(database)
    assert await _refusal(database, _customer(world, "acme", type="organization")) is None
    assert await _refusal(database, _customer(world, "acme")) is None
    assert await _refusal(database, _customer(world, "acme")) == "uq_customer_type_external_id"


async def test_one_active_version_of_a_product(database: Database) -> None:
    world = await make_world(database)

    def version(number: int, *, active: bool) -> Product:
        return Product(
            catalog=world.catalog.name,
            external_id="pro",
            version_number=number,
            active=active,
            price_kind="free",
        )

    assert await _refusal(database, version(2, active=False)) is None
    assert await _refusal(database, version(3, active=True)) == "uq_product_active_version"
    taken = await _refusal(database, version(1, active=False))
    assert taken == "uq_product_catalog_external_id_version_number"


async def test_a_deleted_entity_frees_its_name(database: Database) -> None:
    world = await make_world(database)

    def again() -> Entity:
        return Entity(
            customer_id=world.customer.id,
            feature_id=world.feature.id,
            external_id=world.entity.external_id,
        )

    assert await _refusal(database, again()) == "uq_entity_living"
    async with writing(database) as session:
        (await session.get_one(Entity, world.entity.id)).deleted_at = AT
    assert await _refusal(database, again()) is None


async def test_the_live_clock_is_there_and_shows_no_time_of_its_own(database: Database) -> None:
    assert await _refusal(database, Clock(now=AT)) is None
    assert await _refusal(database, Clock(id="live", now=AT)) in {"pk_clock", "ck_clock_live"}
    async with database.session() as session:
        assert (await session.get_one(Clock, "live")).now is None


async def test_rows_point_to_what_exists(database: Database) -> None:
    refused = await _refusal(database, _customer(World(), "lost"))
    assert refused == "fk_customer_catalog"


async def test_a_costless_subscription_is_not_at_stripe(database: Database) -> None:
    world = await make_world(database)
    costless = Subscription(customer_id=world.customer.id, anchor=AT, stripe_subscription_id="sub_1")
    assert await _refusal(database, costless) == "ck_subscription_costless_is_not_at_stripe"


async def test_no_more_is_credited_than_was_billed(database: Database) -> None:
    world = await make_world(database)

    def line(amount: int, credited: int, *, discount: int = 0) -> BilledLine:
        return BilledLine(
            subscription_id=world.subscription.id,
            kind="fixed",
            description="Pro",
            amount=amount,
            discount=discount,
            credited=credited,
            currency="usd",
        )

    assert await _refusal(database, line(2000, 2000), line(2000, 1500, discount=500), line(-500, 0)) is None
    assert await _refusal(database, line(2000, 2001)) == "ck_billed_line_credited_at_most_once"
    assert await _refusal(database, line(2000, 1501, discount=500)) == "ck_billed_line_credited_at_most_once"
    assert await _refusal(database, line(2000, -1)) == "ck_billed_line_credited"


async def test_a_source_moves_a_balance_once(database: Database) -> None:
    world = await make_world(database)
    balance = world.balance()

    def entry(kind: str) -> LedgerEntry:
        return LedgerEntry(
            balance_id=balance.id,
            delta=Decimal(1),
            kind=kind,
            source_type="attachment",
            source_id="att",
            at=AT,
        )

    assert await _refusal(database, balance, entry("grant"), entry("carry")) is None
    again = await _refusal(database, entry("grant"))
    assert again == "uq_ledger_entry_balance_id_source_type_source_id_kind"


async def test_one_open_balance_of_a_source(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    await hold(database, held)
    balances = [world.balance() for _ in range(3)]
    for balance in balances:
        balance.subscription_product_id, balance.product_feature_id = held.id, world.grant.id
    balances[0].ended_at = AT
    assert await _refusal(database, *balances[:2]) is None
    assert await _refusal(database, balances[2]) == "uq_balance_source"


async def test_a_key_reports_use_once(database: Database) -> None:
    world = await make_world(database)

    def report(key: str | None) -> UsageEvent:
        return UsageEvent(
            customer_id=world.customer.id,
            feature_id=world.feature.id,
            value=Decimal(1),
            idempotency_key=key,
            at=AT,
        )

    assert await _refusal(database, report("key"), report(None), report(None)) is None
    assert await _refusal(database, report("key")) == "uq_usage_event_customer_id_idempotency_key"


async def test_what_was_sent_is_kept(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    sent = Step(attachment_id=attachment.id, n=1, kind="invoices.create", params={}, state="sent")
    async with writing(database) as session:
        move(session, attachment, AttachmentEvent.PLAN_STORED)
    assert await _refusal(database, sent) == "ck_step_sent"


async def _refused_statement(database: Database, statement: str) -> str:
    try:
        async with writing(database) as session:
            await session.execute(text(statement))
    except DBAPIError as refused:
        return str(refused.orig)
    return "accepted"


@pytest.mark.parametrize("table", ["ledger_entry", "transition", "stripe_call", "decision"])
async def test_what_was_recorded_stays_as_it_was_recorded(database: Database, table: str) -> None:
    world = await make_world(database)
    await hold(database, world.held())
    balance, rule_set = world.balance(), RuleSetVersion(hash="hash", files={})
    entry = LedgerEntry(
        balance_id=balance.id, delta=Decimal(1), kind="grant", source_type="test", source_id="1", at=AT
    )
    call = StripeCall(method="POST", path="/v1/invoices", sent_at=AT)
    assert await _refusal(database, balance, entry, call, rule_set, decision(rule_set)) is None
    changed = await _refused_statement(database, f"UPDATE {table} SET created_at = now()")  # noqa: S608 -- ours
    deleted = await _refused_statement(database, f"DELETE FROM {table}")  # noqa: S608 -- ours
    assert f"{table} is append-only" in changed
    assert f"{table} is append-only" in deleted


async def test_a_price_that_stripe_knows_can_be_archived_and_nothing_else(database: Database) -> None:
    world = await make_world(database)
    assert await _refused_statement(database, "UPDATE price SET amount = 3") == "accepted"
    async with writing(database) as session:
        (await session.get_one(Price, world.price.id)).stripe_price_id = "price_1"
    async with writing(database) as session:
        (await session.get_one(Price, world.price.id)).archived_at = AT + timedelta(days=1)
    for change in ("amount = 1", "interval = 'year'", "currency = 'eur'", "per = 2", "tiers = '[]'"):
        told = await _refused_statement(database, f"UPDATE price SET {change}")  # noqa: S608 -- ours
        assert "is known to Stripe" in told, change
    assert "is known to Stripe" in await _refused_statement(database, "DELETE FROM price")
