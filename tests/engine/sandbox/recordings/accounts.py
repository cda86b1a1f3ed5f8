"""Which connected accounts did the recordings use? Accounts of the twin that stand for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.engine.sandbox.connect.selling import told
from tests.engine.sandbox.recordings.stripe_like import Answers


@dataclass
class Accounts:
    """The connected accounts of one file, made when first named."""

    twin: Answers
    known: dict[str, str]
    _made: dict[str, str] = field(default_factory=dict[str, str])

    async def like(self, middle: str) -> str:
        """The account that stands for the one whose ids have this middle."""
        if middle not in self._made:
            made = await self.twin.must("POST", "/v1/accounts", told())
            self._made[middle] = made["id"]
        return self._made[middle]

    async def named(self, id_: str) -> str:
        """The account that stands for the one with this id."""
        return await self.like(id_[-10:])
