"""Section 17: test clocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, JAN_1

from .shop import Shop

CLOCKS = "test_helpers/test_clocks"


def clock(shop: Shop, at: int = JAN_1, **more: Any) -> Any:
    return shop.post(CLOCKS, frozen_time=at, **more)


def subscriber(shop: Shop, clock_id: str) -> Any:
    buyer = shop.post("customers", test_clock=clock_id)["id"]
    shop.give_card(buyer, "pm_card_visa")
    return shop.subscribe(buyer, shop.price())


def test_a_clock_is_made(shop: Shop) -> None:
    """An instant and a name are given; it is ready, and deleted 30 days after it was made."""
    made = clock(shop, JAN_1 + DAY, name="mine")
    assert (made["object"], made["status"], made["name"]) == ("test_helpers.test_clock", "ready", "mine")
    assert made["frozen_time"] == JAN_1 + DAY
    assert made["deletes_after"] == made["created"] + 30 * DAY
    assert shop.refused(CLOCKS)["code"] == "parameter_missing"


def test_a_customer_joins_a_clock_at_creation_only(shop: Shop) -> None:
    """`customer[test_clock]` is no parameter of an update."""
    made = clock(shop)["id"]
    assert shop.refused(f"customers/{shop.customer()}", test_clock=made)["code"] == "parameter_unknown"
    assert shop.refused("customers", test_clock="clock_x")["param"] == "test_clock"


def test_three_customers_fit(shop: Shop) -> None:
    """A fourth customer is refused."""
    made = clock(shop)["id"]
    for _ in range(3):
        shop.post("customers", test_clock=made)
    assert shop.refused("customers", test_clock=made)["param"] == "test_clock"


@pytest.mark.parametrize(
    ("ahead", "status"),
    [(-1, 400), (0, 400), (1, 200), (730 * DAY, 200), (732 * DAY, 400)],
)
def test_how_far_a_clock_without_subscriptions_goes(shop: Shop, ahead: int, status: int) -> None:
    """Forwards only, and at most two years."""
    made = clock(shop)["id"]
    said = shop.inside.call("POST", f"/v1/{CLOCKS}/{made}/advance", {"frozen_time": JAN_1 + ahead})
    assert said.status == status


@pytest.mark.parametrize(("ahead", "status"), [(59 * DAY, 200), (59 * DAY + 1, 400)])
def test_two_intervals_of_the_shortest_subscription(shop: Shop, ahead: int, status: int) -> None:
    """Two months are January and February for a monthly subscription."""
    made = clock(shop)["id"]
    subscriber(shop, made)
    said = shop.inside.call("POST", f"/v1/{CLOCKS}/{made}/advance", {"frozen_time": JAN_1 + ahead})
    assert said.status == status


def test_nothing_is_written_while_a_clock_advances(shop: Shop) -> None:
    """It is `advancing` at first, and whatever is on it, or would come onto it, has to wait."""
    made = clock(shop)["id"]
    subscription = subscriber(shop, made)
    assert shop.post(f"{CLOCKS}/{made}/advance", frozen_time=JAN_1 + DAY)["status"] == "advancing"
    for path, given in (
        (f"customers/{subscription['customer']}", {"name": "A"}),
        (f"subscriptions/{subscription['id']}", {"metadata": {"a": "b"}}),
        ("invoiceitems", {"customer": subscription["customer"], "amount": 5, "currency": "usd"}),
        ("customers", {"test_clock": made}),
        (f"{CLOCKS}/{made}/advance", {"frozen_time": JAN_1 + 2 * DAY}),
    ):
        assert "advancement underway" in shop.refused(path, status=429, **given)["message"]
    shop.refused(f"{CLOCKS}/{made}", method="DELETE", status=429)
    assert shop.get(f"customers/{subscription['customer']}")["name"] is None


def test_what_is_on_a_clock_says_so_and_has_its_time(shop: Shop) -> None:
    """Customer, subscription and invoice show the clock and were created at its frozen time."""
    made = clock(shop, JAN_1 + 9 * DAY)["id"]
    subscription = subscriber(shop, made)
    buyer = shop.get(f"customers/{subscription['customer']}")
    for one in (buyer, subscription, subscription["latest_invoice"]):
        assert (one["test_clock"], one["created"]) == (made, JAN_1 + 9 * DAY)


def test_a_deleted_clock(shop: Shop) -> None:
    """Its customers are deleted and their subscriptions canceled."""
    made = clock(shop)["id"]
    subscription = subscriber(shop, made)
    assert shop.delete(f"{CLOCKS}/{made}")["deleted"]
    assert shop.get(f"customers/{subscription['customer']}")["deleted"]
    assert shop.get(f"subscriptions/{subscription['id']}")["status"] == "canceled"
    shop.refused(f"{CLOCKS}/{made}", method="GET", status=404)


def test_clocks_move_only_when_told(shop: Shop) -> None:
    """Neither another clock nor the live one moves with one that is advanced."""
    mine, other = clock(shop)["id"], clock(shop)["id"]
    on_mine, on_other = subscriber(shop, mine), subscriber(shop, other)
    live = shop.subscribe(shop.customer(), shop.price(1000, "week"))
    shop.until("2026-01-08T02:00")
    assert shop.latest(live)["billing_reason"] == "subscription_cycle"
    for one in (on_mine, on_other):
        assert shop.latest(one)["billing_reason"] == "subscription_create"
    assert [shop.get(f"{CLOCKS}/{one}")["frozen_time"] for one in (mine, other)] == [JAN_1, JAN_1]
