"""A state moves through its machine and leaves a transition, or it does not move at all."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from machines import START, IllegalTransition
from machines.attachment import Event as AttachmentEvent
from machines.checkout import Event as CheckoutEvent
from machines.invoice import Event as InvoiceEvent
from machines.subscription_product import Event, guards_at
from persistence.database import Database
from persistence.errors import ChangedMeanwhile, StateChangedOutsideMachine
from persistence.models import (
    Attachment,
    Base,
    CheckoutSession,
    Driven,
    Invoice,
    SubscriptionProduct,
    Transition,
)
from persistence.repositories import attachments
from persistence.states import move
from tests.persistence.rows import AT, CAUSE, World, hold, make_world, unique, writing


def _checkout(world: World, attachment: Attachment) -> CheckoutSession:
    return CheckoutSession(
        customer_id=world.customer.id,
        attachment_id=attachment.id,
        stripe_session_id=unique("cs"),
        params_hash="",
        expires_at=AT,
    )


async def test_every_driven_row_moves_by_its_machine(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    async with writing(database) as session:
        move(session, attachment, AttachmentEvent.PLAN_STORED)
        move(session, world.held(), Event.ACTIVATED)
        move(session, world.invoice(), InvoiceEvent.SEEN_DRAFT)
        move(session, _checkout(world, attachment), CheckoutEvent.SEEN_OPEN)
    async with database.session() as session:
        found = [
            (await session.scalars(select(state))).one()
            for state in (
                Attachment.state,
                SubscriptionProduct.state,
                Invoice.state,
                CheckoutSession.state,
            )
        ]
    assert found == ["planned", "active", "draft", "open"]
    assert {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Driven)} == {
        Attachment,
        SubscriptionProduct,
        Invoice,
        CheckoutSession,
    }


async def test_a_move_is_remembered_with_its_cause_and_instant(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    await hold(database, held)
    async with writing(database) as session:
        found = await session.get_one(SubscriptionProduct, held.id)
        found.ends_at = AT
        step = move(session, found, Event.END_SCHEDULED)
        assert (step.source, step.dest) == ("active", "canceling")
    async with database.session() as session:
        moves = await attachments.history(session, "subscription_product", [held.id])
    assert [(told.version, told.source, told.event, told.dest) for told in moves] == [
        (1, START, "activated", "active"),
        (2, "active", "end_scheduled", "canceling"),
    ]
    assert (moves[1].cause, moves[1].at) == (CAUSE, AT)


async def test_several_moves_fit_in_one_flush(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    async with writing(database) as session:
        move(session, held, Event.SCHEDULED)
        move(session, held, Event.SCHEDULE_BEGAN, guards=guards_at(AT, ends_at=None, trial_ends_at=None))
    async with database.session() as session:
        found = await session.get_one(SubscriptionProduct, held.id)
    assert (found.state, found.state_version, found.version) == ("active", 2, 1)


async def test_an_illegal_event_moves_nothing(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    async with writing(database) as session:
        with pytest.raises(IllegalTransition):
            move(session, held, Event.TRIAL_ENDED)
        assert (held.state, held.state_version, list(session.new)) == (START, 0, [])


async def _refused(database: Database, *rows: Base) -> str:
    async with writing(database) as session:
        session.add_all(rows)
        with pytest.raises(StateChangedOutsideMachine) as refusal:
            await session.flush()
        await session.rollback()
    return str(refusal.value)


async def test_a_row_that_no_event_began_is_refused(database: Database) -> None:
    world = await make_world(database)
    assert "no transition" in await _refused(database, world.held())


async def test_a_first_state_by_hand_is_refused(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    held.state = "active"
    assert "went from none to active" in await _refused(database, held)


async def test_a_later_state_by_hand_is_refused(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    await hold(database, held)
    async with writing(database) as session:
        (await session.get_one(SubscriptionProduct, held.id)).state = "past_due"
        with pytest.raises(StateChangedOutsideMachine, match="from active to past_due"):
            await session.flush()
        await session.rollback()


def _forged(held: SubscriptionProduct, *, source: str, event: str, dest: str) -> Transition:
    return Transition(
        machine="subscription_product",
        row_id=held.id,
        version=1,
        source=source,
        event=event,
        dest=dest,
        cause=CAUSE,
        at=AT,
    )


@pytest.mark.parametrize(
    ("source", "event", "dest"),
    [
        ("none", "activated", "past_due"),
        ("active", "payment_failed", "past_due"),
        ("none", "made_up", "past_due"),
    ],
)
async def test_a_forged_transition_is_refused(database: Database, source: str, event: str, dest: str) -> None:
    world = await make_world(database)
    held = world.held()
    held.state, held.state_version = "past_due", 1
    assert "no arrow" in await _refused(database, held, _forged(held, source=source, event=event, dest=dest))


async def test_transitions_that_lead_elsewhere_are_refused(database: Database) -> None:
    world = await make_world(database)
    held = world.held()
    async with writing(database) as session:
        move(session, held, Event.ACTIVATED)
        held.state = "trialing"
        with pytest.raises(StateChangedOutsideMachine, match="lead to active"):
            await session.flush()
        await session.rollback()


async def test_two_who_move_one_row_at_once_do_not_both_win(database: Database) -> None:
    world = await make_world(database)
    attachment = world.attachment()
    async with writing(database) as session:
        move(session, attachment, AttachmentEvent.PLAN_STORED)

    async def start() -> None:
        async with writing(database) as session:
            found = await session.get_one(Attachment, attachment.id)
            await asyncio.sleep(0.05)
            move(session, found, AttachmentEvent.CALL_STARTED)

    outcomes = await asyncio.gather(start(), start(), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [ChangedMeanwhile]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subscription_product SET state = 'past_due'",
        "UPDATE subscription_product SET state = 'past_due', state_version = state_version + 1",
    ],
)
async def test_the_database_refuses_an_unexplained_state_at_commit(
    database: Database, statement: str
) -> None:
    world = await make_world(database)
    await hold(database, world.held())

    async def write() -> None:
        async with writing(database) as session:
            await session.execute(text(statement))

    with pytest.raises(IntegrityError, match="came to past_due without a transition"):
        await write()
