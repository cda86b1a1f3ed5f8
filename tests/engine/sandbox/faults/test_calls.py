"""Calls that go wrong: what the client sees, and what is true at the twin afterwards."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Twin, error_of


def fault(twin: Twin, kind: str, **about: Any) -> str:
    return str(twin.post_json("/_twin/faults", {"kind": kind, **about})["id"])


def hits(twin: Twin) -> list[tuple[str, int, int]]:
    return [(each["kind"], each["matched"], each["hits"]) for each in twin.get("/_twin/faults")["faults"]]


def emails(twin: Twin, email: str) -> int:
    return len(twin.v1.customers.list({"email": email}).data)


def create(twin: Twin, email: str, key: str | None = None) -> Any:
    return twin.v1.customers.create({"email": email}, {"idempotency_key": key or f"key-{email}"})


def test_a_refused_connection_leaves_nothing(broken: Twin) -> None:
    fault(broken, "refuse_connection", method="POST", path="/v1/customers")
    with pytest.raises(stripe.APIConnectionError):
        create(broken, "refused@x.test")
    assert emails(broken, "refused@x.test") == 0
    assert create(broken, "refused@x.test").email == "refused@x.test"


def test_a_lost_answer_has_done_its_work(broken: Twin) -> None:
    fault(broken, "lose_answer", method="POST", path="/v1/customers")
    with pytest.raises(stripe.APIConnectionError):
        create(broken, "lost@x.test")
    assert emails(broken, "lost@x.test") == 1
    again = create(broken, "lost@x.test")
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert emails(broken, "lost@x.test") == 1


@pytest.mark.parametrize(("work", "made"), [("done", 1), ("not_done", 0)])
def test_a_fault_of_stripe_is_stored_and_replayed(broken: Twin, work: str, made: int) -> None:
    email = f"{work}@x.test"
    fault(broken, "server_error", path="/v1/customers", method="POST", work=work)
    replayed: list[Any] = []
    for _ in range(2):
        with pytest.raises(stripe.APIError) as seen:
            create(broken, email)
        assert (seen.value.http_status, error_of(seen.value)["type"]) == (500, "api_error")
        replayed.append((seen.value.headers or {}).get("Idempotent-Replayed"))
    assert replayed == [None, "true"]
    assert emails(broken, email) == made
    create(broken, email, key=f"another-{work}")
    assert emails(broken, email) == made + 1


@pytest.mark.parametrize(
    ("given", "status", "code", "headers"),
    [
        ({"kind": "conflict"}, 409, "idempotency_key_in_use", {"Stripe-Should-Retry": "true"}),
        ({"kind": "conflict", "code": "lock_timeout"}, 409, "lock_timeout", {"Stripe-Should-Retry": "true"}),
        ({"kind": "lock_timeout"}, 429, "lock_timeout", {"Stripe-Should-Retry": "true"}),
        ({"kind": "rate_limited"}, 429, "rate_limit", {"Stripe-Rate-Limited-Reason": "global-rate"}),
        (
            {"kind": "rate_limited", "reason": "endpoint-concurrency"},
            429,
            "rate_limit",
            {"Stripe-Rate-Limited-Reason": "endpoint-concurrency"},
        ),
        ({"kind": "unavailable"}, 503, None, {"Stripe-Should-Retry": "true"}),
    ],
)
def test_what_is_not_stored_can_be_sent_again(
    broken: Twin, given: Any, status: int, code: str | None, headers: dict[str, str]
) -> None:
    email = f"{given['kind']}-{code}-{len(given)}@x.test"
    broken.post_json("/_twin/faults", given)
    with pytest.raises(stripe.StripeError) as seen:
        create(broken, email)
    assert (seen.value.http_status, error_of(seen.value).get("code")) == (status, code)
    assert seen.value.headers is not None
    assert {name: seen.value.headers.get(name) for name in headers} == headers
    limited = "Stripe-Rate-Limited-Reason" in seen.value.headers
    assert limited == (given["kind"] == "rate_limited")
    assert emails(broken, email) == 0
    assert create(broken, email).email == email


def test_a_slow_call_holds_its_key(broken: Twin) -> None:
    fault(broken, "slow", path="/v1/customers", milliseconds=40)
    fault(broken, "slow", path="/v1/customers", milliseconds=40, when="after")
    began = time.monotonic()
    create(broken, "slow@x.test")
    assert time.monotonic() - began >= 0.08


def test_the_second_call_is_hit_and_the_third_is_not(broken: Twin) -> None:
    fault(broken, "unavailable", path="/v1/customers", method="GET", nth=2)
    broken.v1.customers.list({})
    with pytest.raises(stripe.APIError):
        broken.v1.customers.list({})
    broken.v1.customers.list({})
    assert hits(broken) == [("unavailable", 2, 1)]


def test_a_fault_may_hit_one_customer_or_some_parameters_alone(broken: Twin) -> None:
    hit = broken.v1.customers.create({"email": "hit@x.test"})
    other = broken.v1.customers.create({"email": "other@x.test"})
    fault(broken, "unavailable", customer=hit.id, times=None)
    broken.v1.customers.retrieve(other.id)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            broken.v1.customers.retrieve(hit.id)
    with pytest.raises(stripe.APIError):
        broken.v1.subscriptions.list({"customer": hit.id})
    assert broken.delete("/_twin/faults") == {"healed": 1}
    fault(broken, "unavailable", params={"metadata": {"plan": "gold*"}})
    broken.v1.customers.create({"metadata": {"plan": "silver"}})
    with pytest.raises(stripe.APIError):
        broken.v1.customers.create({"metadata": {"plan": "golden"}})


def test_an_endpoint_may_be_named_as_stripe_names_it(broken: Twin) -> None:
    customer = broken.v1.customers.create({})
    fault(broken, "unavailable", path="/v1/customers/{id}")
    with pytest.raises(stripe.APIError):
        broken.v1.customers.update(customer.id, {"name": "x"})


def test_chance_follows_the_seed(broken: Twin) -> None:
    outcomes: list[list[bool]] = []
    for _ in range(2):
        broken.post_json("/_twin/reset", {})
        fault(broken, "unavailable", path="/v1/prices", probability=0.5, times=None)
        outcome: list[bool] = []
        for _ in range(20):
            try:
                broken.v1.prices.list({})
                outcome.append(True)
            except stripe.APIError:
                outcome.append(False)
        outcomes.append(outcome)
    assert outcomes[0] == outcomes[1]
    assert len(set(outcomes[0])) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1], "JSON object"),
        ({"kind": "lose_anser"}, "Unknown kind of fault: lose_anser. Did you mean lose_answer?"),
        ({"kind": "slow"}, "needs `milliseconds`"),
        ({"kind": "slow", "milliseconds": "5"}, "must be a whole number"),
        ({"kind": "lose_answer", "paht": "/v1/customers"}, "Did you mean path?"),
        ({"kind": "lose_answer", "method": "PUT"}, "Known: GET, POST, DELETE"),
        ({"kind": "lose_answer", "nth": 0}, "at least 1"),
        ({"kind": "lose_answer", "probability": 2}, "between 0 and 1"),
        ({"kind": "server_error", "work": "half"}, "Known: done, not_done"),
        ({"kind": "decline", "code": "no_money"}, "Unknown `code` of decline"),
        ({"kind": "rate_limits", "limits": {"all": "many"}}, "whole number"),
        ({"kind": "rate_limits", "limits": {"every": 1}}, "Unknown limit: every"),
    ],
)
def test_an_unclear_fault_is_refused_with_what_would_be_right(broken: Twin, given: Any, said: str) -> None:
    status, error = broken.refused_json("/_twin/faults", given)
    assert status == 400
    assert said in error
    assert hits(broken) == []


def test_one_unclear_fault_of_several_refuses_all(broken: Twin) -> None:
    broken.refused_json("/_twin/faults", [{"kind": "unavailable"}, {"kind": "nonsense"}])
    assert hits(broken) == []
    added = broken.post_json("/_twin/faults", [{"kind": "unavailable"}, {"kind": "conflict"}])
    assert [each["kind"] for each in added["faults"]] == ["unavailable", "conflict"]
    first = added["faults"][0]["id"]
    assert broken.get(f"/_twin/faults/{first}")["kind"] == "unavailable"
    broken.delete(f"/_twin/faults/{first}")
    assert [kind for kind, *_ in hits(broken)] == ["conflict"]
