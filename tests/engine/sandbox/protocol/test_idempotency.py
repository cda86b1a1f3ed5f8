"""Keys: what is stored, for whom, and how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import DAY, JAN_1, Twin, error_of


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with launched(tmp_path_factory.mktemp("keys"), "--now", str(JAN_1)) as twin:
        yield twin


def create(twin: Twin, key: str, name: str = "A", account: str | None = None) -> Any:
    options = {"idempotency_key": key, **({"stripe_account": account} if account else {})}
    return twin.v1.customers.create({"name": name}, options)


def test_a_key_lives_for_24_hours_of_the_live_clock(own: Twin) -> None:
    first = create(own, "day")
    began = own.get("/_twin/clock")["now"]
    own.post_json("/_twin/clock", {"now": began + DAY})
    assert create(own, "day").id == first.id
    own.post_json("/_twin/clock", {"now": began + DAY + 1})
    assert create(own, "day").id != first.id


def test_a_key_has_at_most_255_characters(own: Twin) -> None:
    create(own, "k" * 255)
    with pytest.raises(stripe.IdempotencyError, match="longer than 255"):
        create(own, "k" * 256)


def test_each_account_has_its_own_keys(own: Twin) -> None:
    account = own.v1.accounts.create({"type": "custom", "country": "US"}).id
    platform = create(own, "both", "A")
    connected = create(own, "both", "B", account)
    assert platform.id != connected.id
    assert create(own, "both", "B", account).id == connected.id


def test_other_parameters_or_another_path_are_refused(own: Twin) -> None:
    made = create(own, "same")
    with pytest.raises(stripe.IdempotencyError) as seen:
        create(own, "same", "B")
    assert (seen.value.http_status, error_of(seen.value)["type"]) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError):
        own.v1.customers.update(made.id, {"name": "A"}, {"idempotency_key": "same"})
    assert own.v1.customers.retrieve(made.id).name == "A"


def test_a_refusal_that_was_executed_is_replayed(own: Twin) -> None:
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as seen:
            own.v1.customers.update("cus_no", {"name": "A"}, {"idempotency_key": "missing"})
        assert (seen.value.headers or {}).get("Idempotent-Replayed") == replayed
