"""Sandbox time moves from happening to happening, and at each everything is finished first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from engine.clock import from_unix, to_unix
from engine.errors import InvalidRequest, NotFound, TemporarilyUnable
from engine.settle import clocks as settling
from engine.settle.clocks import Clocks
from engine.settle.twin import Deliveries, Twin
from engine.steps.begin import begin
from persistence.models import Clock
from persistence.models.words import AttachmentKind
from tests.engine.parts import CLOCK, FEB, JAN, MARCH, Parts


class Telling(Twin):
    """The twin, and in the place of its webhooks whoever asks what is undelivered handles it."""

    def __init__(self, base: str, parts: Parts) -> None:
        super().__init__(base)
        self._parts = parts
        self.asked_at: list[datetime] = []

    async def next_happening(self, stripe_clock: str) -> datetime | None:
        clock = (await self._parts.customer()).clock
        assert clock.now is not None
        self.asked_at.append(clock.now)
        return await super().next_happening(stripe_clock)

    async def deliveries(self, stripe_clock: str, *, after: int) -> Deliveries:
        await self._parts.tell()
        cause = {"kind": "api", "id": "test"}
        async with self._parts.database.transaction(cause=cause, at=JAN) as session:
            await session.execute(text("UPDATE outbox SET published_at = now()"))
        return await super().deliveries(stripe_clock, after=after)


@pytest.fixture
async def twin(parts: Parts, twin_base: str) -> AsyncGenerator[Telling]:
    """The other side of the twin."""
    opened = Telling(twin_base, parts)
    yield opened
    await opened.close()


@pytest.fixture
def clocks(parts: Parts, twin: Telling) -> Clocks:
    """Clocks that wait for little."""
    return Clocks(parts.database, parts.gateway, twin, parts.due)


async def test_a_month_is_moved_from_happening_to_happening(
    parts: Parts, clocks: Clocks, twin: Telling
) -> None:
    await parts.attach("pro")
    told = await clocks.advance(CLOCK, FEB + timedelta(hours=2))
    assert told == {"id": CLOCK, "now": "2026-02-01T02:00:00Z"}
    assert twin.asked_at[0] == JAN
    assert twin.asked_at[1] == FEB, "the renewal is a happening"
    assert twin.asked_at[2] == FEB + timedelta(hours=1), "so is the hour of its draft"
    assert [i["status"] for i in await parts.invoices()] == ["paid", "paid"]
    view = await parts.view()
    assert (view["now"], view["balances"]["messages"]["next_reset_at"]) == (
        "2026-02-01T02:00:00Z",
        "2026-03-01T00:00:00Z",
    )


async def test_what_is_due_exactly_at_the_end_has_happened_and_what_it_causes_too(
    parts: Parts, clocks: Clocks
) -> None:
    await parts.attach("pro")
    await parts.cancel("pro")
    await clocks.advance(CLOCK, FEB)
    assert await parts.states() == {"pro": "ended", "free": "active"}
    assert (await parts.view())["balances"]["messages"]["included"] == 10


async def test_what_is_due_with_us_alone_happens_on_the_way(
    parts: Parts, clocks: Clocks, twin: Telling
) -> None:
    await clocks.advance(CLOCK, MARCH + timedelta(days=1))
    assert twin.asked_at == [JAN, FEB, MARCH, MARCH + timedelta(days=1)]
    assert (await parts.view())["balances"]["messages"]["next_reset_at"] == "2026-04-01T00:00:00Z"


async def test_both_clocks_show_the_same(parts: Parts, clocks: Clocks) -> None:
    await clocks.advance(CLOCK, FEB)
    theirs = await parts.call("test_helpers.test_clocks.retrieve", parts.stripe_clock)
    assert (theirs["status"], from_unix(theirs["frozen_time"])) == ("ready", FEB)
    assert await clocks.get(CLOCK) == {"id": CLOCK, "now": "2026-02-01T00:00:00Z"}


async def test_a_clock_may_stay_but_not_go_back(parts: Parts, clocks: Clocks) -> None:
    assert (await clocks.advance(CLOCK, JAN))["now"] == "2026-01-01T00:00:00Z"
    with pytest.raises(InvalidRequest, match="cannot go back"):
        await clocks.advance(CLOCK, JAN - timedelta(seconds=1))


async def test_the_live_clock_moves_by_itself(clocks: Clocks) -> None:
    with pytest.raises(InvalidRequest, match="live clock"):
        await clocks.advance("live", datetime(2100, 1, 1, tzinfo=UTC))
    assert (await clocks.get("live"))["id"] == "live"


async def test_a_clock_that_is_not_there(clocks: Clocks) -> None:
    for call in (clocks.get("clk_no"), clocks.settle("clk_no"), clocks.advance("clk_no", FEB)):
        with pytest.raises(NotFound):
            await call


async def test_a_new_clock_has_one_of_stripes_beside_it(parts: Parts, clocks: Clocks) -> None:
    made = await clocks.create(FEB.replace(microsecond=5))
    assert made["now"] == "2026-02-01T00:00:00Z"
    (row,) = [row for row in await parts.rows(Clock) if row.id == made["id"]]
    assert row.stripe_test_clock_id is not None
    theirs = await parts.call("test_helpers.test_clocks.retrieve", row.stripe_test_clock_id)
    assert theirs["frozen_time"] == to_unix(FEB)


async def test_a_clock_does_not_move_while_something_is_under_way(
    parts: Parts, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE", 0.1)
    customer = await parts.customer()
    async with parts.database.transaction(cause={"kind": "api", "id": "x"}, at=JAN) as session:
        left = begin(
            session, kind=AttachmentKind.CUSTOMER, steps=[], request={}, at=JAN, customer_id=customer.id
        )
    with pytest.raises(TemporarilyUnable) as unable:
        await clocks.advance(CLOCK, FEB)
    assert unable.value.code == "not_settled"
    assert (await clocks.get(CLOCK))["now"] == "2026-01-01T00:00:00Z"

    monkeypatch.setattr(settling, "PATIENCE", 10)
    await parts.executor.drive(left.id, at=JAN)
    assert await clocks.settle(CLOCK) == {"id": CLOCK, "now": "2026-01-01T00:00:00Z"}
