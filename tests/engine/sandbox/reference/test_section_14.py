"""Section 14: pending updates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, HOUR, JAN_1, unix

from .shop import DECLINING, Shop

HELD: dict[str, Any] = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}


@pytest.fixture
def failing(shop: Shop) -> Any:
    """A subscription whose customer's card has begun to fail."""
    subscription = shop.subscribe(shop.customer(), shop.price(1000))
    shop.give_card(subscription["customer"], DECLINING)
    return subscription


def dearer(shop: Shop, subscription: Any, **more: Any) -> Any:
    """An update to a price that cannot be paid."""
    items = shop.other_price(subscription, shop.price(5000))
    return shop.change(subscription, items=items, **HELD, **more)


@pytest.mark.parametrize(
    "given",
    [
        {"metadata": {"a": "b"}},
        {"cancel_at_period_end": True},
        {"trial_end": JAN_1 + 9 * DAY},
        {"trial_from_plan": True},
        {"billing_cycle_anchor": {"type": "now"}},
        {"proration_date": JAN_1},
        {"expand": ["customer"]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_an_update_may_say(shop: Shop, given: dict[str, Any]) -> None:
    """The listed parameters, metadata, discounts and `cancel_at_period_end` are taken."""
    subscription = shop.subscribe(shop.customer(), shop.price(1000))
    shop.post(f"subscriptions/{subscription['id']}", **HELD, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"description": "x"},
        {"cancel_at": JAN_1 + DAY},
        {"collection_method": "send_invoice"},
        {"days_until_due": 3},
        {"default_tax_rates": ""},
        {"off_session": True},
        {"pause_collection": {"behavior": "void"}},
        {"pending_invoice_item_interval": ""},
        {"application_fee_percent": 5},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_it_may_not_say(shop: Shop, given: dict[str, Any]) -> None:
    """Everything else is refused by its name."""
    subscription = shop.subscribe(shop.customer(), shop.price(1000))
    error = shop.refused(f"subscriptions/{subscription['id']}", **HELD, **given)
    assert error["param"] == next(iter(given))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"quantity": 2}, 200),
        ({"discounts": ""}, 200),
        ({"tax_rates": ""}, 400),
        ({"metadata": {"a": "b"}}, 400),
    ],
)
def test_what_an_item_may_say(shop: Shop, given: dict[str, Any], status: int) -> None:
    """Price, quantity and discounts of an item, by the subscription's call or by the item's own."""
    subscription = shop.subscribe(shop.customer(), shop.price(1000))
    item = subscription["items"]["data"][0]["id"]
    calls = [
        (f"subscriptions/{subscription['id']}", {"items": [{"id": item, **given}]}),
        (f"subscription_items/{item}", given),
    ]
    for path, params in calls:
        assert shop.inside.call("POST", f"/v1/{path}", {**HELD, **params}).status == status


def test_a_sent_invoice_is_not_waited_for(shop: Shop) -> None:
    """Only subscriptions that are charged automatically hold an update."""
    sent = {"collection_method": "send_invoice", "days_until_due": 5}
    subscription = shop.subscribe(shop.customer(), shop.price(), **sent)
    items = shop.other_price(subscription, shop.price(5000))
    assert (
        shop.refused(f"subscriptions/{subscription['id']}", items=items, **HELD)["param"]
        == "payment_behavior"
    )


def test_a_failed_payment_changes_nothing(shop: Shop, failing: Any) -> None:
    """The subscription is as before but for `pending_update`, which expires after 23 hours."""
    shop.until("2026-01-10")
    changed = dearer(shop, failing, metadata={"a": "b"}, cancel_at_period_end=True)
    waiting = changed["pending_update"]
    assert waiting["expires_at"] == unix("2026-01-10") + 23 * HOUR
    assert waiting["subscription_items"][0]["price"]["unit_amount"] == 5000
    assert (waiting["metadata"], waiting["cancel_at_period_end"]) == ({"a": "b"}, True)
    assert changed["items"]["data"][0]["price"]["unit_amount"] == 1000
    assert (changed["metadata"], changed["cancel_at_period_end"], changed["status"]) == ({}, False, "active")


def test_it_is_applied_once_paid(shop: Shop, failing: Any) -> None:
    """Paying the invoice applies all of it and tells so."""
    invoice = dearer(shop, failing, metadata={"a": "b"})["latest_invoice"]
    card = shop.give_card(failing["customer"], "pm_card_visa")
    shop.forget()
    shop.post(f"invoices/{invoice['id']}/pay", payment_method=card)
    changed = shop.read(failing)
    assert (changed["pending_update"], changed["metadata"]) == (None, {"a": "b"})
    assert changed["items"]["data"][0]["price"]["unit_amount"] == 5000
    assert "customer.subscription.pending_update_applied" in shop.told()


def test_voiding_drops_it(shop: Shop, failing: Any) -> None:
    """Without its invoice nothing is applied."""
    invoice = dearer(shop, failing)["latest_invoice"]
    shop.post(f"invoices/{invoice['id']}/void")
    changed = shop.read(failing)
    assert (changed["pending_update"], changed["items"]["data"][0]["price"]["unit_amount"]) == (None, 1000)


def test_a_new_update_replaces_it(shop: Shop, failing: Any) -> None:
    """The invoice of the one before is voided."""
    first = dearer(shop, failing)["latest_invoice"]
    second = dearer(shop, failing)
    assert shop.get(f"invoices/{first['id']}")["status"] == "void"
    assert second["latest_invoice"]["status"] == "open"
    assert second["pending_update"] is not None


def test_it_expires(shop: Shop, failing: Any) -> None:
    """After 23 hours the invoice is voided and `pending_update_expired` sent."""
    invoice = dearer(shop, failing)["latest_invoice"]
    shop.until(JAN_1 + 23 * HOUR - 1)
    assert shop.read(failing)["pending_update"] is not None
    shop.forget()
    shop.until(JAN_1 + 23 * HOUR)
    assert shop.read(failing)["pending_update"] is None
    assert shop.get(f"invoices/{invoice['id']}")["status"] == "void"
    assert "customer.subscription.pending_update_expired" in shop.told()


def test_it_expires_with_the_period(shop: Shop, failing: Any) -> None:
    """Where the period ends within 23 hours, that is its end."""
    shop.until(unix("2026-02-01") - 5 * HOUR)
    items = shop.other_price(failing, shop.price(5_000_000))
    changed = shop.change(failing, items=items, **HELD)
    assert changed["pending_update"]["expires_at"] == unix("2026-02-01")


def test_an_item_may_be_taken_off_so(shop: Shop) -> None:
    """`payment_behavior=pending_if_incomplete` on DELETE of an item."""
    subscription = shop.subscribe(shop.customer(), shop.price(1000), shop.price(500))
    item = subscription["items"]["data"][0]["id"]
    assert shop.delete(f"subscription_items/{item}", **HELD)["deleted"]


def test_a_new_subscription_has_nothing_to_hold(shop: Shop) -> None:
    """On create the behavior is refused."""
    items = [{"price": shop.price()}]
    shop.refused(
        "subscriptions", customer=shop.customer(), items=items, payment_behavior="pending_if_incomplete"
    )
