"""One running Wallstreet for each worker, with everything around it, and customers for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from nats.aio.client import Client

from engine.bootstrap import System, running
from engine.bus.connection import connected
from engine.settings import load_settings
from tests.engine.e2e.shop import CATALOG, Shop, opened

OpenShop = Callable[..., Awaitable[Shop]]

SECRET = "whsec_endtoend"
"""A signing secret beside that of the twin, so that a test can send what Stripe would."""


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """The product as `wallstreet dev` starts it, on a stack of its own."""
    async with running(load_settings(port=0, stripe_webhook_secret=SECRET)) as system:
        yield system


@pytest.fixture(scope="session")
async def http(system: System) -> AsyncIterator[httpx2.AsyncClient]:
    """The HTTP door, with the catalog of these tests applied."""
    async with httpx2.AsyncClient(base_url=system.api_url, timeout=60, trust_env=False) as client:
        answer = await client.put("/v1/catalogs/e2e", json=CATALOG)
        assert all(product["ready"] for product in answer.raise_for_status().json()["products"])
        yield client


@pytest.fixture(scope="session")
async def nats_client(system: System) -> AsyncIterator[Client]:
    """The other door."""
    async with connected(system.nats_url, name="e2e") as bus:
        yield bus.client


@pytest.fixture(scope="session")
def open_shop(system: System, http: httpx2.AsyncClient, nats_client: Client) -> OpenShop:
    """Makes a customer of a test's own; without a card when told so."""

    async def make(catalog: str = "e2e", card: str | None = "pm_card_visa") -> Shop:
        return await opened(system, http, nats_client, catalog=catalog, card=card)

    return make


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A customer with a card on file and the free plan."""
    return await open_shop()
