"""A customer at the twin, and an executor whose gateway can be looked through."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from engine.payments.gateway import Gateway
from engine.steps import executor
from persistence.database import Database
from tests.engine.steps.stripe import Plans, make_plans


@pytest.fixture
async def gateway(twin_base: str) -> AsyncGenerator[Gateway]:
    """A gateway to the shared twin."""
    opened = Gateway("sk_test_wallstreet", api_base=twin_base)
    yield opened
    await opened.close()


@pytest.fixture
async def plans(database: Database, gateway: Gateway) -> Plans:
    """A customer with a card that works."""
    return await make_plans(database, gateway)


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the alarms that were raised."""
    told: list[str] = []

    def tell(name: str, /, **_facts: object) -> None:
        told.append(name)

    monkeypatch.setattr(executor, "alarm", tell)
    return told
