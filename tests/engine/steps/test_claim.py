from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from engine.errors import Refused
from engine.steps import claim as claiming
from engine.steps.claim import claimed
from persistence.database import Database
from persistence.models import Clock, Customer
from tests.engine.steps.stripe import AT, CAUSE, Plans

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


async def _customer(database: Database, customer_id: str) -> Customer:
    async with database.session() as session:
        return await session.get_one(Customer, customer_id)


async def test_two_claimers_of_a_customer_work_one_after_the_other(plans: Plans) -> None:
    order: list[str] = []

    async def work(name: str) -> int:
        async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
            order.append(f"{name} begins")
            await asyncio.sleep(0.05)
            order.append(f"{name} ends")
            return claim.fence

    fences = await asyncio.gather(work("a"), work("b"))
    first = order[0][0]
    second = "b" if first == "a" else "a"
    assert order == [f"{first} begins", f"{first} ends", f"{second} begins", f"{second} ends"]
    assert sorted(fences) == [1, 2]


async def test_the_lease_is_given_back_also_when_the_work_fails(plans: Plans) -> None:
    async def work() -> None:
        async with claimed(plans.database, plans.executor, plans.customer.id):
            assert (await _customer(plans.database, plans.customer.id)).lease_owner is not None
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await work()
    assert (await _customer(plans.database, plans.customer.id)).lease_owner is None


async def test_who_waits_too_long_is_told_so(plans: Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "PATIENCE", 0.05)
    async with claimed(plans.database, plans.executor, plans.customer.id):
        with pytest.raises(Refused) as refused:
            async with claimed(plans.database, plans.executor, plans.customer.id):
                pass
    assert refused.value.code == "concurrent_request"


async def test_what_an_earlier_call_left_is_driven_on_first(plans: Plans) -> None:
    left = await plans.store(*plans.purchase())
    async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
        assert (await plans.attachment(left)).state == "completed"
        assert plans.completed == [left]
        claim.begin_nothing_beside()
        assert not claim.unfinished


async def test_nothing_is_begun_beside_what_stays_unknown(plans: Plans) -> None:
    plans.stripe.trouble = {0: "lost", 1: "never"}
    await plans.drive(*plans.purchase())
    async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
        with pytest.raises(Refused) as refused:
            claim.begin_nothing_beside()
        assert refused.value.code == "concurrent_request"
    async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
        claim.begin_nothing_beside()
    assert len(await plans.invoices()) == 1


async def test_what_waits_for_the_buyer_holds_nobody_up(plans: Plans) -> None:
    await plans.card("pm_card_chargeCustomerFail")
    await plans.drive(*plans.purchase())
    sent = len(plans.stripe.sent)
    async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
        assert not claim.unfinished
    assert len(plans.stripe.sent) == sent


async def test_the_now_of_a_claim_is_that_of_the_customers_clock(plans: Plans) -> None:
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        session.add(Clock(id="clk_1", stripe_test_clock_id="clock_1", now=MOMENT))
        await session.flush()
        await session.execute(text("UPDATE customer SET clock_id = 'clk_1'"))
    async with claimed(plans.database, plans.executor, plans.customer.id) as claim:
        assert claim.at == MOMENT
        assert claim.customer.clock.id == "clk_1"


async def test_a_process_knows_for_whom_it_works(plans: Plans) -> None:
    executor = plans.executor
    async with claimed(plans.database, executor, plans.customer.id):
        waiting = asyncio.create_task(executor.working.until_free(plans.customer.id))
        await asyncio.sleep(0.01)
        assert not waiting.done()
    async with asyncio.timeout(1):
        await waiting
