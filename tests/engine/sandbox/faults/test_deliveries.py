"""Deliveries that go wrong: twice, out of order, late, never, not signed by Stripe, too early."""

from __future__ import annotations

import time
from typing import Any

from tests.engine.sandbox.faults.test_calls import fault
from tests.engine.sandbox.receiver import Receiver
from tests.engine.sandbox.twin_client import Twin


def deliveries(twin: Twin, event: str) -> Any:
    """The deliveries of an event once nothing is on its way."""
    deadline = time.monotonic() + 10
    while twin.get("/_twin/clocks/live/deliveries")["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return twin.get(f"/_twin/events/{event}/deliveries")


def last_event(twin: Twin, type_: str = "customer.created") -> Any:
    return twin.v1.events.list({"type": type_, "limit": 1}).data[0]


def test_an_event_comes_twice(broken: Twin, receiver: Receiver) -> None:
    fault(broken, "webhook_duplicated", type="customer.*", copies=2)
    broken.v1.customers.create({})
    receiver.wait(3)
    assert len({event["id"] for event in receiver.events}) == 1
    told = deliveries(broken, receiver.events[0]["id"])
    assert told["pending_webhooks"] == 0
    assert [attempt["copy"] for attempt in told["deliveries"][0]["attempts"]] == [False, True, True]


def test_events_of_one_call_are_shuffled(broken: Twin, receiver: Receiver) -> None:
    customer = broken.v1.customers.create({})
    endpoint = broken.v1.webhook_endpoints.list({}).data[0]
    broken.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": ["*"]})
    receiver.wait(1)
    receiver.events.clear()
    fault(broken, "webhook_shuffled", times=None)
    given = {"customer": customer.id, "auto_advance": False}
    invoice = broken.v1.invoices.create(given)
    broken.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 2000, "description": "x"}]})
    broken.v1.invoices.finalize_invoice(invoice.id)
    made = [event.id for event in broken.v1.events.list({"limit": 100}).data][::-1]
    deliveries(broken, made[-1])
    came = [event["id"] for event in receiver.events]
    assert came != [id_ for id_ in made if id_ in came]
    assert len(came) == len(set(came)) > 3


def test_a_late_event_waits_for_the_clock(broken: Twin, receiver: Receiver) -> None:
    fault(broken, "webhook_late", seconds=600)
    broken.v1.customers.create({})
    event = last_event(broken)
    told = deliveries(broken, event.id)
    now = broken.get("/_twin/clock")["now"]
    assert (receiver.events, told["deliveries"][0]["next_attempt"]) == ([], now + 600)
    broken.post_json("/_twin/clock", {"now": now + 600})
    receiver.wait(1)
    assert deliveries(broken, event.id)["pending_webhooks"] == 0


def test_an_event_never_comes_until_it_is_sent_by_hand(broken: Twin, receiver: Receiver) -> None:
    fault(broken, "webhook_never")
    broken.v1.customers.create({})
    event = last_event(broken)
    told = deliveries(broken, event.id)
    assert (told["deliveries"][0]["state"], told["pending_webhooks"]) == ("dropped", 1)
    assert [each.id for each in broken.v1.events.list({"delivery_success": False}).data] == [event.id]
    sent = broken.post_json(f"/_twin/events/{event.id}/resend", {})
    assert len(sent["sent_to"]) == 1
    receiver.wait(1)
    told = deliveries(broken, event.id)
    assert (told["deliveries"][0]["state"], told["pending_webhooks"]) == ("delivered", 0)


def test_a_bad_signature_is_followed_by_a_good_one(broken: Twin, receiver: Receiver) -> None:
    for how in ("wrong_secret", "stale", "missing"):
        fault(broken, "webhook_badly_signed", how=how)
        broken.v1.customers.create({})
    receiver.wait(3)
    assert [event["id"] for event in receiver.forged] == [event["id"] for event in receiver.events]


def test_an_event_comes_before_the_answer(broken: Twin, receiver: Receiver) -> None:
    fault(broken, "webhook_before_answer")
    customer = broken.v1.customers.create({})
    assert receiver.events[0]["data"]["object"]["id"] == customer.id
