from __future__ import annotations

import asyncio

import pytest

from engine.background import background


async def test_works_run_beside_the_block_and_end_with_it() -> None:
    seen: list[str] = []

    async def work(name: str) -> None:
        try:
            seen.append(f"{name} began")
            await asyncio.sleep(60)
        finally:
            seen.append(f"{name} ended")

    async with background(work("a"), work("b")):
        await asyncio.sleep(0)
        assert seen == ["a began", "b began"]
    assert sorted(seen[2:]) == ["a ended", "b ended"]


async def test_a_work_that_mistakes_its_end_for_an_error_is_told_again() -> None:
    lost = 0

    async def work() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost == 2:
                    raise
                lost += 1

    async with asyncio.timeout(5):
        async with background(work()):
            await asyncio.sleep(0)
    assert lost == 2


async def test_the_error_of_the_block_is_not_hidden_by_one_of_a_work() -> None:
    async def work() -> None:
        raise RuntimeError("of the work")

    async def block() -> None:
        async with background(work()):
            await asyncio.sleep(0)
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        await block()
