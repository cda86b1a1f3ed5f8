"""Which customers does this process work for at the moment? What has to wait for that waits here, unasked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager


class Working:
    """The customers whose plans this process carries out; who waits is woken when one is done."""

    def __init__(self) -> None:
        self._works: Counter[str] = Counter()
        self._free: dict[str, asyncio.Event] = {}

    @contextmanager
    def on(self, customer_id: str) -> Generator[None]:
        """The customer is worked for inside the block.

        Its lease makes that one at a time; when one runs out, the work under it may end beside the next.
        """
        self._works[customer_id] += 1
        free = self._free.setdefault(customer_id, asyncio.Event())
        try:
            yield
        finally:
            self._works[customer_id] -= 1
            if not self._works[customer_id]:
                del self._works[customer_id], self._free[customer_id]
                free.set()

    async def until_free(self, customer_id: str) -> None:
        """Return when this process does not work for the customer; what others do is not known here."""
        free = self._free.get(customer_id)
        if free is not None:
            await free.wait()
