"""Section 4 of the reference: which events does each happening make, and in which order?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import DECLINING, THREE_D_SECURE, Shop
from tests.engine.sandbox.twin_client import unix

OPENED = ["invoice.created", "invoice.finalized"]
CHARGED = ["charge.succeeded", "payment_intent.succeeded"]
SETTLED = ["invoice.updated", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"]
PAID = ["payment_intent.created", *CHARGED, *SETTLED]
NOTHING_DUE = [*OPENED, "invoice.paid", "invoice.payment_succeeded"]
DECLINED = ["charge.failed", "payment_intent.payment_failed", "invoice.updated", "invoice.payment_failed"]
CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
DELETED = "customer.subscription.deleted"
WILL_END = "customer.subscription.trial_will_end"
ENTITLED = "entitlements.active_entitlement_summary.updated"
STARTED_UNPAID = [CREATED, *OPENED, "payment_intent.created"]


def started(shop: Shop, card: str | None = "pm_card_visa", **more: Any) -> Any:
    """A subscription of 10.00 a month; its events are behind us."""
    made = shop.subscribe(shop.customer(card), shop.price(), **more)
    shop.forget()
    return made


def start_told(shop: Shop, card: str | None, **more: Any) -> list[str]:
    customer, price = shop.customer(card), shop.price()
    shop.forget()
    shop.subscribe(customer, price, **more)
    return shop.told()


def test_create_paid_at_once(shop: Shop) -> None:
    """4, row 1: payment first, then the invoice, the active subscription last."""
    paid = ["payment_intent.created", *CHARGED, *OPENED, *SETTLED, CREATED]
    assert start_told(shop, "pm_card_visa") == paid


def test_create_default_incomplete(shop: Shop) -> None:
    """4, row 2: the incomplete subscription first; what confirming it makes."""
    customer, price = shop.customer(), shop.price()
    shop.forget()
    subscription = shop.subscribe(customer, price, payment_behavior="default_incomplete")
    assert shop.told() == STARTED_UNPAID
    shop.post(f"payment_intents/{shop.intent(subscription['latest_invoice'])}/confirm")
    told = shop.events()
    assert [event["type"] for event in told] == [*CHARGED, *SETTLED, UPDATED]
    assert told[-1]["data"]["previous_attributes"] == {"status": "incomplete"}


def test_create_declined(shop: Shop) -> None:
    """4, row 3: a start whose card is declined."""
    assert start_told(shop, DECLINING) == [*STARTED_UNPAID, *DECLINED]


def test_create_3d_secure(shop: Shop) -> None:
    """4, row 4: a start whose bank wants to see the buyer."""
    asks = ["payment_intent.requires_action", "invoice.updated", "invoice.payment_action_required"]
    assert start_told(shop, THREE_D_SECURE) == [*STARTED_UNPAID, *asks, "invoice.payment_failed"]


def test_23_hours_pass(shop: Shop) -> None:
    """4, row 5: an unpaid start expires, and nothing tells of a deletion."""
    started(shop, payment_behavior="default_incomplete")
    shop.until("2026-01-01T23:00")
    assert shop.told() == ["invoice.voided", "payment_intent.canceled", UPDATED]


@pytest.mark.parametrize(("card", "asked"), [("pm_card_visa", []), (None, ["setup_intent.created"])])
def test_trial_start(shop: Shop, card: str | None, asked: list[str]) -> None:
    """4, row 6: an invoice of nothing, and a SetupIntent where there is no card."""
    assert start_told(shop, card, trial_period_days=14) == [*NOTHING_DUE, CREATED, *asked]


def test_trial_will_end(shop: Shop) -> None:
    """4, row 7: three days before the end."""
    started(shop, trial_period_days=14)
    shop.until(unix("2026-01-12") - 1)
    assert shop.told() == []
    shop.until("2026-01-12")
    assert shop.told() == [WILL_END]


def test_trial_will_end_at_once(shop: Shop) -> None:
    """4, row 7: at once where the trial is shorter than three days, or is made so."""
    assert start_told(shop, "pm_card_visa", trial_period_days=2) == [*NOTHING_DUE, CREATED, WILL_END]
    subscription = started(shop, trial_period_days=14)
    shop.change(subscription, trial_end=unix("2026-01-03"))
    assert shop.told() == [WILL_END, UPDATED]


def test_trial_ended_early(shop: Shop) -> None:
    """4, row 7: `trial_end=now` tells at once too."""
    subscription = started(shop, trial_period_days=14)
    shop.change(subscription, trial_end="now")
    assert shop.told() == [*OPENED, *PAID, WILL_END, UPDATED]


def test_trial_end(shop: Shop) -> None:
    """4, row 8: the status turns and a draft is made; it is collected an hour later."""
    started(shop, trial_period_days=14)
    shop.until(unix("2026-01-15") - 1)
    shop.forget()
    shop.until("2026-01-15")
    told = shop.events()
    assert [event["type"] for event in told] == [UPDATED, "invoice.created"]
    assert told[0]["data"]["previous_attributes"]["status"] == "trialing"
    assert "items" in told[0]["data"]["previous_attributes"]
    assert told[1]["data"]["object"]["status"] == "draft"
    shop.until("2026-01-15T01:00")
    assert shop.told() == ["invoice.finalized", *PAID]


def test_renewal(shop: Shop) -> None:
    """4, row 9: announced, a draft at the end of the period, collected an hour later."""
    shop.settings(upcoming_days=3)
    started(shop)
    shop.until("2026-01-29")
    assert shop.told() == ["invoice.upcoming"]
    shop.until("2026-02-01")
    told = shop.events()
    assert [event["type"] for event in told] == [UPDATED, "invoice.created"]
    assert {"items", "latest_invoice"} <= set(told[0]["data"]["previous_attributes"])
    draft = told[1]["data"]["object"]
    assert (draft["status"], draft["billing_reason"]) == ("draft", "subscription_cycle")
    shop.until("2026-02-01T01:00")
    assert shop.told() == ["invoice.finalized", *PAID]


def test_sent_renewals_are_not_announced(shop: Shop) -> None:
    """4, row 9: no `invoice.upcoming` for send_invoice."""
    shop.settings(upcoming_days=3)
    started(shop, collection_method="send_invoice", days_until_due=60)
    shop.until("2026-01-31")
    assert shop.told() == ["invoice.finalized", "payment_intent.created", "invoice.sent"]


ENDS: list[tuple[str, str, list[str]]] = [
    ("cancel", "open", [DELETED]),
    ("cancel", "uncollectible", [DELETED, "invoice.marked_uncollectible"]),
    ("unpaid", "open", [UPDATED]),
    ("unpaid", "uncollectible", [UPDATED, "invoice.marked_uncollectible"]),
    ("past_due", "open", []),
]


@pytest.mark.parametrize(("subscription_ends", "invoice_ends", "final"), ENDS)
def test_renewal_failing(shop: Shop, subscription_ends: str, invoice_ends: str, final: list[str]) -> None:
    """4, row 10: declined, retried, and what the last retry makes by the account's setting."""
    shop.settings(
        retry_days=[3, 5], after_last_retry=subscription_ends, invoice_after_last_retry=invoice_ends
    )
    subscription = started(shop)
    shop.give_card(subscription["customer"], DECLINING)
    shop.until("2026-02-01")
    shop.forget()
    shop.until("2026-02-01T01:00")
    assert shop.told() == ["invoice.finalized", "payment_intent.created", *DECLINED, UPDATED]
    shop.until("2026-02-04T01:00")
    assert shop.told() == DECLINED
    shop.until("2026-02-09T01:00")
    told = shop.events()
    assert [event["type"] for event in told] == [*DECLINED, *final]
    if DELETED in final:
        details = told[len(DECLINED)]["data"]["object"]["cancellation_details"]
        assert details["reason"] == "payment_failed"


def test_update_create_prorations(shop: Shop) -> None:
    """4, row 11: the items that wait, then the subscription."""
    subscription = started(shop)
    items = shop.other_price(subscription, shop.price(5000))
    shop.until("2026-01-16")
    shop.forget()
    shop.change(subscription, items=items)
    assert shop.told() == ["invoiceitem.created", "invoiceitem.created", UPDATED]


def test_update_always_invoice(shop: Shop) -> None:
    """4, row 12: the items, their invoice and its payment, then the subscription."""
    subscription = started(shop)
    items = shop.other_price(subscription, shop.price(5000))
    shop.until("2026-01-16")
    shop.forget()
    shop.change(subscription, items=items, proration_behavior="always_invoice")
    assert shop.told() == ["invoiceitem.created", "invoiceitem.created", *OPENED, *PAID, UPDATED]


def test_cancel_at_period_end_and_undone(shop: Shop) -> None:
    """4, row 13: one update each."""
    subscription = started(shop)
    for flag in (True, False):
        shop.change(subscription, cancel_at_period_end=flag)
        assert shop.told() == [UPDATED]


def test_canceled_now(shop: Shop) -> None:
    """4, row 14: one deletion, of a canceled subscription."""
    shop.delete(f"subscriptions/{started(shop)['id']}")
    told = shop.events()
    assert [event["type"] for event in told] == [DELETED]
    assert told[0]["data"]["object"]["status"] == "canceled"


def test_canceled_now_with_an_invoice(shop: Shop) -> None:
    """4, row 14: with invoice_now the invoice comes before the deletion."""
    subscription = started(shop)
    waits = {"subscription": subscription["id"], "amount": 700, "currency": "usd"}
    shop.post("invoiceitems", customer=subscription["customer"], **waits)
    shop.forget()
    shop.delete(f"subscriptions/{subscription['id']}", invoice_now=True)
    assert shop.told() == [*OPENED, *PAID, DELETED]


def product_with_feature(shop: Shop) -> str:
    product = str(shop.post("products", name="Pro")["id"])
    feature = shop.post("entitlements/features", name="Seats", lookup_key="seats")["id"]
    shop.post(f"products/{product}/features", entitlement_feature=feature)
    return product


def test_pause_and_resume(shop: Shop) -> None:
    """4, row 15: paused or resumed, then the update, then the entitlements."""
    subscription = shop.subscribe(shop.customer(), shop.price(0, product=product_with_feature(shop)))
    shop.forget()
    shop.post(f"subscriptions/{subscription['id']}/pause")
    assert shop.told() == ["customer.subscription.paused", UPDATED, ENTITLED]
    unchanged = {"billing_cycle_anchor": {"type": "unchanged"}}
    shop.post(f"subscriptions/{subscription['id']}/resume", **unchanged)
    assert shop.told() == ["customer.subscription.resumed", UPDATED, ENTITLED]


def test_pause_collection(shop: Shop) -> None:
    """4, row 16: an update only, never paused or resumed."""
    subscription = started(shop)
    for wanted in ({"behavior": "void"}, ""):
        shop.change(subscription, pause_collection=wanted)
        assert shop.told() == [UPDATED]


def scheduled(shop: Shop, end: str, **more: Any) -> Any:
    """A schedule whose second phase begins then and lasts a month, at half the price."""
    subscription = started(shop)
    schedule = shop.post("subscription_schedules", from_subscription=subscription["id"])
    first = {**_of_price(subscription["items"]["data"][0]["price"]["id"]), "start_date": unix("2026-01-01")}
    second = {**_of_price(shop.price(500)), "duration": {"interval": "month"}}
    phases = [{**first, "end_date": unix(end)}, second]
    shop.forget()
    return shop.post(f"subscription_schedules/{schedule['id']}", phases=phases, **more)


def _of_price(price: str) -> dict[str, Any]:
    return {"items": [{"price": price}]}


def test_schedule_created_updated_and_released(shop: Shop) -> None:
    """4, row 17: what is done to a schedule by hand."""
    phases = [{**_of_price(shop.price()), "duration": {"interval": "month"}}]
    customer = shop.customer()
    shop.forget()
    given = {"customer": customer, "start_date": unix("2026-03-01"), "phases": phases}
    later = shop.post("subscription_schedules", **given)
    assert shop.told() == ["subscription_schedule.created"]
    shop.post(f"subscription_schedules/{later['id']}", metadata={"a": "b"})
    assert shop.told() == ["subscription_schedule.updated"]
    shop.post(f"subscription_schedules/{later['id']}/cancel")
    assert shop.told() == ["subscription_schedule.canceled"]
    schedule = scheduled(shop, "2026-02-01")
    shop.forget()
    shop.post(f"subscription_schedules/{schedule['id']}/release")
    assert shop.told() == ["subscription_schedule.released", UPDATED]


def test_schedule_completed(shop: Shop) -> None:
    """4, row 17: announced seven days before its end, completed with its subscription's end."""
    scheduled(shop, "2026-02-01", end_behavior="cancel")
    shop.until(unix("2026-02-22") - 1)
    shop.forget()
    shop.until("2026-02-22")
    assert shop.told() == ["subscription_schedule.expiring"]
    shop.until("2026-03-01")
    assert shop.told() == ["subscription_schedule.completed", DELETED]


def test_schedule_aborted(shop: Shop) -> None:
    """4, row 17: aborted when its subscription is canceled because nobody pays."""
    shop.settings(retry_days=[], after_last_retry="cancel")
    schedule = scheduled(shop, "2026-03-01")
    shop.give_card(schedule["customer"], DECLINING)
    shop.until("2026-02-01")
    shop.forget()
    shop.until("2026-02-01T01:00")
    attempt = ["invoice.finalized", "payment_intent.created", *DECLINED]
    assert shop.told() == [*attempt, UPDATED, "subscription_schedule.aborted", DELETED]


def test_phase_change(shop: Shop) -> None:
    """4, row 18: the schedule, then its subscription; what is prorated waits."""
    scheduled(shop, "2026-01-16")
    shop.forget()
    shop.until("2026-01-16")
    items = ["invoiceitem.created", "invoiceitem.created"]
    assert shop.told() == [*items, "subscription_schedule.updated", UPDATED]


def test_phase_change_at_the_end_of_a_period(shop: Shop) -> None:
    """4, rows 18 and 9: the phase, then the renewal with its draft."""
    scheduled(shop, "2026-02-01")
    shop.forget()
    shop.until("2026-02-01")
    assert shop.told() == ["subscription_schedule.updated", UPDATED, UPDATED, "invoice.created"]


def held_update(shop: Shop) -> Any:
    subscription = started(shop)
    items = shop.other_price(subscription, shop.price(5000))
    shop.give_card(subscription["customer"], DECLINING)
    shop.until("2026-01-16")
    shop.forget()
    behavior = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    held = shop.change(subscription, items=items, **behavior)
    entries = ["invoiceitem.created", "invoiceitem.created"]
    assert shop.told() == [*entries, *OPENED, "payment_intent.created", *DECLINED, UPDATED]
    return held


def test_pending_update_applied(shop: Shop) -> None:
    """4, row 19: an update that waits, then its application."""
    held = held_update(shop)
    shop.give_card(held["customer"], "pm_card_visa")
    shop.forget()
    shop.post(f"invoices/{held['latest_invoice']['id']}/pay")
    applied = "customer.subscription.pending_update_applied"
    assert shop.told() == [*CHARGED, *SETTLED, applied, UPDATED]


def test_pending_update_expired(shop: Shop) -> None:
    """4, row 19: an update that nobody paid for expires."""
    held_update(shop)
    shop.until("2026-01-16T23:00")
    expired = "customer.subscription.pending_update_expired"
    assert shop.told() == ["invoice.voided", "payment_intent.canceled", expired, UPDATED]


def session(shop: Shop) -> str:
    line_items = [{"price": shop.price(), "quantity": 1}]
    given = {"mode": "subscription", "success_url": "https://example.com/ok", "line_items": line_items}
    made = shop.post("checkout/sessions", customer=shop.customer(), **given)["id"]
    shop.forget()
    return str(made)


def test_checkout_expired(shop: Shop) -> None:
    """4, row 20: a session that ends by hand, or after a day."""
    by_hand = session(shop)
    shop.post(f"checkout/sessions/{by_hand}/expire")
    assert shop.told() == ["checkout.session.expired"]
    session(shop)
    shop.until("2026-01-02")
    assert shop.told() == ["checkout.session.expired"]


def test_entitlements(shop: Shop) -> None:
    """4, row 21: a summary whenever a customer's active entitlements change, and only then."""
    customer, price = shop.customer(), shop.price(product=product_with_feature(shop))
    shop.forget()
    subscription = shop.subscribe(customer, price)
    assert shop.told()[-1] == ENTITLED
    shop.change(subscription, metadata={"a": "b"})
    assert shop.told() == [UPDATED]
    shop.delete(f"subscriptions/{subscription['id']}")
    assert shop.told() == [DELETED, ENTITLED]


def test_clocks(shop: Shop) -> None:
    """4, row 22: a clock is made, moves, is ready, and is deleted."""
    made = shop.post("test_helpers/test_clocks", frozen_time=unix("2026-01-01"))["id"]
    assert shop.told() == ["test_helpers.test_clock.created"]
    shop.delete(f"test_helpers/test_clocks/{made}")
    assert shop.told() == ["test_helpers.test_clock.deleted"]


def test_paid_elsewhere_is_paid(shop: Shop) -> None:
    """4, last lines: `invoice.paid` fires for payment out of band too (for nothing due: row 6)."""
    customer = shop.customer()
    invoice = shop.post("invoices", customer=customer)["id"]
    shop.post("invoiceitems", customer=customer, invoice=invoice, amount=900, currency="usd")
    shop.post(f"invoices/{invoice}/finalize")
    shop.post(f"invoices/{invoice}/pay", paid_out_of_band=True)
    assert "invoice.paid" in shop.told()
