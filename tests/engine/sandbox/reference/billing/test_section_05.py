"""Section 5 of the reference: when does a period end?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import Shop, amounts
from tests.engine.sandbox.twin_client import unix


def ends(subscription: Any) -> list[int]:
    return [item["current_period_end"] for item in subscription["items"]["data"]]


def test_the_default_anchor(shop: Shop) -> None:
    """5, bullet 1: the creation, or the end of the trial."""
    customer, price = shop.customer(), shop.price()
    plain = shop.subscribe(customer, price)
    trial = shop.subscribe(customer, price, trial_period_days=14)
    anchors = [each["billing_cycle_anchor"] for each in (plain, trial)]
    assert anchors == [unix("2026-01-01"), unix("2026-01-15")]


def test_ends_of_months(shop: Shop) -> None:
    """5, bullet 2: always from the anchor, leap years too."""
    shop.until("2027-12-31")
    sold = shop.subscribe(shop.customer(), shop.price())
    found: list[int] = []
    for _ in range(4):
        (end,) = ends(shop.read(sold))
        found.append(end)
        shop.until(end)
    days = ("2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30")
    assert found == [unix(day) for day in days]


def test_a_future_anchor(shop: Shop) -> None:
    """5, bullet 3: a prorated invoice now; with proration none nothing, and no invoice."""
    customer, price, anchor = shop.customer(), shop.price(3000), unix("2026-01-20")
    sold = shop.subscribe(customer, price, billing_cycle_anchor=anchor)
    assert (amounts(sold["latest_invoice"]), ends(sold)) == ([1839], [anchor])
    free = shop.subscribe(customer, price, billing_cycle_anchor=anchor, proration_behavior="none")
    assert (free["latest_invoice"], ends(free)) == (None, [anchor])


@pytest.mark.parametrize(
    ("config", "anchor", "first_end"),
    [
        ({"day_of_month": 15}, "2026-01-15", "2026-01-15"),
        ({"day_of_month": 1, "month": 3}, "2026-03-01", "2026-02-01"),
        (
            {"day_of_month": 2, "hour": 5, "minute": 6, "second": 7},
            "2026-01-02T05:06:07",
            "2026-01-02T05:06:07",
        ),
    ],
)
def test_an_anchor_by_calendar(shop: Shop, config: dict[str, int], anchor: str, first_end: str) -> None:
    """5, bullet 4: the anchor may lie further than a period ahead, the first full invoice does not."""
    sold = shop.subscribe(shop.customer(), shop.price(), billing_cycle_anchor_config=config)
    assert (sold["billing_cycle_anchor"], ends(sold)) == (unix(anchor), [unix(first_end)])


def test_one_way_to_say_an_anchor(shop: Shop) -> None:
    """5, bullet 4: exclusive with a timestamp; monthly and yearly prices only."""
    day = {"billing_cycle_anchor_config": {"day_of_month": 1}}
    both = {"billing_cycle_anchor": unix("2026-01-20"), **day}
    customer = shop.customer()
    given = {"customer": customer, "items": [{"price": shop.price()}]}
    assert shop.refused("subscriptions", **given, **both)["code"] == "parameters_exclusive"
    weekly = {"customer": customer, "items": [{"price": shop.price(100, "week")}]}
    assert shop.refused("subscriptions", **weekly, **day)["param"] == "billing_cycle_anchor_config"


def test_an_anchor_reset(shop: Shop) -> None:
    """5, bullet 5: the period begins now and is billed at once."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    changed = shop.change(sold, billing_cycle_anchor={"type": "now"})
    invoice = changed["latest_invoice"]
    assert (invoice["status"], amounts(invoice)) == ("paid", [-1032, 2000])
    assert (changed["billing_cycle_anchor"], ends(changed)) == (unix("2026-01-16"), [unix("2026-02-16")])


def test_a_trial_moves_the_anchor(shop: Shop) -> None:
    """5, bullet 6: the docs' example of a trial on a running subscription."""
    shop.until("2026-06-23")
    sold = shop.subscribe(shop.customer(), shop.price(1000))
    shop.until("2026-07-15")
    changed = shop.change(sold, trial_end=unix("2026-08-01"), proration_behavior="none")
    assert (changed["status"], changed["latest_invoice"]["total"]) == ("trialing", 0)
    assert changed["billing_cycle_anchor"] == unix("2026-08-01")
    shop.until("2026-07-31")
    assert shop.latest(sold)["id"] == changed["latest_invoice"]["id"]
    shop.until("2026-08-01T01:00")
    later = shop.read(sold)
    assert (later["latest_invoice"]["amount_paid"], ends(later)) == (1000, [unix("2026-09-01")])


def test_mixed_intervals(shop: Shop) -> None:
    """5, bullet 7: each item its own period, one invoice holds what is due together."""
    prices = [shop.price(100, "day"), shop.price(1000), shop.price(10000, "year")]
    sold = shop.subscribe(shop.customer(), *prices)
    assert ends(sold) == [unix("2026-01-02"), unix("2026-02-01"), unix("2027-01-01")]
    shop.until("2026-01-02")
    assert amounts(shop.latest(sold)) == [100]
    shop.until("2026-02-01")
    assert amounts(shop.latest(sold)) == [100, 1000]


@pytest.mark.parametrize(
    ("interval", "count", "http"),
    [("day", 1095, 200), ("day", 1096, 400), ("week", 156, 200), ("week", 157, 400),
     ("month", 36, 200), ("month", 37, 400), ("year", 3, 200), ("year", 4, 400)],
)  # fmt: skip
def test_at_most_three_years(shop: Shop, interval: str, count: int, http: int) -> None:
    """5, bullet 8: intervals of up to three years."""
    product = shop.post("products", name="Pro")["id"]
    recurring = {"interval": interval, "interval_count": count}
    given = {"product": product, "currency": "usd", "unit_amount": 1, "recurring": recurring}
    assert shop.inside.call("POST", "/v1/prices", given).status == http
