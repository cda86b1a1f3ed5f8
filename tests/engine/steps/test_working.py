from __future__ import annotations

import asyncio

import pytest

from engine.steps.working import Working


async def test_nobody_waits_for_a_customer_that_is_not_worked_for() -> None:
    working = Working()
    with working.on("other"):
        async with asyncio.timeout(1):
            await working.until_free("acme")


async def test_who_waits_goes_on_when_the_work_is_done_also_when_it_failed() -> None:
    working = Working()
    waiting: asyncio.Task[None] | None = None
    with pytest.raises(ValueError, match="broken"), working.on("acme"):  # noqa: PT012 - the work is what fails
        waiting = asyncio.create_task(working.until_free("acme"))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        raise ValueError("broken")
    assert waiting is not None
    async with asyncio.timeout(1):
        await waiting
        await working.until_free("acme")


async def test_two_works_for_a_customer_whose_first_lease_ran_out_do_not_disturb_each_other() -> None:
    working = Working()
    first, second = working.on("acme"), working.on("acme")
    first.__enter__()
    second.__enter__()
    waiting = asyncio.create_task(working.until_free("acme"))
    first.__exit__(None, None, None)
    await asyncio.sleep(0.01)
    assert not waiting.done(), "the second one still works"
    second.__exit__(None, None, None)
    async with asyncio.timeout(1):
        await waiting
