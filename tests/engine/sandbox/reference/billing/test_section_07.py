"""Section 7 of the reference: how does an invoice live?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import DECLINING, Shop, amounts
from tests.engine.sandbox.twin_client import unix


def opened(shop: Shop, customer: str, **more: Any) -> Any:
    """A finalized invoice of 10.00."""
    draft = shop.post("invoices", customer=customer, **more)["id"]
    shop.post("invoiceitems", customer=customer, invoice=draft, amount=1000, currency="usd")
    return shop.post(f"invoices/{draft}/finalize")


MOVES = [
    ("draft", "finalize", ["invoice.finalized", "payment_intent.created"], "open"),
    ("open", "void", ["invoice.voided", "payment_intent.canceled"], "void"),
    ("open", "mark_uncollectible", ["invoice.marked_uncollectible"], "uncollectible"),
    ("open", "send", ["invoice.sent"], "open"),
    ("uncollectible", "void", ["invoice.voided", "payment_intent.canceled"], "void"),
]


@pytest.mark.parametrize(("before", "call", "told", "after"), MOVES)
def test_moves(shop: Shop, before: str, call: str, told: list[str], after: str) -> None:
    """7, table: each call, its event and the status after."""
    customer = shop.customer()
    sent = {"collection_method": "send_invoice", "days_until_due": 5}
    if before == "draft":
        invoice = shop.post("invoices", customer=customer)
        shop.post("invoiceitems", customer=customer, invoice=invoice["id"], amount=900, currency="usd")
    else:
        invoice = opened(shop, customer, **sent)
    if before == "uncollectible":
        shop.post(f"invoices/{invoice['id']}/mark_uncollectible")
    shop.forget()
    assert shop.post(f"invoices/{invoice['id']}/{call}")["status"] == after
    assert shop.told() == told


@pytest.mark.parametrize(
    ("ends", "call", "code"),
    [
        ("pay", "pay", "invoice_already_paid"),
        ("pay", "void", "status_transition_invalid"),
        ("pay", "mark_uncollectible", "status_transition_invalid"),
        ("void", "void", "status_transition_invalid"),
        ("void", "mark_uncollectible", "status_transition_invalid"),
        ("void", "send", "status_transition_invalid"),
        ("void", "pay", None),
    ],
)
def test_moves_that_the_table_does_not_have(shop: Shop, ends: str, call: str, code: str | None) -> None:
    """7, table: what is paid or void moves no more."""
    invoice = opened(shop, shop.customer())["id"]
    shop.post(f"invoices/{invoice}/{ends}")
    before = shop.get(f"invoices/{invoice}")
    assert shop.refused(f"invoices/{invoice}/{call}").get("code") == code
    assert shop.get(f"invoices/{invoice}") == before


def test_a_draft_is_deleted_unless_a_subscription_made_it(shop: Shop) -> None:
    """7, table: DELETE of a draft by hand; not of a subscription's."""
    customer = shop.customer()
    draft = shop.post("invoices", customer=customer)["id"]
    shop.forget()
    assert shop.delete(f"invoices/{draft}")["deleted"] is True
    assert shop.told() == ["invoice.deleted"]
    sent = {"collection_method": "send_invoice", "days_until_due": 5}
    first = shop.subscribe(customer, shop.price(), **sent)["latest_invoice"]
    assert first["status"] == "draft"
    told = shop.refused(f"invoices/{first['id']}", method="DELETE")
    assert told["code"] == "invoice_not_editable"


def test_a_first_sent_invoice_is_a_draft_for_an_hour(shop: Shop) -> None:
    """7, bullets 1 and 3: what finalizing sets."""
    sent = {"collection_method": "send_invoice", "days_until_due": 5}
    sold = shop.subscribe(shop.customer(), shop.price(), **sent)
    draft = sold["latest_invoice"]
    at = unix("2026-01-01T01:00")
    assert (draft["status"], draft["automatically_finalizes_at"], draft["number"]) == ("draft", at, None)
    shop.until(at)
    invoice = shop.latest(sold)
    assert (invoice["status"], invoice["due_date"]) == ("open", unix("2026-01-06T01:00"))
    assert invoice["effective_at"] == invoice["status_transitions"]["finalized_at"] == at
    assert all(invoice[name] for name in ("number", "hosted_invoice_url", "invoice_pdf"))


def test_auto_advance(shop: Shop) -> None:
    """7, auto_advance: off by hand, on for renewals, off once paid."""
    customer = shop.customer()
    assert shop.post("invoices", customer=customer)["auto_advance"] is False
    sold = shop.subscribe(customer, shop.price())
    assert sold["latest_invoice"]["auto_advance"] is False
    shop.until("2026-02-01")
    assert shop.latest(sold)["auto_advance"] is True
    shop.until("2026-02-01T01:00")
    assert shop.latest(sold)["auto_advance"] is False


def test_which_items_an_invoice_takes(shop: Shop) -> None:
    """7, POST invoices: nothing that waits unless told; with `subscription` what waits for it."""
    customer = shop.customer()
    sold = shop.subscribe(customer, shop.price())
    waits = {"customer": customer, "currency": "usd"}
    shop.post("invoiceitems", amount=300, **waits)
    assert shop.post("invoices", customer=customer)["total"] == 0
    wanted = {"pending_invoice_items_behavior": "include"}
    assert shop.post("invoices", customer=customer, **wanted)["total"] == 300
    shop.post("invoiceitems", amount=400, subscription=sold["id"], **waits)
    invoice = shop.post("invoices", customer=customer, subscription=sold["id"])
    assert invoice["total"] == 400
    assert invoice["parent"]["subscription_details"]["subscription"] == sold["id"]


def test_attempts_by_hand_are_counted_once(shop: Shop) -> None:
    """7, pay and attempt_count: a decline is a 402, and only the first attempt by hand counts."""
    invoice = opened(shop, shop.customer(DECLINING))["id"]
    for _ in range(2):
        told = shop.refused(f"invoices/{invoice}/pay", status=402)
        assert (told["type"], told["code"]) == ("card_error", "card_declined")
    found = shop.get(f"invoices/{invoice}")
    assert (found["status"], found["attempt_count"]) == ("open", 1)


def test_which_card_is_charged(shop: Shop) -> None:
    """7, payment method: the invoice's own, then the subscription's, then the customer's."""
    customer = shop.customer(DECLINING)
    mine = shop.post("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    other = shop.post("payment_methods/pm_card_mastercard/attach", customer=customer)["id"]
    sold = shop.subscribe(customer, shop.price(), default_payment_method=mine)
    entry = {"customer": customer, "amount": 900, "currency": "usd", "subscription": sold["id"]}
    shop.post("invoiceitems", **entry)
    more = {"subscription": sold["id"], "default_payment_method": other}
    invoice = shop.post("invoices", customer=customer, **more)
    shop.post(f"invoices/{invoice['id']}/pay")
    used = [
        shop.get(f"payment_intents/{shop.intent(each)}")["payment_method"]
        for each in (sold["latest_invoice"], invoice)
    ]
    assert used == [mine, other]


def test_the_order_of_lines(shop: Shop) -> None:
    """7, lines: what waited newest first, items newest first, what is added later oldest first."""
    customer = shop.customer()
    sold = shop.subscribe(customer, shop.price(1000, name="Old"))
    shop.until("2026-01-10")
    shop.change(sold, items=[{"price": shop.price(2000, name="New")}], proration_behavior="none")
    entry = {"customer": customer, "currency": "usd", "subscription": sold["id"]}
    for day in ("11", "12"):
        shop.until(f"2026-01-{day}")
        shop.post("invoiceitems", amount=int(day), **entry)
    shop.until("2026-02-01")
    draft = shop.latest(sold)["id"]
    for amount in (1, 2):
        shop.post("invoiceitems", customer=customer, currency="usd", invoice=draft, amount=amount)
    assert amounts(shop.latest(sold)) == [12, 11, 2000, 1000, 1, 2]


def test_words_of_lines(shop: Shop) -> None:
    """7, text of lines: units, and a one-time item before them with the subscription's period."""
    product = shop.post("products", name="Test Subscription", unit_label="user")["id"]
    price = shop.price(2500, product=product)
    once = [{"price": shop.price(500, None, name="Setup")}]
    sold = shop.subscribe(shop.customer(), price, add_invoice_items=once)
    first, second = sold["latest_invoice"]["lines"]["data"]
    assert second["description"] == "1 user × Test Subscription (at $25.00 / month)"  # noqa: RUF001
    assert (first["description"], first["parent"]["type"]) == ("Setup", "invoice_item_details")
    assert first["period"] == second["period"]


def test_credit_notes(shop: Shop) -> None:
    """7, credit notes: before the payment they lower what remains, after it they give back."""
    customer = shop.customer()
    invoice = opened(shop, customer)["id"]
    assert shop.post("credit_notes", invoice=invoice, amount=300)["type"] == "pre_payment"
    assert shop.get(f"invoices/{invoice}")["amount_remaining"] == 700
    shop.post(f"invoices/{invoice}/pay")
    for way in ("refund_amount", "credit_amount", "out_of_band_amount"):
        note = shop.post("credit_notes", invoice=invoice, amount=100, **{way: 100})
        assert note["type"] == "post_payment"
    assert shop.get(f"invoices/{invoice}")["post_payment_credit_notes_amount"] == 300
    assert shop.get(f"customers/{customer}")["balance"] == -100


def test_voiding_the_latest(shop: Shop) -> None:
    """7, voiding: older invoices decide; none left bad means active."""
    shop.settings(retry_days=[])
    sold = shop.subscribe(shop.customer(), shop.price())
    shop.give_card(sold["customer"], DECLINING)
    shop.until("2026-03-01T02:00")
    latest, older, _ = shop.get("invoices", subscription=sold["id"])["data"]
    shop.post(f"invoices/{latest['id']}/void")
    assert shop.read(sold)["status"] == "past_due"
    shop.post(f"invoices/{older['id']}/void")
    assert shop.read(sold)["status"] == "active"
