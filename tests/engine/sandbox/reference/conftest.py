"""A shop for each test of the reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .shop import Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop on a twin of its own, at 2026-01-01."""
    opened = Shop()
    yield opened
    opened.inside.close()
