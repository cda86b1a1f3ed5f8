from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.errors import InvalidRequest, NotImplementedYet, Refused
from engine.pricing.model import PriceKind
from persistence.models import LedgerEntry, Outbox, UsageEvent
from tests.engine.access.world import FEB, Given, World, seen
from tests.engine.ledger.build import item

pytestmark = pytest.mark.stack


def view(answer: dict[str, Any], feature: str = "messages") -> tuple[Any, ...]:
    balance = answer["balances"][feature]
    return tuple(balance[name] for name in ("included", "purchased", "used", "remaining", "available"))


async def test_a_cap_stops_at_zero_and_succeeds(world: World) -> None:
    await world.give(Given(included=5))
    answer = await world.track(10)
    assert (answer["value"], answer["deducted"]) == (10, 5)
    assert view(answer) == (5, 0, 5, 0, 0)


async def test_parallel_tracks_are_capped_at_zero(world: World) -> None:
    await world.give(Given(included=5))
    answers = await asyncio.gather(*(world.track(10) for _ in range(5)))
    assert sum(answer["deducted"] for answer in answers) == 5
    (balance,) = await world.balances()
    assert seen(balance.included, balance.used) == (5, 5)
    await world.assert_ledger_adds_up()


async def test_parallel_decimal_tracks_lose_nothing(world: World) -> None:
    await world.give(Given(included=50000))
    await asyncio.gather(*(world.track("0.1234") for _ in range(60)))
    answer = await world.track(0)
    assert view(answer)[2:4] == (7.404, 49992.596)
    await world.assert_ledger_adds_up()


async def test_reject_changes_nothing_and_says_what_is_missing(world: World) -> None:
    await world.give(Given(included=5))
    with pytest.raises(Refused) as refused:
        await world.track(6, overage="reject", key="k1")
    assert (refused.value.code, refused.value.facts["short"]) == ("insufficient_balance", 1)
    assert (await world.track(5, overage="reject", key="k1"))["deducted"] == 5, "the key was freed"


async def test_overflow_goes_below_zero(world: World) -> None:
    await world.give(Given(included=5))
    assert view(await world.track(8, overage="overflow")) == (5, 3, 8, -3, 0)
    assert not (await world.check())["allowed"]


async def test_held_features_go_over_and_back(world: World) -> None:
    await world.give(Given(feature="seats", included=5, consumable=False, reset="never"))
    assert view(await world.track(8, "seats"), "seats") == (5, 3, 8, -3, 0)
    assert view(await world.track(-2, "seats"), "seats") == (5, 1, 6, -1, 0)
    assert view(await world.track(-2, "seats"), "seats") == (5, 0, 4, 1, 1)
    assert view(await world.track(-20, "seats"), "seats") == (5, 0, 0, 5, 5)
    await world.assert_ledger_adds_up()


async def test_unlimited_takes_everything_and_stores_no_use(world: World) -> None:
    await world.give(Given(unlimited=True))
    answer = await world.track(1_000_000)
    assert (answer["deducted"], view(answer)) == (1_000_000, (0, 0, 0, 0, 0))
    assert answer["balances"]["messages"]["unlimited"]
    assert answer["balances"]["messages"]["next_reset_at"] is None


async def test_pay_per_use_goes_over_up_to_its_limit(world: World) -> None:
    arrears = {"kind": "arrears", "max_purchase": 25}
    await world.give(
        Given(included=1000, reset="never"),
        Given(included=100, price=arrears, item=item(kind=PriceKind.ARREARS)),
    )
    assert view(await world.track(1120)) == (1100, 20, 1120, -20, 0)
    assert (await world.check(required=5))["reason"] == "overage_allowed"
    assert (await world.check(required=6))["reason"] == "limit_reached"
    assert view(await world.track(10)) == (1100, 25, 1125, -25, 0)
    with pytest.raises(Refused) as refused:
        await world.track(1, overage="reject")
    assert refused.value.code == "limit_reached"


async def test_several_balances_pay_in_order_with_an_entry_each(world: World) -> None:
    await world.give(Given(included=100, reset="never"), product="add-on")
    await world.give(Given(included=10))
    answer = await world.track(15)
    assert view(answer) == (110, 0, 15, 95, 95)
    never, monthly = await world.balances()
    assert seen(never.used, monthly.used) == (5, 10)
    async with world.database.session() as session:
        kinds = await session.execute(
            select(LedgerEntry.kind, func.count(), func.sum(LedgerEntry.delta)).group_by(LedgerEntry.kind)
        )
        assert {kind: seen(number, total) for kind, number, total in kinds} == {
            "grant": (2, 110),
            "usage": (2, -15),
        }


async def test_an_event_reaches_every_feature_that_counts_it(world: World) -> None:
    await world.give(
        Given(feature="actions", included=10, event_names=("done",)),
        Given(feature="tokens", included=100, event_names=("done", "other")),
    )
    answer = await world.track(3, None, event="done")
    assert answer["deducted"] == 6
    assert {name: shown["used"] for name, shown in answer["balances"].items()} == {"actions": 3, "tokens": 3}


async def test_the_same_key_gets_the_first_answer_and_another_request_is_refused(world: World) -> None:
    await world.give(Given(included=10))
    first = await world.track(3, key="k1")
    assert await world.track(3, key="k1") == first
    (balance,) = await world.balances()
    assert balance.used == 3
    with pytest.raises(Refused) as refused:
        await world.track(4, key="k1")
    assert refused.value.code == "idempotency_mismatch"


async def test_the_same_key_in_parallel_deducts_once(world: World) -> None:
    await world.give(Given(included=10))
    answers = await asyncio.gather(*(world.track(3, key="k1") for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    async with world.database.session() as session:
        assert await session.scalar(select(func.count()).select_from(UsageEvent)) == 1
    (balance,) = await world.balances()
    assert balance.used == 3


async def test_use_without_a_balance_is_remembered_and_covers_nothing(world: World) -> None:
    await world.give(Given(included=1))
    other = World(world.database)
    other.catalog = world.catalog
    other.customer.catalog = world.catalog.name
    async with world.database.transaction(cause={"kind": "api", "id": "test"}, at=FEB) as session:
        session.add_all([other.clock, other.customer])
    answer = await other.track(3)
    assert (answer["deducted"], answer["balances"]) == (0, {})
    with pytest.raises(Refused):
        await other.track(3, overage="reject")


async def test_a_reset_that_is_due_is_written_before_the_use(world: World) -> None:
    await world.give(Given(included=10))
    await world.track(10)
    await world.move_clock(FEB)
    assert view(await world.track(4)) == (10, 0, 4, 6, 6)
    (balance,) = await world.balances()
    assert balance.period_start == FEB
    await world.assert_ledger_adds_up()


async def test_a_deduction_is_told_on_the_change_feed_at_the_instant_of_the_clock(world: World) -> None:
    await world.give(Given(included=10))
    await world.track(4)
    async with world.database.session() as session:
        told = (
            await session.scalars(
                select(Outbox).where(Outbox.entity == "balance").order_by(Outbox.seq.desc()).limit(1)
            )
        ).one()
    assert told.subject == f"wallstreet.change_feed.balance.organization_{world.name.id}.updatedV1"
    assert told.body["changes"] == {"used": {"from": 0, "to": 4}}
    assert (told.body["at"], told.body["cause"]) == ("2026-01-01T00:00:00Z", {"kind": "api", "id": "track"})


async def test_a_yes_or_no_feature_is_not_counted(world: World) -> None:
    await world.give(Given(feature="sso", type="boolean"))
    with pytest.raises(InvalidRequest):
        await world.track(1, "sso")


async def test_seats_that_are_billed_when_held_are_not_built(world: World) -> None:
    await world.give(
        Given(
            feature="seats",
            included=1,
            consumable=False,
            price={"kind": "allocated"},
            item=item(kind=PriceKind.ALLOCATED),
        )
    )
    assert (await world.track(1, "seats"))["deducted"] == 1
    with pytest.raises(NotImplementedYet):
        await world.track(1, "seats")


class TestSetUsage:
    async def test_it_deducts_or_gives_back_the_difference(self, world: World) -> None:
        await world.give(Given(included=10))
        assert view(await world.set_usage(7)) == (10, 0, 7, 3, 3)
        assert view(await world.set_usage(2)) == (10, 0, 2, 8, 8)
        assert view(await world.set_usage(2)) == (10, 0, 2, 8, 8)
        await world.assert_ledger_adds_up()

    async def test_a_hard_limit_holds_and_held_features_are_a_fact(self, world: World) -> None:
        await world.give(
            Given(included=10), Given(feature="seats", included=5, consumable=False, reset="never")
        )
        assert view(await world.set_usage(12)) == (10, 0, 10, 0, 0)
        assert view(await world.set_usage(12, "seats"), "seats") == (5, 7, 12, -7, 0)

    async def test_it_counts_from_the_period_that_runs(self, world: World) -> None:
        await world.give(Given(included=10))
        await world.track(9)
        await world.move_clock(FEB)
        assert view(await world.set_usage(4)) == (10, 0, 4, 6, 6)
        await world.assert_ledger_adds_up()
