"""A twin of its own whose live clock stands, for what happens to accounts as days go by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import JAN_1, Twin


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin that stands at 2026-01-01 until it is told."""
    with launched(tmp_path_factory.mktemp("still"), "--now", str(JAN_1)) as twin:
        yield twin
