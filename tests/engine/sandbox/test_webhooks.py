"""Webhooks: signed, in order, sent again until they are taken, and counted while they are not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Clock, Twin


class Receiver:
    """An endpoint that keeps what the library verified; it can refuse for a while."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.refusals = 0
        self.secret = ""
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                header = self.headers["Stripe-Signature"]
                self.send_response(received.take(body, header))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def take(self, body: bytes, header: str) -> int:
        if self.refusals:
            self.refusals -= 1
            return 500
        event = stripe.Webhook.construct_event(body, header, self.secret)
        self.events.append(event)
        return 200

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver(twin: Twin) -> Iterator[Receiver]:
    made = Receiver()
    given = {"url": made.url, "enabled_events": ["*"]}
    endpoint = twin.v1.webhook_endpoints.create(given)
    made.secret = endpoint.secret
    yield made
    twin.v1.webhook_endpoints.delete(endpoint.id)
    made.close()


def wait_until_quiet(twin: Twin, clock: Clock) -> Any:
    deadline = time.monotonic() + 10
    while (state := twin.get(f"/_twin/clocks/{clock.id}/deliveries"))["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return state


def test_events_arrive_signed_and_in_order(twin: Twin, clock: Clock, receiver: Receiver) -> None:
    customer = clock.customer()
    twin.v1.subscriptions.create({"customer": customer, "items": [{"price": twin.price(2000)}]})
    state = wait_until_quiet(twin, clock)
    arrived = [event["id"] for event in receiver.events]
    assert [id_ for id_ in arrived if id_ in state["events"]] == [
        id_ for id_ in state["events"] if id_ in arrived
    ]
    created = receiver.events[-1]
    assert created["type"] == "customer.subscription.created"
    assert created["api_version"] == "2026-10-28.endive"
    assert created["request"]["id"].startswith("req_")
    assert created["data"]["object"]["status"] == "active"
    assert twin.v1.events.retrieve(created["id"]).pending_webhooks == 0


def test_a_refused_event_comes_again(twin: Twin, clock: Clock, receiver: Receiver) -> None:
    receiver.refusals = 2
    clock.customer(card=None)
    assert twin.get(f"/_twin/clocks/{clock.id}/deliveries")["pending"] > 0
    wait_until_quiet(twin, clock)
    assert [event["type"] for event in receiver.events] == ["customer.created"]


def test_an_endpoint_gets_what_it_asked_for(twin: Twin, clock: Clock, receiver: Receiver) -> None:
    listed = twin.v1.webhook_endpoints.list({"limit": 1}).data[0]
    assert "secret" not in listed
    given = {"enabled_events": ["payment_method.attached"]}
    twin.v1.webhook_endpoints.update(listed.id, given)
    clock.customer()
    wait_until_quiet(twin, clock)
    assert [event["type"] for event in receiver.events] == ["payment_method.attached"]


def test_a_wrong_secret_is_noticed(twin: Twin, clock: Clock, receiver: Receiver) -> None:
    clock.customer(card=None)
    wait_until_quiet(twin, clock)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(b"{}", "t=1,v1=00", receiver.secret)


def test_events_are_listed_by_type(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    listed = twin.v1.events.list({"type": "customer.created", "limit": 1}).data
    assert listed[0].data.object.id == customer
    updated = twin.v1.customers.update(customer, {"name": "New"})
    event = twin.v1.events.list({"types": ["customer.updated"], "limit": 1}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": None}
    assert event.data.object.name == updated.name
