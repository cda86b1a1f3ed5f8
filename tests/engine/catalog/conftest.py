"""A catalog service on a fresh database and the shared twin."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from engine.payments.gateway import Gateway


@pytest.fixture
async def gateway(twin_base: str) -> AsyncGenerator[Gateway]:
    opened = Gateway("sk_test_wallstreet", api_base=twin_base)
    yield opened
    await opened.close()
