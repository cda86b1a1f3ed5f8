"""How fast is the Stripe twin here? One subscription, and a year of renewals for many."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

import httpx2
from rich.console import Console

from .measured import Measured, measure, table

_KEY = {"Authorization": "Bearer sk_test_bench"}
_YEAR = 366 * 86400
_TIMEOUT = 3600.0
"""A year of many renewals is one call."""


@dataclass(frozen=True, slots=True)
class _Twin:
    """A running twin; whatever it refuses ends the measurement."""

    client: httpx2.AsyncClient

    async def post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        """Call Stripe's API."""
        answer = await self.client.post(path, data=form, headers=_KEY)
        answer.raise_for_status()
        return cast("dict[str, Any]", answer.json())

    async def customer(self) -> str:
        """A customer whose card pays."""
        customer = await self.post("/v1/customers", {"payment_method": "pm_card_visa"})
        id_ = str(customer["id"])
        methods = await self.client.get(f"/v1/customers/{id_}/payment_methods", headers=_KEY)
        card = str(methods.json()["data"][0]["id"])
        await self.post(f"/v1/customers/{id_}", {"invoice_settings[default_payment_method]": card})
        return id_


async def measure_twin(console: Console, *, base_url: str, count: int, subscriptions: int) -> None:
    """Print what one subscription costs, and how long a year of monthly renewals takes for so many."""
    async with httpx2.AsyncClient(base_url=base_url, timeout=_TIMEOUT, trust_env=False) as client:
        twin = _Twin(client)
        price = await _price(twin)
        with console.status(f"Measuring {count} subscriptions …"):
            round_trip = await measure("GET health", count, lambda: client.get("/_twin/health"))
            made = await _made(twin, price, count)
        console.print(table(f"{count} subscriptions, one after the other", made, baselines=[round_trip]))
        with console.status(f"Renewing {subscriptions} subscriptions for a year …"):
            for _ in range(max(0, subscriptions - count)):
                await _subscribe(twin, await twin.customer(), price)
            seconds = await _a_year(client)
    renewals = max(subscriptions, count) * 12
    console.print(
        f"A year of monthly renewals for {max(subscriptions, count)} subscriptions: {seconds:.1f} s,"
        f" {seconds * 1000 / renewals:.2f} ms for each renewal"
        f" ({seconds * 1000 / renewals / round_trip.median:.1f} x {round_trip.name})."
    )


async def _price(twin: _Twin) -> str:
    price = await twin.post(
        "/v1/prices",
        {
            "currency": "usd",
            "unit_amount": "2000",
            "recurring[interval]": "month",
            "product_data[name]": "Plan",
        },
    )
    return str(price["id"])


async def _subscribe(twin: _Twin, customer: str, price: str) -> None:
    await twin.post("/v1/subscriptions", {"customer": customer, "items[0][price]": price})


async def _made(twin: _Twin, price: str, count: int) -> list[Measured]:
    """Creating a customer without a card, and subscribing one who has one."""
    bare = await measure("create a customer", count, lambda: twin.post("/v1/customers", {}))
    taken: list[float] = []
    for _ in range(count):
        customer = await twin.customer()
        began = perf_counter()
        await _subscribe(twin, customer, price)
        taken.append((perf_counter() - began) * 1000)
    return [bare, Measured("create a subscription, paid at once", tuple(taken))]


async def _a_year(client: httpx2.AsyncClient) -> float:
    now = int((await client.get("/_twin/clock")).json()["now"])
    began = perf_counter()
    answer = await client.post("/_twin/clock", json={"now": now + _YEAR})
    answer.raise_for_status()
    return perf_counter() - began
