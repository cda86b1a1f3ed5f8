"""What happens at an instant that nothing of Stripe's tells."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from engine.access.service import AccessService
from engine.settle import due as settling
from engine.settle.due import ATTEMPTS
from persistence import due
from persistence.models import Due
from tests.engine.parts import ACME, CLOCK, FEB, JAN, MARCH, Parts

SECOND = timedelta(seconds=1)


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whether what failed was parked, for each alarm."""
    told: list[object] = []

    def tell(name: str, /, **facts: object) -> None:
        assert name == "due_failed"
        told.append(facts["parked"])

    monkeypatch.setattr(settling, "alarm", tell)
    return told


async def _put(parts: Parts, kind: str, **payload: str) -> None:
    async with parts.database.transaction(cause={"kind": "api", "id": "test"}, at=JAN) as session:
        await due.put(session, clock_id=CLOCK, at=FEB, kind=kind, key=f"{kind}:1", payload=payload)


async def _use(parts: Parts, units: int) -> None:
    access = AccessService(parts.database, grants=lambda _state, _kind: True)
    await access.track(
        ACME,
        feature="messages",
        event=None,
        value=Decimal(units),
        entity=None,
        overage="cap",
        idempotency_key=None,
    )


async def test_a_free_plan_starts_again_at_the_end_of_its_period_and_not_before(parts: Parts) -> None:
    await _use(parts, 4)
    assert await parts.due.run(CLOCK, until=FEB - SECOND) == 0
    assert (await parts.view())["balances"]["messages"]["used"] == 4

    assert await parts.due.run(CLOCK, until=FEB) == 1

    balance = (await parts.view())["balances"]["messages"]
    assert (balance["used"], balance["included"], balance["next_reset_at"]) == (0, 10, "2026-03-01T00:00:00Z")
    assert await parts.due.run(CLOCK, until=FEB) == 0, "once"


async def test_what_was_missed_for_long_is_made_up_in_order(parts: Parts) -> None:
    assert await parts.due.run(CLOCK, until=MARCH + timedelta(days=40)) == 3
    assert (await parts.view())["balances"]["messages"]["next_reset_at"] == "2026-05-01T00:00:00Z"
    told = [m.body["at"] for m in await parts.messages("balance")]
    assert told == sorted(told)


async def test_a_free_product_that_was_scheduled_begins(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.cancel("pro")
    pro, free = await parts.holding("pro"), await parts.holding("free")
    assert (pro.state, free.state) == ("canceling", "scheduled")
    await _put(parts, "begin", subscription_product=free.id)

    await parts.due.run(CLOCK, until=FEB)

    pro, free = await parts.holding("pro"), await parts.holding("free")
    assert (pro.state, pro.end_reason) == ("ended", "replaced")
    assert (free.state, free.started_at) == ("active", FEB)
    assert (await parts.view())["balances"]["messages"]["included"] == 10


async def test_what_was_called_off_does_not_begin(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.cancel("pro")
    free = await parts.holding("free")
    await _put(parts, "begin", subscription_product=free.id)
    await parts.uncancel("pro")

    await parts.due.run(CLOCK, until=FEB)

    assert (await parts.holding("free")).state == "ended"
    assert (await parts.holding("pro")).state == "active"


async def test_an_unpaid_change_is_taken_back_when_its_time_is_over(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.card("pm_card_chargeCustomerFail")
    await parts.attach("premium")
    await parts.due.run(CLOCK, until=JAN + timedelta(hours=23) - SECOND)
    assert (await parts.invoices())[0]["status"] == "open"

    await parts.due.run(CLOCK, until=JAN + timedelta(hours=23))
    await parts.tell()

    assert [i["status"] for i in await parts.invoices()] == ["void", "paid"]
    assert (await parts.states())["pro"] == "active"
    assert "premium" not in await parts.states()


async def test_what_no_longer_exists_is_done_with(parts: Parts, alarms: list[object]) -> None:
    await _put(parts, "begin", subscription_product="sp_nothing")
    await parts.due.run(CLOCK, until=FEB)
    assert alarms == []
    assert all(row.done_at for row in await parts.rows(Due) if row.kind == "begin")


async def test_an_unknown_kind_is_tried_again_and_then_left_to_a_person(
    parts: Parts, alarms: list[object]
) -> None:
    await _put(parts, "dance")
    for attempt in range(1, ATTEMPTS + 1):
        await parts.due.run(CLOCK, until=FEB)
        (row,) = [row for row in await parts.rows(Due) if row.kind == "dance"]
        assert (row.attempts, row.done_at, row.last_error) == (attempt, None, "KeyError('dance')")
        assert await parts.due.run(CLOCK, until=FEB) == 0, "not again at once"
        assert row.parked == (attempt == ATTEMPTS)
        await _forget_pauses(parts)
    assert alarms == [False] * (ATTEMPTS - 1) + [True]
    assert await parts.due.run(CLOCK, until=FEB) == 0


async def test_what_fails_holds_nothing_else_up(parts: Parts, alarms: list[object]) -> None:
    await _put(parts, "dance")
    assert await parts.due.run(CLOCK, until=FEB) == 2
    assert (await parts.view())["balances"]["messages"]["next_reset_at"] == "2026-03-01T00:00:00Z"
    assert alarms == [False]


async def test_another_clock_is_left_alone(parts: Parts) -> None:
    assert await parts.due.run("live", until=MARCH) == 0
    assert (await parts.view())["balances"]["messages"]["next_reset_at"] == "2026-02-01T00:00:00Z"


async def _forget_pauses(parts: Parts) -> None:
    async with parts.database.transaction(cause={"kind": "api", "id": "test"}, at=JAN) as session:
        await session.execute(text("UPDATE due SET resume_at = NULL"))
