"""Section 10 of the reference: in which ways does a subscription end?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import Shop, amounts
from tests.engine.sandbox.twin_client import unix

NAMES = ("status", "cancel_at", "canceled_at", "ended_at", "cancel_at_period_end")


def ending(subscription: Any) -> tuple[Any, ...]:
    return (*(subscription[name] for name in NAMES), subscription["cancellation_details"]["reason"])


ASKED = "cancellation_requested"
RUNNING = ("active", None, None, None, False, None)


def test_the_flag_and_back(shop: Shop) -> None:
    """10, rows 1 and 2: the flag shows date, time and reason at once; undone they are gone."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.until("2026-01-05")
    end, now = unix("2026-02-01"), unix("2026-01-05")
    assert ending(shop.change(sold, cancel_at_period_end=True)) == ("active", end, now, None, True, ASKED)
    assert ending(shop.change(sold, cancel_at_period_end=False)) == RUNNING


def test_the_flag_means_the_earliest_end(shop: Shop) -> None:
    """10, row 1, with mixed intervals: the earliest end of an item."""
    sold = shop.subscribe(shop.customer(), shop.price(9000, "year"), shop.price(100, "week"), shop.price())
    assert shop.change(sold, cancel_at_period_end=True)["cancel_at"] == unix("2026-01-08")


def test_a_date_inside_the_period(shop: Shop) -> None:
    """10, rows 3 and 4: the rest is credited; an empty text takes the date back."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    changed = shop.change(sold, cancel_at=unix("2026-01-20"))
    assert changed["cancel_at"] == unix("2026-01-20")
    (waits,) = shop.get("invoiceitems", customer=sold["customer"], pending=True)["data"]
    assert waits["amount"] == -774
    assert ending(shop.change(sold, cancel_at="")) == RUNNING


@pytest.mark.parametrize(
    ("name", "end"),
    [("min_period_end", "2026-01-08"), ("max_period_end", "2027-01-01"), ("max_billed_until", "2027-01-01")],
)
def test_dates_by_name(shop: Shop, name: str, end: str) -> None:
    """10, row 3: the earliest and the latest end of an item."""
    sold = shop.subscribe(shop.customer(), shop.price(9000, "year"), shop.price(100, "week"))
    assert shop.change(sold, cancel_at=name, proration_behavior="none")["cancel_at"] == unix(end)


def test_canceled_now_keeps_the_time_of_the_request(shop: Shop) -> None:
    """10, row 5: ended now, asked for earlier; flag and date are gone, items keep their periods."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.until("2026-01-05")
    shop.change(sold, cancel_at_period_end=True)
    shop.until("2026-01-06")
    gone = shop.delete(f"subscriptions/{sold['id']}")
    asked, ended = unix("2026-01-05"), unix("2026-01-06")
    assert ending(gone) == ("canceled", None, asked, ended, False, ASKED)
    assert gone["items"]["data"][0]["current_period_end"] == unix("2026-02-01")


@pytest.mark.parametrize(
    ("given", "waiting", "billed"),
    [
        ({}, [99], None),
        ({"prorate": True}, [-2065, 99, 2065, -1032], None),
        ({"invoice_now": True}, [], [99, -1032, 2065]),
    ],
)
def test_what_becomes_of_what_waits(
    shop: Shop, given: dict[str, Any], waiting: list[int], billed: list[int] | None
) -> None:
    """10, rows 6 to 8: prorate credits, invoice_now bills, neither removes prorations alone."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    shop.change(sold, items=[{"id": sold["items"]["data"][0]["id"], "quantity": 2}])
    entry = {"customer": sold["customer"], "subscription": sold["id"], "currency": "usd"}
    shop.post("invoiceitems", amount=99, **entry)
    shop.delete(f"subscriptions/{sold['id']}", **given)
    found = shop.get("invoiceitems", customer=sold["customer"], pending=True)["data"]
    assert sorted(item["amount"] for item in found) == sorted(waiting)
    invoice = shop.latest(sold)
    assert sorted(amounts(invoice)) == sorted(billed or [2000])


def test_at_the_end_what_waits_is_collected(shop: Shop) -> None:
    """10, row 9: pending prorations are on a last invoice."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    shop.change(sold, items=[{"id": sold["items"]["data"][0]["id"], "quantity": 2}])
    shop.change(sold, cancel_at_period_end=True)
    shop.until("2026-02-02")
    found = shop.read(sold)
    assert (found["status"], amounts(found["latest_invoice"])) == ("canceled", [-1032, 2065])


def test_a_trial_and_a_customer(shop: Shop) -> None:
    """10, last lines: a trial keeps its end; a deleted customer has no subscriptions."""
    customer, price = shop.customer(), shop.price()
    trial = shop.subscribe(customer, price, trial_period_days=10)
    gone = shop.delete(f"subscriptions/{trial['id']}")
    assert (gone["status"], gone["trial_end"]) == ("canceled", unix("2026-01-11"))
    sold = shop.subscribe(customer, price)
    shop.delete(f"customers/{customer}")
    assert shop.read(sold)["status"] == "canceled"
