"""What a crash or a lost answer left behind is taken up by a loop, whatever else is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from sqlalchemy import text

from engine.payments.gateway import Gateway
from engine.settle import loops as settling
from engine.settle.due import DueWork
from engine.settle.loops import Loops
from engine.steps.begin import begin
from persistence.database import Database
from persistence.models.words import AttachmentKind
from tests.engine.steps.stripe import AT, CAUSE, Plans, make_plans


@pytest.fixture
async def plans(database: Database, twin_base: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Plans]:
    """A customer with a card, and loops that hardly pause."""
    monkeypatch.setattr(settling, "EVERY", 0.02)
    gateway = Gateway("sk_test_wallstreet", api_base=twin_base)
    yield await make_plans(database, gateway)
    await gateway.close()


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the alarms that were raised."""
    told: list[str] = []

    def tell(name: str, /, **_facts: object) -> None:
        told.append(name)

    monkeypatch.setattr(settling, "alarm", tell)
    return told


def _loops(plans: Plans) -> Loops:
    return Loops(plans.database, DueWork(plans.database, plans.stripe.gateway), plans.executor)


async def _abandon(plans: Plans) -> None:
    """Let the time without a sign of life pass."""
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        await session.execute(text("UPDATE attachment SET resume_at = resume_at - interval '1 hour'"))


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110 - the loops tell nobody
            await asyncio.sleep(0.02)


async def test_what_a_crash_left_is_driven_on(plans: Plans) -> None:
    left = await plans.store(*plans.purchase())
    await _abandon(plans)

    async def completed() -> bool:
        return (await plans.attachment(left)).state == "completed"

    async with _loops(plans).running():
        await _until(completed)
    assert len(await plans.invoices()) == 1


async def test_what_somebody_works_on_is_left_to_him(plans: Plans) -> None:
    left = await plans.store(*plans.purchase())
    async with _loops(plans).running():
        await asyncio.sleep(0.2)
    assert (await plans.attachment(left)).state == "planned"
    assert plans.stripe.sent == []


async def test_a_lost_answer_is_asked_for_again(plans: Plans) -> None:
    plans.stripe.trouble = {0: "lost"}
    left = await plans.drive(*plans.purchase())
    await _abandon(plans)

    async def completed() -> bool:
        return (await plans.attachment(left)).state == "completed"

    async with _loops(plans).running():
        await _until(completed)
    assert len(await plans.invoices()) == 1


async def test_what_belongs_to_no_customer_is_driven_on_too(plans: Plans) -> None:
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        left = begin(
            session,
            kind=AttachmentKind.CATALOG,
            steps=[],
            request={},
            at=AT,
            catalog=plans.customer.catalog,
        )
    await _abandon(plans)

    async def completed() -> bool:
        return (await plans.attachment(left.id)).state == "completed"

    async with _loops(plans).running():
        await _until(completed)


async def test_one_that_cannot_be_completed_holds_no_other_up(plans: Plans, alarms: list[str]) -> None:
    """The broken one was made first, so it is looked at first, each time."""
    other = await make_plans(plans.database, plans.stripe.gateway)
    broken = await plans.store()
    whole = await plans.store(customer_id=other.customer.id)
    await _abandon(plans)
    executor = plans.executor
    drive = executor.drive

    async def driven(attachment_id: str, *, at: object) -> object:
        if attachment_id == broken:
            raise ValueError("a fault of ours")
        return await drive(attachment_id, at=AT)

    executor.drive = driven  # type: ignore[method-assign,assignment] # a plan that meets a fault of ours
    loops = Loops(plans.database, DueWork(plans.database, plans.stripe.gateway), executor)

    async def completed() -> bool:
        return (await plans.attachment(whole)).state == "completed"

    async with loops.running():
        await _until(completed)
    assert (await plans.attachment(broken)).state == "planned"
    assert set(alarms) == {"recovery_failed"}


async def test_a_loop_goes_on_after_a_fault(plans: Plans, alarms: list[str]) -> None:
    rounds = 0

    class Faulty(DueWork):
        async def run(self, clock_id: str, *, until: object) -> int:
            nonlocal rounds
            rounds += 1
            raise ValueError(clock_id, until)

    async def again() -> bool:
        return rounds >= 3

    async with Loops(plans.database, Faulty(plans.database, plans.stripe.gateway), plans.executor).running():
        await _until(again)
    assert alarms[:2] == ["loop_failed", "loop_failed"]
