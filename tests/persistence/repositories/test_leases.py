"""One works for a customer at a time; one who slept through the end of its lease writes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from persistence.database import Database
from persistence.errors import CustomerBusy, LeaseLost
from persistence.repositories import customers
from persistence.repositories.customers import Lease
from tests.persistence.rows import World, make_world, writing

_OVER = timedelta(seconds=-1)


async def _claim(
    database: Database, world: World, owner: str, *, length: timedelta = customers.LENGTH
) -> Lease:
    async with writing(database) as session:
        return await customers.claim(session, world.customer.id, owner=owner, length=length)


async def _require(database: Database, lease: Lease) -> None:
    async with writing(database) as session:
        await customers.require(session, lease.customer_id, fence=lease.fence)


async def test_of_two_claimers_at_once_one_wins(database: Database) -> None:
    world = await make_world(database)
    outcomes = await asyncio.gather(
        *(_claim(database, world, owner) for owner in ("a", "b", "c")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CustomerBusy", "CustomerBusy", "Lease"]


async def test_a_claimer_that_waits_for_the_other_to_commit_is_refused_then(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        await customers.claim(session, world.customer.id, owner="a")
        waiting = asyncio.create_task(_claim(database, world, "b"))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
    with pytest.raises(CustomerBusy):
        await waiting


async def test_a_claim_that_is_rolled_back_was_never_made(database: Database) -> None:
    world = await make_world(database)
    async with writing(database) as session:
        await customers.claim(session, world.customer.id, owner="a")
        await session.rollback()
    assert (await _claim(database, world, "b")).fence == 1


async def test_a_released_lease_is_free(database: Database) -> None:
    world = await make_world(database)
    first = await _claim(database, world, "a")
    async with writing(database) as session:
        await customers.release(session, first)
    second = await _claim(database, world, "b")
    assert (first.fence, second.fence) == (1, 2)


async def test_a_lease_that_ran_out_is_taken_and_its_holder_writes_nothing(database: Database) -> None:
    world = await make_world(database)
    slept = await _claim(database, world, "a", length=_OVER)
    awake = await _claim(database, world, "b")
    await _require(database, awake)
    with pytest.raises(LeaseLost):
        await _require(database, slept)
    async with writing(database) as session:
        with pytest.raises(LeaseLost):
            await customers.renew(session, slept)
        await customers.release(session, slept)
    with pytest.raises(CustomerBusy):
        await _claim(database, world, "c")


async def test_a_renewed_lease_is_held_longer(database: Database) -> None:
    world = await make_world(database)
    lease = await _claim(database, world, "a", length=_OVER)
    async with writing(database) as session:
        renewed = await customers.renew(session, lease)
    assert renewed.until > lease.until
    with pytest.raises(CustomerBusy):
        await _claim(database, world, "b")


async def test_the_leases_of_two_customers_are_their_own(database: Database) -> None:
    one, other = await make_world(database), await make_world(database)
    await _claim(database, one, "a")
    await _claim(database, other, "b")


async def test_an_unknown_customer_cannot_be_claimed(database: Database) -> None:
    with pytest.raises(CustomerBusy):
        await _claim(database, World(), "a")
