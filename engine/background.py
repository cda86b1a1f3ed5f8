"""How does something that runs for ever end? With the block it runs beside, however often it must be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

_AGAIN = 0.5


@asynccontextmanager
async def background(*works: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """The works run beside the block and have ended when it has."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        await end(*tasks)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """All of them have ended, whatever they raised.

    A cancellation is lost when what cleans up after it fails (a database connection that was cut off in the
    middle of a query), or when it meets an answer in `asyncio.wait_for` of Python 3.11. So it is repeated.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)
