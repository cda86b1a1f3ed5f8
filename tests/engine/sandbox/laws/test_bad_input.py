"""Bad input, of every endpoint: Stripe's error and nothing changed, and never a fault of the twin itself."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from engine.sandbox.twin.core.parameters import endpoints
from tests.engine.sandbox.laws.depth import MANY
from tests.engine.sandbox.laws.inside import Inside, Said, form
from tests.engine.sandbox.laws.nonsense import Nonsense
from tests.engine.sandbox.laws.populated import populated

EXAMPLES = MANY or 8
STANDS = {402}
"""A decline is an answer about something that happened: what it changed stands."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Inside]:
    twin = populated()
    yield twin
    twin.close()


@pytest.fixture(scope="module")
def before(shop: Inside) -> Any:
    return shop.state()


@pytest.mark.parametrize("endpoint", endpoints())
def test_nonsense_is_refused_and_changes_nothing(endpoint: str, shop: Inside, before: Any) -> None:
    method, template = endpoint.split(" ")
    ids = [obj["id"] for obj in before["objects"] if not obj["object"].startswith("_")]
    shop.put_back(before)
    for number in range(EXAMPLES):
        drawn = Nonsense(Random(f"{endpoint}/{number}"), ids, shop.world.now())  # noqa: S311 -- no secret
        asked = (number, method, drawn.path(template), form(drawn.params(endpoint)))
        said = shop.send(*asked[1:])
        assert said.status < 500, (asked, said.body)
        if said.status < 400 or said.status in STANDS:
            shop.put_back(before)
            continue
        _refused_properly(said, asked)
        assert shop.world.save()["objects"] == before["objects"], (asked, said.body)


def _refused_properly(said: Said, asked: object) -> None:
    error = said.body["error"]
    assert error["message"], (asked, error)
    assert error["type"] in {"invalid_request_error", "card_error", "idempotency_error"}, (asked, error)
    assert error.get("code") is None or isinstance(error["code"], str), (asked, error)
