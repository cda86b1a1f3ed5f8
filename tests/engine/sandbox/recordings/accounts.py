"""Which connected accounts did the recordings use? Accounts of the twin that stand for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.engine.sandbox.recordings.stripe_like import Answers

_FIELDS = {
    "type": "express",
    "country": "US",
    "email": "somebody@example.com",
    "business_type": "individual",
    "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
}


@dataclass
class Accounts:
    """The connected accounts of one file, made when first named."""

    twin: Answers
    known: dict[str, str]
    _made: dict[str, str] = field(default_factory=dict)

    async def like(self, middle: str) -> str:
        """The account that stands for the one whose ids have this middle."""
        if middle not in self._made:
            made = await self.twin.must("POST", "/v1/accounts", dict(_FIELDS))
            self._made[middle] = made["id"]
        return self._made[middle]

    async def named(self, id_: str) -> str:
        """The account that stands for the one with this id."""
        return await self.like(id_[-10:])
