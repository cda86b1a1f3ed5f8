"""How fast is an attach here? Over HTTP, split into our time and Stripe's, beside a bare baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from time import perf_counter
from typing import Any

import httpx2
import psycopg
from psycopg.sql import SQL, Identifier
from rich.console import Console

from engine.scenario.door import TIMEOUT, Door, part
from rules import load_ruleset

from .measured import WARM_UP, Measured, measure, table

DECISIONS = 200
CATALOG: Mapping[str, Any] = {
    "features": [{"id": "messages", "type": "metered", "consumable": True}],
    "products": [
        {
            "id": "team",
            "group": "main",
            "prices": [{"amount": 4900, "interval": "month", "interval_count": 1}],
            "items": [{"feature": "messages", "included": 1000, "reset": "month"}],
        }
    ],
    "settings": {},
}


async def measure_attach(console: Console, *, api_url: str, database_url: str, count: int) -> None:
    """Attach a paid plan for so many new customers, one after the other, and print the table."""
    async with httpx2.AsyncClient(base_url=api_url, timeout=TIMEOUT, trust_env=False) as client:
        door = Door(client)
        with console.status(f"Measuring {count} attaches …"):
            attaches = await _attaches(door, count)
            round_trip = await measure("GET /healthz", count, lambda: door.must("GET", "/healthz"))
            commit = await _commits(database_url, count)
            decision = await _decisions(door, attaches.last)
    title = f"{count} attaches of a paid plan, one after the other"
    console.print(table(title, [*attaches.measured(), decision], baselines=[round_trip, commit]))


@dataclass(frozen=True, slots=True)
class Attaches:
    """The measured attaches: whole time and time that Stripe's answers took, pairwise; and the last one."""

    whole: tuple[float, ...]
    stripe: tuple[float, ...]
    calls: tuple[int, ...]
    last: str

    def measured(self) -> list[Measured]:
        """Whole, Stripe's and our own time."""
        own = tuple(whole - stripe for whole, stripe in zip(self.whole, self.stripe, strict=True))
        requests = (
            f"{min(self.calls)} to {max(self.calls)}" if len(set(self.calls)) > 1 else f"{self.calls[0]}"
        )
        return [
            Measured("attach over HTTP", self.whole),
            Measured(f"  of it waiting for Stripe ({requests} requests)", self.stripe),
            Measured("  of it our own time", own),
        ]


async def _attaches(door: Door, count: int) -> Attaches:
    run = f"bench-{token_hex(4)}"
    await door.must("PUT", f"/v1/catalogs/{run}", CATALOG)
    whole: list[float] = []
    keys: list[str] = []
    for number in range(count + WARM_UP):
        # A clock for each: Stripe takes no more than three customers on one.
        clock = await door.must("POST", "/v1/sandbox/clocks", {"now": "2026-01-01T00:00:00Z"})
        customer = {"type": "organization", "id": f"{run}-{number}"}
        path = f"/v1/customers/{customer['type']}/{customer['id']}"
        await door.must("PUT", path, {"catalog": run, "clock": clock["id"]})
        await door.must("PUT", f"{path}/payment-method", {"payment_method": "pm_card_visa"})
        await door.must("POST", f"/v1/sandbox/clocks/{clock['id']}/settle")
        began = perf_counter()
        answer = await door.must("POST", "/v1/attach", {"customer": customer, "product": "team"})
        whole.append((perf_counter() - began) * 1000)
        keys.append(str(answer["id"]))
    kept = slice(WARM_UP, None)
    calls = [(await door.must("GET", f"/v1/attachments/{key}"))["calls"] for key in keys[kept]]
    stripe = tuple(sum(float(call["milliseconds"] or 0) for call in made) for made in calls)
    return Attaches(tuple(whole[kept]), stripe, tuple(map(len, calls)), keys[-1])


async def _decisions(door: Door, attachment: str) -> Measured:
    """The rules alone, in this process, on the facts of a real attach."""
    decision = part(await door.must("GET", f"/v1/attachments/{attachment}"), "decision")
    lines = [part(line, "facts") for line in decision["lines"]]
    ruleset = load_ruleset()

    async def decide() -> None:
        ruleset.decide(lines)

    return await measure("one decision (the rules alone)", DECISIONS, decide)


async def _commits(database_url: str, count: int) -> Measured:
    """One row, one commit, on a connection of its own; the row lies in a table that ends with it."""
    plain = database_url.replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
        # Not a temporary table: those are never flushed, and a commit is a flush.
        name = Identifier(f"bench_{token_hex(4)}")
        await connection.execute(SQL("CREATE TABLE {} (n int)").format(name))
        try:
            insert = SQL("INSERT INTO {} VALUES (1)").format(name)
            return await measure("one-row commit", count, lambda: connection.execute(insert))
        finally:
            await connection.execute(SQL("DROP TABLE {}").format(name))
