"""Stripe's rate limits, counted on clocks that stand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.faults.test_calls import fault
from tests.engine.sandbox.twin_client import Twin


def reason(refused: stripe.StripeError) -> Any:
    return (refused.headers or {})["Stripe-Rate-Limited-Reason"]


def test_an_endpoint_takes_so_many_calls_a_second(broken: Twin) -> None:
    fault(broken, "rate_limits", limits={"endpoint": 3, "all": 5})
    for _ in range(3):
        broken.v1.customers.list({})
    with pytest.raises(stripe.RateLimitError) as seen:
        broken.v1.customers.list({})
    assert reason(seen.value) == "endpoint-rate"
    broken.v1.prices.list({})
    with pytest.raises(stripe.RateLimitError) as seen:
        broken.v1.prices.list({})
    assert reason(seen.value) == "global-rate"
    broken.post_json("/_twin/clock", {"now": broken.get("/_twin/clock")["now"] + 1})
    broken.v1.customers.list({})


def test_the_usual_limit_is_25_a_second(broken: Twin) -> None:
    broken.post_json("/_twin/clock", {"now": broken.get("/_twin/clock")["now"] + 1})
    fault(broken, "rate_limits")
    for _ in range(25):
        broken.v1.prices.list({})
    with pytest.raises(stripe.RateLimitError):
        broken.v1.prices.list({})


def test_a_subscription_takes_so_many_invoices_a_minute(broken: Twin) -> None:
    clock = broken.clock()
    price = broken.price(2000)
    subscription = broken.v1.subscriptions.create(
        {"customer": clock.customer(), "items": [{"price": price, "quantity": 1}]}
    )
    fault(broken, "rate_limits", limits={"invoices_a_minute": 2}, path="/v1/subscriptions/{id}")
    item = {"id": subscription["items"].data[0].id, "quantity": 2}
    given = {"items": [item], "proration_behavior": "always_invoice"}
    broken.v1.subscriptions.update(subscription.id, given)
    with pytest.raises(stripe.RateLimitError) as seen:
        broken.v1.subscriptions.update(subscription.id, {"items": [{**item, "quantity": 3}]})
    assert reason(seen.value) == "resource-specific"
    clock.advance(broken.v1.test_helpers.test_clocks.retrieve(clock.id).frozen_time + 61)
    broken.v1.subscriptions.update(subscription.id, {"items": [{**item, "quantity": 3}]})
