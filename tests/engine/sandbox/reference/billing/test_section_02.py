"""Section 2 of the reference: what do payment_behavior and proration_behavior do?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import DECLINING, Shop, amounts
from tests.engine.sandbox.twin_client import unix


@pytest.mark.parametrize(
    ("behavior", "http", "status", "total"),
    [
        ("allow_incomplete", 200, "past_due", 4000),
        ("default_incomplete", 200, "past_due", 4000),
        ("error_if_incomplete", 402, "active", 1000),
        ("pending_if_incomplete", 200, "active", 4000),
    ],
)
def test_update_that_is_declined(shop: Shop, behavior: str, http: int, status: str, total: int) -> None:
    """2, table: a change whose payment fails is applied, refused or held."""
    sold = shop.subscribe(shop.customer(), shop.price(1000))
    shop.give_card(sold["customer"], DECLINING)
    items = shop.other_price(sold, shop.price(5000))
    given = {"items": items, "payment_behavior": behavior, "proration_behavior": "always_invoice"}
    said = shop.inside.call("POST", f"/v1/subscriptions/{sold['id']}", given)
    now = shop.read(sold)
    assert (said.status, now["status"], now["latest_invoice"]["total"]) == (http, status, total)
    held = behavior == "pending_if_incomplete"
    assert bool(now["pending_update"]) is held
    applied = behavior in {"allow_incomplete", "default_incomplete"}
    assert now["items"]["data"][0]["price"]["unit_amount"] == (5000 if applied else 1000)


def test_pending_is_for_updates(shop: Shop) -> None:
    """2, table: a create takes no pending_if_incomplete."""
    given = {"customer": shop.customer(), "items": [{"price": shop.price()}]}
    told = shop.refused("subscriptions", payment_behavior="pending_if_incomplete", **given)
    assert told["param"] == "payment_behavior"


NO_CARD_NEEDED: list[tuple[dict[str, Any], str]] = [
    ({"payment_behavior": "default_incomplete"}, "incomplete"),
    ({"trial_period_days": 3}, "trialing"),
    ({"collection_method": "send_invoice", "days_until_due": 1}, "active"),
]


@pytest.mark.parametrize(("given", "status"), NO_CARD_NEEDED)
def test_starts_without_a_card(shop: Shop, given: dict[str, Any], status: str) -> None:
    """2, after the table: what needs no card; send_invoice is active whatever becomes of its invoice."""
    assert shop.subscribe(shop.customer(None), shop.price(), **given)["status"] == status


NEVER: list[dict[str, Any]] = [
    {"metadata": {"a": "b"}},
    {"description": "x"},
    {"collection_method": "send_invoice", "days_until_due": 3},
    {"trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}}},
    {"pause_collection": {"behavior": "void"}},
    {"cancel_at_period_end": True},
    {"proration_date": unix("2026-01-10")},
    {"discounts": "coupon"},
    {"add_invoice_items": "one"},
]


@pytest.mark.parametrize("given", NEVER, ids=lambda given: next(iter(given)))
def test_changes_that_never_prorate(shop: Shop, given: dict[str, Any]) -> None:
    """2, proration_behavior: always_invoice makes no invoice where nothing is prorated."""
    coupon = shop.post("coupons", percent_off=10, duration="forever")["id"]
    made = {"coupon": [{"coupon": coupon}], "one": [{"price": shop.price(500, None)}]}
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    wanted = {
        name: made.get(value, value) if isinstance(value, str) else value for name, value in given.items()
    }
    changed = shop.change(sold, proration_behavior="always_invoice", **wanted)
    assert changed["latest_invoice"]["id"] == sold["latest_invoice"]["id"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("add", [258]),
        ("remove", [-516]),
        ("price", [258, -1032]),
        ("quantity", [3097, -1032]),
        ("trial_end", [-516, -1032]),
        ("anchor", [-516, -1032]),
        ("cancel_at", [-387, -774]),
    ],
)
def test_changes_that_prorate(shop: Shop, kind: str, expected: list[int]) -> None:
    """2, proration_behavior: items, price, quantity, trial_end, anchor and a cancel_at inside the period."""
    sold = shop.subscribe(shop.customer(), shop.price(2000), shop.price(1000))
    first, second = (item["id"] for item in sold["items"]["data"])
    cheap = shop.price(500)
    changes: dict[str, dict[str, Any]] = {
        "add": {"items": [{"price": cheap}]},
        "remove": {"items": [{"id": second, "deleted": True}]},
        "price": {"items": [{"id": first, "price": cheap}]},
        "quantity": {"items": [{"id": first, "quantity": 3}]},
        "trial_end": {"trial_end": unix("2026-01-20")},
        "anchor": {"billing_cycle_anchor": {"type": "now"}},
        "cancel_at": {"cancel_at": unix("2026-01-20")},
    }
    shop.until("2026-01-16")
    shop.change(sold, **changes[kind])
    found = shop.get("invoiceitems", customer=sold["customer"])["data"]
    assert [item["amount"] for item in found] == expected


def test_what_waits_rides_on_the_next_invoice(shop: Shop) -> None:
    """2, proration_behavior: create_prorations does not stop an invoice that is made anyway."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    shop.change(sold, items=[{"id": sold["items"]["data"][0]["id"], "quantity": 2}])
    changed = shop.change(sold, billing_cycle_anchor={"type": "now"})
    assert {-1032, 2065, 4000} <= set(amounts(changed["latest_invoice"]))


def test_a_new_price_means_one(shop: Shop) -> None:
    """2, last line: another price without a quantity sets the quantity to 1."""
    price = shop.price()
    items = [{"price": price, "quantity": 5}]
    sold = shop.post("subscriptions", customer=shop.customer(), items=items)
    changed = shop.change(sold, items=shop.other_price(sold, shop.price(3000)))
    assert changed["items"]["data"][0]["quantity"] == 1
