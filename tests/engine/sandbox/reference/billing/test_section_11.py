"""Sections 8 and 11 of the reference: what do dunning and pausing leave behind?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import DECLINING, Shop, amounts
from tests.engine.sandbox.twin_client import unix


def late(shop: Shop) -> Any:
    """A subscription whose first renewal was declined."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.give_card(sold["customer"], DECLINING)
    shop.until("2026-02-01T01:00")
    return sold


def test_retries_are_told(shop: Shop) -> None:
    """8, next_payment_attempt: when the next try comes, null after the last."""
    shop.settings(retry_days=[3, 5])
    sold = late(shop)
    seen: list[tuple[int, int | None]] = []
    for day in ("2026-02-01", "2026-02-04", "2026-02-09"):
        shop.until(f"{day}T01:00")
        invoice = shop.latest(sold)
        seen.append((invoice["attempt_count"], invoice["next_payment_attempt"]))
    assert seen == [(1, unix("2026-02-04T01:00")), (2, unix("2026-02-09T01:00")), (3, None)]


def test_cancelling_stops_collection(shop: Shop) -> None:
    """8, cancelling: the finalized invoices are not collected any more."""
    sold = late(shop)
    shop.delete(f"subscriptions/{sold['id']}")
    invoice = shop.latest(sold)
    assert (invoice["status"], invoice["auto_advance"]) == ("open", False)
    shop.give_card(sold["customer"], "pm_card_visa")
    shop.until("2026-03-01")
    assert shop.latest(sold)["status"] == "open"


def test_given_up(shop: Shop) -> None:
    """8, after the last failure: the invoice may be uncollectible, and says why."""
    shop.settings(retry_days=[1], invoice_after_last_retry="uncollectible")
    sold = late(shop)
    shop.until("2026-02-02T01:00")
    invoice = shop.latest(sold)
    assert invoice["status"] == "uncollectible"
    assert invoice["status_details"]["uncollectible"]["reason"] == "max_payment_attempts"


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_a_pause_of_collection(shop: Shop, behavior: str, status: str) -> None:
    """11, pause_collection: the status stays, invoices go on and are kept, marked or voided."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.change(sold, pause_collection={"behavior": behavior})
    shop.until("2026-02-01T02:00")
    found = shop.read(sold)
    assert (found["status"], found["latest_invoice"]["status"]) == ("active", status)
    assert found["latest_invoice"]["auto_advance"] is False
    shop.change(sold, pause_collection="")
    shop.until("2026-02-02")
    assert shop.latest(sold)["status"] == status


def test_a_pause(shop: Shop) -> None:
    """11, paused: the period is cut, why is told, and no invoice comes."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.until("2026-01-16")
    paused = shop.post(f"subscriptions/{sold['id']}/pause")
    assert paused["items"]["data"][0]["current_period_end"] == unix("2026-01-16")
    why = paused["status_details"]["paused"]
    assert (why["type"], why["subscription"]["type"]) == ("subscription", "pause_requested")
    assert why["transitioned_at"] == unix("2026-01-16")
    shop.until("2026-04-01")
    assert shop.latest(sold)["id"] == sold["latest_invoice"]["id"]


def test_what_cannot_be_paused(shop: Shop) -> None:
    """11 and 3: not classic, not sent, not in trial, not incomplete, not canceled."""
    customer, price = shop.customer(), shop.price()
    kinds: list[dict[str, Any]] = [
        {"billing_mode": {"type": "classic"}},
        {"collection_method": "send_invoice", "days_until_due": 3},
        {"trial_period_days": 5},
        {"payment_behavior": "default_incomplete"},
    ]
    for more in kinds:
        shop.refused(f"subscriptions/{shop.subscribe(customer, price, **more)['id']}/pause")
    gone = shop.subscribe(customer, price)["id"]
    shop.delete(f"subscriptions/{gone}")
    shop.refused(f"subscriptions/{gone}/pause")


def test_changes_while_paused(shop: Shop) -> None:
    """11, paused: updates create no prorations."""
    sold = shop.subscribe(shop.customer(), shop.price(0))
    shop.until("2026-01-16")
    shop.post(f"subscriptions/{sold['id']}/pause")
    shop.change(sold, items=shop.other_price(sold, shop.price(5000)))
    assert shop.get("invoiceitems", customer=sold["customer"])["data"] == []


def test_resuming_begins_anew(shop: Shop) -> None:
    """11, resume: a new period from now on, billed at once, active when it is paid."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.until("2026-01-16")
    shop.post(f"subscriptions/{sold['id']}/pause")
    shop.until("2026-01-20")
    given = {"payment_behavior": "resume_on_payment_success"}
    resumed = shop.post(f"subscriptions/{sold['id']}/resume", **given)
    assert (resumed["status"], resumed["billing_cycle_anchor"]) == ("active", unix("2026-01-20"))
    assert 2000 in amounts(shop.latest(sold))


def test_an_unpaid_resumption_is_voided(shop: Shop) -> None:
    """11, resume: without an attempt the invoice is void after 23 hours, the subscription stays paused."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    shop.post(f"subscriptions/{sold['id']}/pause", bill_for={"unused_time_from": {"type": "none"}})
    shop.post(f"subscriptions/{sold['id']}/resume")
    assert (shop.read(sold)["status"], shop.latest(sold)["status"]) == ("paused", "open")
    shop.until("2026-01-01T23:00")
    assert (shop.read(sold)["status"], shop.latest(sold)["status"]) == ("paused", "void")
