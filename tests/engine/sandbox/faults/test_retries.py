"""Deliveries that fail: tried again as Stripe does it, on the live clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.sandbox.faults.test_deliveries import deliveries, last_event
from tests.engine.sandbox.receiver import Receiver
from tests.engine.sandbox.twin_client import DAY, HOUR, Twin

MINUTE = 60


@pytest.fixture
def scheduled(broken: Twin) -> Iterator[Twin]:
    broken.post_json("/_twin/settings", {"webhook_retries": "scheduled"})
    yield broken
    broken.post_json("/_twin/settings", {"webhook_retries": "hurried"})


def now(twin: Twin) -> int:
    return int(twin.get("/_twin/clock")["now"])


def move(twin: Twin, seconds: int) -> None:
    twin.post_json("/_twin/clock", {"now": now(twin) + seconds})


def only(twin: Twin, event: str) -> Any:
    told = deliveries(twin, event)
    assert len(told["deliveries"]) == 1
    return told["deliveries"][0]


@pytest.mark.parametrize("status", [500, 404, 302, 301])
def test_only_2xx_is_a_success_and_the_next_attempt_waits(
    scheduled: Twin, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status]
    scheduled.v1.customers.create({})
    event = last_event(scheduled)
    record = only(scheduled, event.id)
    assert [attempt["status"] for attempt in record["attempts"]] == [status]
    assert (record["state"], record["next_attempt"]) == ("pending", now(scheduled) + 15 * MINUTE)
    move(scheduled, 15 * MINUTE - 1)
    assert len(only(scheduled, event.id)["attempts"]) == 1
    move(scheduled, 1)
    receiver.wait(2)
    record = only(scheduled, event.id)
    assert (record["state"], record["next_attempt"]) == ("delivered", None)
    assert scheduled.v1.events.retrieve(event.id).pending_webhooks == 0


def test_three_retries_over_a_few_hours_then_no_more(scheduled: Twin, receiver: Receiver) -> None:
    receiver.statuses = [500] * 4
    began = now(scheduled)
    scheduled.v1.customers.create({})
    event = last_event(scheduled)
    deliveries(scheduled, event.id)
    for count, wait in enumerate((15 * MINUTE, HOUR, 4 * HOUR), start=2):
        move(scheduled, wait)
        receiver.wait(count)
        deliveries(scheduled, event.id)
    record = only(scheduled, event.id)
    assert [attempt["at"] - began for attempt in record["attempts"]] == [0, 900, 4500, 18900]
    assert record["state"] == "failed"
    move(scheduled, DAY)
    assert len(only(scheduled, event.id)["attempts"]) == 4
    assert scheduled.v1.events.retrieve(event.id).pending_webhooks == 1
    failed = scheduled.v1.events.list({"delivery_success": False}).data
    assert event.id in [each.id for each in failed]


def test_a_long_step_of_the_clock_makes_all_attempts(scheduled: Twin, receiver: Receiver) -> None:
    receiver.statuses = [500] * 3
    scheduled.v1.customers.create({})
    event = last_event(scheduled)
    deliveries(scheduled, event.id)
    move(scheduled, DAY)
    receiver.wait(4)
    assert only(scheduled, event.id)["state"] == "delivered"


def test_an_endpoint_that_was_switched_off_is_not_tried_again(scheduled: Twin, receiver: Receiver) -> None:
    receiver.statuses = [500]
    scheduled.v1.customers.create({})
    event = last_event(scheduled)
    deliveries(scheduled, event.id)
    endpoint = scheduled.v1.webhook_endpoints.list({}).data[0]
    scheduled.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    move(scheduled, HOUR)
    assert only(scheduled, event.id)["state"] == "stopped"
    scheduled.v1.customers.create({})
    assert deliveries(scheduled, last_event(scheduled).id)["deliveries"] == []
    assert len(receiver.events) == 1


def test_a_success_by_hand_does_not_stop_retries(scheduled: Twin, receiver: Receiver) -> None:
    receiver.statuses = [500]
    scheduled.v1.customers.create({})
    event = last_event(scheduled)
    deliveries(scheduled, event.id)
    scheduled.post_json("/_twin/dashboard", {"action": "resend_last_event", "type": "customer.created"})
    receiver.wait(2)
    assert only(scheduled, event.id)["state"] == "pending"
    assert scheduled.v1.events.retrieve(event.id).pending_webhooks == 0
    move(scheduled, 15 * MINUTE)
    receiver.wait(3)
    assert only(scheduled, event.id)["state"] == "delivered"


def test_while_a_secret_is_rolled_both_sign(broken: Twin, receiver: Receiver) -> None:
    endpoint = broken.v1.webhook_endpoints.list({}).data[0].id
    rolled = broken.post_json(
        "/_twin/dashboard", {"action": "roll_secret", "webhook_endpoint": endpoint, "expires_in": HOUR}
    )
    broken.v1.customers.create({})
    receiver.wait(1)
    former, receiver.secret = receiver.secret, rolled["secret"]
    broken.v1.customers.create({})
    receiver.wait(2)
    assert receiver.forged == []
    move(broken, HOUR)
    receiver.secret = former
    broken.v1.customers.create({})
    deadline = time.monotonic() + 10
    while not receiver.forged:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    receiver.secret = rolled["secret"]
    receiver.wait(3)
