"""A twin that may be broken: its live clock stands at 2026-01-01."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.receiver import Receiver
from tests.engine.sandbox.twin_client import JAN_1, Twin


@pytest.fixture(scope="package")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with launched(tmp_path_factory.mktemp("faults"), "--now", str(JAN_1)) as twin:
        yield twin


@pytest.fixture
def broken(own: Twin) -> Iterator[Twin]:
    """The twin without faults; they are healed at the end."""
    yield own
    own.delete("/_twin/faults")


@pytest.fixture
def receiver(own: Twin) -> Iterator[Receiver]:
    made = Receiver()
    endpoint = own.v1.webhook_endpoints.create({"url": made.url, "enabled_events": ["customer.created"]})
    made.secret = endpoint.secret
    yield made
    own.v1.webhook_endpoints.delete(endpoint.id)
    made.close()
