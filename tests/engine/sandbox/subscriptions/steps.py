"""Short ways to subscribe, change and be refused, for the tests of subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Clock, Twin, error_of

DECLINING = "pm_card_chargeCustomerFail"
CLASSIC = {"billing_mode": {"type": "classic"}}
ITEMIZED = {"billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}}


def subscribe(clock: Clock, customer: str, *prices: str, **more: Any) -> Any:
    """A subscription to these prices, with its latest invoice."""
    items = [{"price": price} for price in prices]
    given = {"customer": customer, "items": items, "expand": ["latest_invoice"], **more}
    return clock.twin.v1.subscriptions.create(given)


def change(twin: Twin, subscription: Any, **given: Any) -> Any:
    """An update, with the latest invoice."""
    return twin.v1.subscriptions.update(subscription.id, {"expand": ["latest_invoice"], **given})


def first_item(subscription: Any, **given: Any) -> list[dict[str, Any]]:
    """The `items` of an update of the first item."""
    return [{"id": subscription.items.data[0].id, **given}]


def read(twin: Twin, subscription: Any) -> Any:
    """The subscription as it is now, with its latest invoice."""
    return twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def pending(twin: Twin, customer: str) -> list[int]:
    """The amounts that wait for an invoice, oldest first."""
    found = twin.v1.invoice_items.list({"customer": customer, "pending": True}).data
    return [item.amount for item in reversed(found)]


def refusal(call: Callable[[], Any], *, status: int = 400) -> Any:
    """The error with which a call is refused."""
    with pytest.raises(stripe.StripeError) as refused:
        call()
    assert refused.value.http_status == status
    return error_of(refused.value)


def periods(subscription: Any) -> list[tuple[int, int]]:
    """The present period of each item."""
    return [(item.current_period_start, item.current_period_end) for item in subscription.items.data]
