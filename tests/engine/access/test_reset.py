from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine.access.balances import balances_of
from engine.access.reset import reset_balance
from engine.access.scope import scope_of
from engine.ledger.model import BalanceState
from engine.ledger.rows import RESET_DUE, Place, Reason, balance_state, resized, switched
from engine.ledger.switch import Resize, ending, switch
from engine.pricing.model import ONCE
from persistence.models import Balance, Due, Feature
from tests.engine.access.world import CAUSE, FEB, JAN, Given, World, grants_access, seen
from tests.engine.ledger.build import item

pytestmark = pytest.mark.stack
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


async def reset_at(world: World, balance: str, at: datetime) -> datetime | None:
    async with world.database.transaction(cause=CAUSE, at=at) as session:
        return await reset_balance(session, balance, at=at)


async def test_a_due_reset_is_written_once_and_puts_the_next_one_on_the_list(world: World) -> None:
    await world.give(Given(included=10))
    await world.track(7)
    (balance,) = await world.balances()
    assert await reset_at(world, balance.id, JAN) == FEB, "not due yet"
    results = await asyncio.gather(*(reset_at(world, balance.id, FEB) for _ in range(3)))
    assert results == [MARCH] * 3
    (after,) = await world.balances()
    assert after.used == 0
    assert (after.period_start, after.next_reset_at) == (FEB, MARCH)
    await world.assert_ledger_adds_up()
    async with world.database.session() as session:
        due = (await session.scalars(select(Due).order_by(Due.at))).all()
    assert [(row.kind, row.at, row.clock_id) for row in due] == [
        (RESET_DUE, FEB, world.clock.id),
        (RESET_DUE, MARCH, world.clock.id),
    ]
    assert due[0].payload == {"balance": balance.id}


async def test_what_never_resets_ended_or_is_gone_is_left_alone(world: World) -> None:
    await world.give(Given(included=10, reset="never"))
    (balance,) = await world.balances()
    assert await reset_at(world, balance.id, FEB) is None
    assert await reset_at(world, "bal_gone", FEB) is None
    async with world.database.session() as session:
        assert (await session.scalars(select(Due))).all() == []


async def states(world: World) -> tuple[dict[str, Balance], list[BalanceState]]:
    rows = {row.id: row for row in await world.balances() if row.ended_at is None}
    async with world.database.session() as session:
        features = {feature.id: feature for feature in await session.scalars(select(Feature))}
    return rows, [balance_state(row, features[row.feature_id]) for row in rows.values()]


async def test_a_switch_ends_balances_and_keeps_what_was_bought_once(world: World) -> None:
    once = item(200, cadence=ONCE)
    held = await world.give(
        Given(price={"kind": "prepaid", "interval": "one_off", "per": 100}, reset="never", item=once)
    )
    await world.track(50)
    rows, before = await states(world)
    async with world.database.transaction(cause=CAUSE, at=FEB) as session:
        for row in rows.values():
            await session.merge(row)
        merged = {row.id: await session.get_one(Balance, row.id) for row in rows.values()}
        place = Place(customer_id=world.customer.id, clock_id=world.clock.id, subscription_product_id=held.id)
        change = switch(before, (), at=FEB)
        session.add_all(switched(change, merged, place=place, reason=Reason("attachment", "att_1"), at=FEB))
    old, kept = await world.balances()
    assert old.ended_at == FEB
    assert seen(kept.purchased, kept.used) == (150, 0)
    assert (kept.subscription_product_id, kept.source) == (None, f"kept:{old.id}")
    await world.assert_ledger_adds_up()
    async with world.database.session() as session:
        scope = await scope_of(session, world.name, None)
        view = await balances_of(session, scope, grants=lambda _state, _type: False)
    assert view["messages"].remaining == 150, "what stands alone needs no product"


async def test_an_ended_balance_is_not_reset_any_more(world: World) -> None:
    await world.give(Given(included=10))
    rows, before = await states(world)
    async with world.database.transaction(cause=CAUSE, at=JAN) as session:
        merged = {name: await session.get_one(Balance, name) for name in rows}
        place = Place(customer_id=world.customer.id, clock_id=world.clock.id, subscription_product_id=None)
        gone = ending(before, at=JAN)
        session.add_all(switched(gone, merged, place=place, reason=Reason("attachment", "att_1"), at=JAN))
    (balance,) = await world.balances()
    assert await reset_at(world, balance.id, FEB) is None
    await world.assert_ledger_adds_up()


async def test_another_quantity_keeps_the_use(world: World) -> None:
    await world.give(Given(included=100))
    await world.track(100)
    rows, _ = await states(world)
    async with world.database.transaction(cause=CAUSE, at=JAN) as session:
        merged = {name: await session.get_one(Balance, name) for name in rows}
        (balance,) = merged.values()
        more = Resize(balance.id, balance.included, balance.purchased + 400)
        session.add_all(resized([more], merged, reason=Reason("attachment", "att_1"), at=JAN))
    async with world.database.session() as session:
        scope = await scope_of(session, world.name, None)
        view = await balances_of(session, scope, grants=grants_access)
    assert seen(view["messages"].included, view["messages"].used) == (500, 100)
    await world.assert_ledger_adds_up()
