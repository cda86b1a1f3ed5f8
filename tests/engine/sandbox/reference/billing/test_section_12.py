"""Section 12 of the reference: how does a trial begin and end?"""

from __future__ import annotations

import pytest

from tests.engine.sandbox.reference.shop import Shop, amounts
from tests.engine.sandbox.twin_client import unix


def test_the_start(shop: Shop) -> None:
    """12, bullet 2: an invoice of nothing, one line in the docs' words, and what its end sets."""
    product = shop.post("products", name="P", unit_label="user")["id"]
    sold = shop.subscribe(shop.customer(), shop.price(product=product), trial_period_days=10)
    invoice, end = sold["latest_invoice"], unix("2026-01-11")
    assert (invoice["status"], invoice["total"], invoice["attempt_count"]) == ("paid", 0, 0)
    assert invoice["attempted"] is True
    (line,) = invoice["lines"]["data"]
    assert (line["amount"], line["description"]) == (0, "Free trial for 1 user × P")  # noqa: RUF001
    assert line["period"] == {"start": unix("2026-01-01"), "end": end}
    item = sold["items"]["data"][0]
    assert sold["billing_cycle_anchor"] == sold["trial_end"] == item["current_period_end"] == end


def test_ended_now(shop: Shop) -> None:
    """12, bullet 4: `trial_end=now` bills and charges in the call."""
    sold = shop.subscribe(shop.customer(), shop.price(), trial_period_days=10)
    invoice = shop.change(sold, trial_end="now")["latest_invoice"]
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 1000)


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("create_invoice", "past_due"), ("cancel", "canceled"), ("pause", "paused")],
)
def test_the_end_without_a_card(shop: Shop, behavior: str, status: str) -> None:
    """12, bullet 5: what becomes of a trial that nobody can pay for."""
    end = {"end_behavior": {"missing_payment_method": behavior}}
    sold = shop.subscribe(shop.customer(None), shop.price(), trial_period_days=10, trial_settings=end)
    shop.until("2026-01-11T01:00")
    assert shop.read(sold)["status"] == status


def test_trials_that_are_refused(shop: Shop) -> None:
    """12, bullet 1: one way to say it, at most 730 days."""
    given = {"customer": shop.customer(), "items": [{"price": shop.price()}]}
    both = {"trial_end": unix("2026-02-01"), "trial_period_days": 3}
    assert shop.refused("subscriptions", **given, **both)["code"] == "parameters_exclusive"
    plan = {"trial_end": unix("2026-02-01"), "trial_from_plan": True}
    shop.refused("subscriptions", **given, **plan)
    shop.refused("subscriptions", **given, trial_period_days=731)
    shop.refused("subscriptions", **given, trial_end=unix("2028-01-02"))


def test_then_a_stretch_to_the_anchor(shop: Shop) -> None:
    """12, bullet 6: free, then prorated to the anchor, then full."""
    shop.until("2026-07-08")
    both = {"trial_end": unix("2026-07-22"), "billing_cycle_anchor": unix("2026-08-01")}
    sold = shop.subscribe(shop.customer(), shop.price(3100), **both)
    shop.until("2026-07-22")
    assert amounts(shop.latest(sold)) == [1000]
    shop.until("2026-08-01")
    assert amounts(shop.latest(sold)) == [3100]


def test_one_time_items_are_billed_now(shop: Shop) -> None:
    """12, bullet 7: a trial with one-time items invoices those."""
    once = [{"price": shop.price(500, None)}]
    sold = shop.subscribe(shop.customer(), shop.price(), trial_period_days=10, add_invoice_items=once)
    assert (sold["status"], sold["latest_invoice"]["amount_paid"]) == ("trialing", 500)


def test_a_price_added_during_the_trial(shop: Shop) -> None:
    """12, bullet 8: nothing is prorated, and the new item is free until the trial ends."""
    sold = shop.subscribe(shop.customer(), shop.price(), trial_period_days=10)
    shop.until("2026-01-05")
    added = shop.change(sold, items=[{"price": shop.price(2000)}], proration_behavior="always_invoice")
    assert added["latest_invoice"]["total"] == 0
    shop.until("2026-01-11")
    assert sorted(amounts(shop.latest(sold))) == [1000, 2000]
