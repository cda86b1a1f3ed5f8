"""Section 3 of the reference: through which statuses does a subscription go?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import DECLINING, THREE_D_SECURE, Shop
from tests.engine.sandbox.twin_client import unix


@pytest.mark.parametrize(
    ("card", "count", "intent"),
    [(DECLINING, 1, "requires_payment_method"), (THREE_D_SECURE, 0, "requires_action")],
)
def test_an_unpaid_start(shop: Shop, card: str, count: int, intent: str) -> None:
    """3, after the table: intent, invoice and subscription after a card error or 3D Secure."""
    sold = shop.subscribe(shop.customer(card), shop.price())
    invoice = sold["latest_invoice"]
    assert (sold["status"], invoice["status"], invoice["attempted"]) == ("incomplete", "open", True)
    assert (invoice["attempt_count"], invoice["auto_advance"]) == (count, True)
    assert (bool(invoice["number"]), invoice["next_payment_attempt"]) == (True, None)
    assert shop.get(f"payment_intents/{shop.intent(invoice)}")["status"] == intent


def test_a_paid_start(shop: Shop) -> None:
    """3, after the table: the instants of a paid start are all the same."""
    sold = shop.subscribe(shop.customer(), shop.price())
    invoice = sold["latest_invoice"]
    assert (invoice["status"], invoice["attempt_count"], invoice["auto_advance"]) == ("paid", 1, False)
    moments = invoice["status_transitions"]
    instants = {invoice["period_start"], invoice["period_end"], invoice["created"], sold["start_date"]}
    assert instants | {moments["finalized_at"], moments["paid_at"]} == {unix("2026-01-01")}


@pytest.mark.parametrize("end", ["wait", "void"])
def test_incomplete_expired(shop: Shop, end: str) -> None:
    """3, table: not paid within 23 hours, or the first invoice voided; terminal."""
    sold = shop.subscribe(shop.customer(), shop.price(), payment_behavior="default_incomplete")
    if end == "wait":
        shop.until("2026-01-01T23:00")
    else:
        shop.post(f"invoices/{sold['latest_invoice']['id']}/void")
    found = shop.read(sold)
    assert (found["status"], found["latest_invoice"]["status"]) == ("incomplete_expired", "void")


def past_due(shop: Shop) -> Any:
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.give_card(sold["customer"], DECLINING)
    shop.until("2026-02-01T01:00")
    found = shop.read(sold)
    assert found["status"] == "past_due"
    return found


@pytest.mark.parametrize("call", ["pay", "mark_uncollectible", "void"])
def test_past_due_is_left(shop: Shop, call: str) -> None:
    """3, table: past_due to active when the latest invoice is paid, given up or voided."""
    sold = past_due(shop)
    shop.give_card(sold["customer"], "pm_card_visa")
    shop.post(f"invoices/{sold['latest_invoice']['id']}/{call}")
    assert shop.read(sold)["status"] == "active"


def test_sent_and_overdue(shop: Shop) -> None:
    """3, table: send_invoice is past_due after its due date, and active when it is paid then."""
    sent = {"collection_method": "send_invoice", "days_until_due": 3}
    sold = shop.subscribe(shop.customer(), shop.price(), **sent)
    assert sold["status"] == "active"
    shop.until("2026-01-04T01:00")
    late = shop.read(sold)
    assert late["status"] == "past_due"
    shop.post(f"invoices/{late['latest_invoice']['id']}/pay", paid_out_of_band=True)
    assert shop.read(sold)["status"] == "active"


def test_unpaid_is_left(shop: Shop) -> None:
    """3, table, and 8: unpaid makes drafts without attempts; finalized and paid it is active."""
    shop.settings(retry_days=[1], after_last_retry="unpaid")
    sold = past_due(shop)
    shop.until("2026-03-02")
    found = shop.read(sold)
    draft = found["latest_invoice"]
    assert (found["status"], draft["status"], draft["auto_advance"]) == ("unpaid", "draft", False)
    shop.give_card(sold["customer"], "pm_card_visa")
    shop.post(f"invoices/{draft['id']}", auto_advance=True)
    assert shop.post(f"invoices/{draft['id']}/finalize")["status"] == "paid"
    assert shop.read(sold)["status"] == "active"


TAKEN: list[dict[str, Any]] = [
    {"metadata": {"a": "b"}},
    {"description": "x"},
    {"payment_settings": {"save_default_payment_method": "on_subscription"}},
]
REFUSED: list[dict[str, Any]] = [
    {"cancel_at_period_end": True},
    {"trial_end": unix("2026-03-01")},
    {"cancel_at": unix("2026-02-15")},
    {"pause_collection": {"behavior": "void"}},
    {"billing_cycle_anchor": {"type": "now"}},
    {"collection_method": "send_invoice", "days_until_due": 3},
]


def test_what_an_incomplete_one_takes(shop: Shop) -> None:
    """3, after the table: only attributes that create no invoice and no item."""
    sold = shop.subscribe(shop.customer(), shop.price(), payment_behavior="default_incomplete")
    for given in TAKEN:
        shop.change(sold, **given)
    for given in REFUSED:
        shop.refused(f"subscriptions/{sold['id']}", **given)
    shop.refused(f"subscriptions/{sold['id']}", items=[{"price": shop.price()}])
    assert shop.read(sold)["status"] == "incomplete"


def test_what_a_canceled_one_takes(shop: Shop) -> None:
    """3, last line: metadata and cancellation details; the rest has an error code of its own."""
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.delete(f"subscriptions/{sold['id']}")
    shop.change(sold, metadata={"a": "b"})
    shop.change(sold, cancellation_details={"comment": "too dear"})
    told = shop.refused(f"subscriptions/{sold['id']}", description="x")
    assert told["code"] == "invalid_canceled_subscription_fields"
