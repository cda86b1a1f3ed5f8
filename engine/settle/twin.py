"""What does the Stripe twin tell beside Stripe's API? Its next happening, and what is undelivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import httpx2

from engine.clock import from_unix


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The events that a clock sent to endpoints after a number, and how many deliveries are not answered."""

    last: int
    pending: int
    events: tuple[str, ...]


class Twin:
    """The admin side of a Stripe twin, which a real Stripe does not have."""

    def __init__(self, base: str) -> None:
        self._http = httpx2.AsyncClient(base_url=base, timeout=10)

    async def next_happening(self, stripe_clock: str) -> datetime | None:
        """When something happens next on a test clock by itself."""
        answer = await self._http.get(f"/_twin/clocks/{stripe_clock}/next")
        answer.raise_for_status()
        seconds: int | None = answer.json()["next"]
        return None if seconds is None else from_unix(seconds)

    async def deliveries(self, stripe_clock: str, *, after: int) -> Deliveries:
        """The events of a clock after a number, and what is still to be delivered."""
        answer = await self._http.get(f"/_twin/clocks/{stripe_clock}/deliveries", params={"after": after})
        answer.raise_for_status()
        told = answer.json()
        return Deliveries(told["last"], told["pending"], tuple(told["wanted"]))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
