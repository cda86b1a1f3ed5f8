from __future__ import annotations

import asyncio

import pytest

from engine.customers.reference import Customer
from engine.errors import InvalidRequest, NotFound
from machines.subscription_product import Event
from persistence.models.words import CustomerType
from tests.engine.access.world import FEB, JAN, Given, World

pytestmark = pytest.mark.stack


async def test_a_metered_feature_is_granted_while_it_lasts(world: World) -> None:
    await world.give(Given(included=1000))
    answer = await world.check()
    assert answer == {
        "allowed": True,
        "reason": "included",
        "feature": "messages",
        "required": 1,
        "remaining": 1000,
        "balance": {
            "included": 1000,
            "purchased": 0,
            "used": 0,
            "remaining": 1000,
            "available": 1000,
            "unlimited": False,
            "next_reset_at": "2026-02-01T00:00:00Z",
        },
        "granted_by": {
            "customer": {"type": "organization", "id": world.name.id},
            "product": "pro",
            "entity": None,
        },
        "valid_until": "2026-02-01T00:00:00Z",
    }
    assert (await world.check(required=1001))["reason"] == "insufficient_balance"


async def test_what_is_not_held_is_not_granted_and_what_does_not_exist_is_not_found(world: World) -> None:
    held = await world.give(Given(feature="sso", type="boolean"))
    assert held.id
    assert (await world.check("sso"))["reason"] == "boolean"
    assert (await world.check("sso"))["balance"] is None
    with pytest.raises(NotFound) as missing:
        await world.check("nothing")
    assert missing.value.code == "feature_not_found"
    with pytest.raises(NotFound) as stranger:
        await world.check("sso", scopes=[Customer(CustomerType.USER, "stranger")])
    assert stranger.value.code == "customer_not_found"
    with pytest.raises(NotFound) as nobody:
        await world.check("sso", entity="nobody")
    assert nobody.value.code == "entity_not_found"


@pytest.mark.parametrize(
    ("event", "allowed"), [(Event.ACTIVATED, True), (Event.TRIAL_STARTED, True), (Event.SCHEDULED, False)]
)
async def test_only_a_product_in_force_grants(world: World, event: Event, *, allowed: bool) -> None:
    await world.give(Given(included=5), event=event)
    answer = await world.check()
    assert answer["allowed"] is allowed
    assert answer["reason"] == ("included" if allowed else "not_granted")


async def test_an_answer_holds_until_the_product_ends(world: World) -> None:
    await world.give(Given(included=5, reset="never"), ends_at=FEB)
    assert (await world.check())["valid_until"] == "2026-02-01T00:00:00Z"


async def test_the_first_scope_that_grants_answers_and_else_the_first_that_knows(world: World) -> None:
    await world.give(Given(included=5))
    user = World(world.database)
    user.name = Customer(CustomerType.USER, "u-7")
    user.catalog, user.features = world.catalog, world.features
    user.customer.type, user.customer.external_id = "user", "u-7"
    user.customer.catalog = world.catalog.name
    async with world.database.transaction(cause={"kind": "api", "id": "test"}, at=JAN) as session:
        session.add_all([user.clock, user.customer])
    scopes = [user.name, world.name]
    granted = await world.check(scopes=scopes)
    assert granted["granted_by"]["customer"] == {"type": "organization", "id": world.name.id}
    refused = await world.check(scopes=scopes, required=6)
    assert refused["reason"] == "insufficient_balance"
    consumed = await world.check(scopes=scopes, required=5, consume=True)
    assert (consumed["allowed"], consumed["remaining"]) == (True, 0)


async def test_a_reset_that_is_due_counts_before_it_is_written(world: World) -> None:
    await world.give(Given(included=10))
    await world.track(10)
    assert not (await world.check())["allowed"]
    await world.move_clock(FEB)
    answer = await world.check()
    assert (answer["remaining"], answer["valid_until"]) == (10, "2026-03-01T00:00:00Z")


async def test_consuming_deducts_only_what_is_allowed(world: World) -> None:
    await world.give(Given(included=3))
    taken = await world.check(required=2, consume=True)
    assert (taken["allowed"], taken["remaining"], taken["balance"]["used"]) == (True, 1, 2)
    refused = await world.check(required=2, consume=True)
    assert (refused["allowed"], refused["remaining"], refused["balance"]["used"]) == (False, 1, 2)
    await world.assert_ledger_adds_up()


async def test_parallel_consuming_checks_never_give_more_than_there_is(world: World) -> None:
    await world.give(Given(included=7))
    answers = await asyncio.gather(*(world.check(required=2, consume=True) for _ in range(6)))
    assert sum(answer["allowed"] for answer in answers) == 3
    (balance,) = await world.balances()
    assert balance.used == 6


async def test_a_yes_or_no_feature_cannot_be_consumed(world: World) -> None:
    await world.give(Given(feature="sso", type="boolean"))
    with pytest.raises(InvalidRequest, match="not counted"):
        await world.check("sso", consume=True)


async def test_an_entity_sees_its_own_and_the_customers_balances(world: World) -> None:
    await world.give(Given(included=100))
    own = await world.entity("ent-1")
    await world.entity("ent-2")
    await world.give(Given(included=10), product="seat", entity_id=own)
    assert (await world.check(entity="ent-1"))["remaining"] == 110
    assert (await world.check(entity="ent-2"))["remaining"] == 100
    assert (await world.check())["remaining"] == 110
    first = await world.check(entity="ent-1")
    assert first["granted_by"]["entity"] == "ent-1"
