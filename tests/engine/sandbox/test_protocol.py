"""The manners of Stripe's API: keys, headers, errors, lists, expansion, clocks that are busy."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, Clock, Twin, error_of


def customer(twin: Twin, key: str, **given: Any) -> Any:
    return twin.v1.customers.create(given, {"idempotency_key": key})


def test_the_same_key_replays_the_answer(twin: Twin) -> None:
    first = customer(twin, "replay-1", name="A")
    again = customer(twin, "replay-1", name="A")
    assert again.id == first.id
    headers = again.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == first.last_response.headers["Request-Id"]
    assert headers["Request-Id"] != headers["Original-Request"]
    assert headers["Idempotency-Key"] == "replay-1"
    assert headers["Stripe-Version"] == "2026-10-28.endive"
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        customer(twin, "replay-1", name="B")
    assert refused.value.http_status == 400


def test_a_decline_is_replayed_and_a_bad_parameter_is_not(twin: Twin, clock: Clock) -> None:
    buyer = clock.customer("pm_card_chargeCustomerFail")
    invoice = twin.v1.invoices.create({"customer": buyer, "auto_advance": False})
    twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 2000, "description": "x"}]})
    twin.v1.invoices.finalize_invoice(invoice.id)
    options = {"idempotency_key": f"pay-{invoice.id}"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            twin.v1.invoices.pay(invoice.id, {}, options)
    assert len(twin.v1.charges.list({"customer": buyer}).data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        customer(twin, "bad-1", nonsense="x")
    assert customer(twin, "bad-1", name="x").name == "x"


def test_a_key_in_flight_is_a_conflict(twin: Twin) -> None:
    twin.post_json("/_twin/latency", {"ms": 300})
    outcomes: list[Any] = []

    def make() -> None:
        try:
            outcomes.append(customer(twin, "flight-1", name="A").id)
        except stripe.StripeError as error:
            outcomes.append((error.http_status, error_of(error)["code"]))

    try:
        threads = [threading.Thread(target=make) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        twin.post_json("/_twin/latency", {"ms": 0})
    assert (409, "idempotency_key_in_use") in outcomes
    assert len([outcome for outcome in outcomes if isinstance(outcome, str)]) == 1


@pytest.mark.parametrize(
    ("given", "code", "param", "message"),
    [
        ({"nonsense": "1"}, "parameter_unknown", "nonsense", "Received unknown parameter: nonsense"),
        (
            {"items": [{"prise": "x"}]},
            "parameter_unknown",
            "items[0][prise]",
            "Received unknown parameter: items[0][prise]",
        ),
        ({"items": []}, "parameter_missing", "items", "Missing required param: items."),
        (
            {"items": [{"price": "price_nope"}]},
            "resource_missing",
            "items[0][price]",
            "No such price: 'price_nope'",
        ),
        (
            {"items": [{"price": "p", "quantity": "many"}]},
            "parameter_invalid_integer",
            "items[0][quantity]",
            "Invalid integer: many",
        ),
        ({"proration_behavior": "maybe"}, None, "proration_behavior", "must be one of"),
    ],
)
def test_bad_parameters(
    twin: Twin, given: dict[str, Any], code: str | None, param: str, message: str
) -> None:
    buyer = twin.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.subscriptions.create({"customer": buyer.id, **given})
    error = refused.value
    assert (error.http_status, error.code, error_of(error)["param"]) == (400, code, param)
    assert message in str(error)


def test_what_does_not_exist(twin: Twin) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_nope'") as refused:
        twin.v1.customers.retrieve("cus_nope")
    assert (refused.value.http_status, error_of(refused.value)["param"]) == (404, "id")
    buyer = twin.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.payment_methods.attach("invalid", {"customer": buyer.id})
    assert (refused.value.http_status, error_of(refused.value)["param"]) == (404, "payment_method")


def test_what_is_not_played_is_refused_and_counted(twin: Twin) -> None:
    given = {"url": "https://shop.test/hook", "enabled_events": ["*"], "api_version": "2024-06-20"}
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: api_version"):
        twin.v1.webhook_endpoints.create(given)
    assert twin.get("/_twin/uncovered")["uncovered"]["POST /v1/webhook_endpoints api_version"] == 1


def test_a_key_is_needed(twin: Twin) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{twin.base}/v1/customers", timeout=5)  # noqa: S310 -- our own twin
    assert refused.value.code == 401
    refused.value.close()
    live = stripe.StripeClient("sk_live_x", base_addresses={"api": twin.base}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        live.v1.customers.list({})


def test_a_card_that_cannot_be_attached(twin: Twin) -> None:
    buyer = twin.v1.customers.create({})
    with pytest.raises(stripe.CardError) as refused:
        twin.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": buyer.id})
    assert error_of(refused.value)["decline_code"] == "generic_decline"
    method = twin.v1.payment_methods.attach("pm_card_visa", {"customer": buyer.id})
    assert method.id.startswith("pm_")
    assert method.id != "pm_card_visa"
    detached = twin.v1.payment_methods.detach(method.id)
    assert detached.customer is None
    settings = {"default_payment_method": method.id}
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        twin.v1.customers.update(buyer.id, {"invoice_settings": settings})


def test_lists_are_paged(twin: Twin) -> None:
    product = twin.v1.products.create({"name": "Paged"})
    prices = [
        twin.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": amount}).id
        for amount in range(1, 6)
    ]
    newest = prices[::-1]
    first = twin.v1.prices.list({"product": product.id, "limit": 2})
    assert ([price.id for price in first.data], first.has_more) == (newest[:2], True)
    everything = [price.id for price in first.auto_paging_iter()]
    assert everything == newest
    back = twin.v1.prices.list({"product": product.id, "limit": 2, "ending_before": newest[3]})
    assert [price.id for price in back.data] == newest[1:3]
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.prices.list({"limit": 101})


def test_expansion(twin: Twin, clock: Clock) -> None:
    buyer = clock.customer()
    subscription = twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": twin.price(2000)}]})
    expand = ["data.latest_invoice.payments.data.payment.payment_intent", "data.customer"]
    listed = twin.v1.subscriptions.list({"customer": buyer, "expand": expand})
    found = listed.data[0]
    assert found.customer.email == "buyer@example.com"
    assert found.latest_invoice.payments.data[0].payment.payment_intent.status == "succeeded"
    given = {"expand": ["latest_invoice.payment_intent"]}
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        twin.v1.subscriptions.retrieve(subscription.id, given)


def test_metadata_is_merged(twin: Twin) -> None:
    buyer = twin.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = twin.v1.customers.update(buyer.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert twin.v1.customers.update(buyer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_a_busy_clock_refuses_writes(twin: Twin, clock: Clock) -> None:
    """So much happens on the way that the clock still moves when the next calls come."""
    buyer = clock.customer()
    prices = [twin.price(100 + each, "day") for each in range(2)]
    for _ in range(30):
        items = [{"price": price} for price in prices]
        twin.v1.subscriptions.create({"customer": buyer, "items": items})
    moved = twin.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": (clock.next() or 0) + DAY})
    assert moved.status == "advancing"
    with pytest.raises(stripe.RateLimitError, match="Test clock advancement underway"):
        twin.v1.customers.update(buyer, {"name": "x"})
    assert twin.v1.customers.retrieve(buyer).id == buyer
    clock.wait()
    assert twin.v1.customers.update(buyer, {"name": "x"}).name == "x"


def test_requests_are_remembered(twin: Twin) -> None:
    before = twin.get("/_twin/requests")["last"]
    made = customer(twin, "remember-1", name="A")
    found = twin.get(f"/_twin/requests?after={before}")
    entry = next(each for each in found["requests"] if each["key"] == "remember-1")
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/customers", 200)
    assert entry["request_id"] == made.last_response.headers["Request-Id"]


def test_the_live_clock_has_nothing_of_test_clocks(twin: Twin, clock: Clock) -> None:
    twin.v1.subscriptions.create({"customer": clock.customer(), "items": [{"price": twin.price(2000)}]})
    assert clock.next() == FEB_1
    assert twin.get("/_twin/clocks/live/next")["next"] != FEB_1
