"""A server that answers what it is told to, and gateways to it and to the shared twin."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from engine.payments.gateway import Gateway
from tests.engine.payments.server import Answers, answering


@pytest.fixture
async def answers() -> AsyncGenerator[Answers]:
    """A server in the place of Stripe."""
    async with answering() as server:
        yield server


@pytest.fixture
async def gateway(answers: Answers) -> AsyncGenerator[Gateway]:
    """A gateway to that server, with little patience."""
    opened = Gateway("sk_test_secret", api_base=answers.base, timeout=0.2)
    yield opened
    await opened.close()


@pytest.fixture
async def twin(twin_base: str) -> AsyncGenerator[Gateway]:
    """A gateway to the shared twin."""
    opened = Gateway("sk_test_wallstreet", api_base=twin_base)
    yield opened
    await opened.close()
