"""Does every cent stand in the books? Invoices, charges, refunds and balances, double entry."""

from __future__ import annotations

from tests.engine.sandbox.money.books import accounts, audit
from tests.engine.sandbox.twin_client import DAY, JAN_1, Clock, Twin


def test_a_paid_invoice_is_a_sale_less_the_fee(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    twin.v1.subscriptions.create({"customer": customer, "items": [{"price": twin.price(2000)}]})
    assert accounts(twin, customer) == {
        "stripe_balance:platform": 1912,
        "fees:platform": 88,
        "sales:platform": -2000,
    }
    audit(twin)


def test_a_charge_is_pending_for_two_days(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    intent = twin.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_visa",
            "confirm": True,
        }
    )
    charge = twin.v1.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]})
    made = charge.balance_transaction
    assert (made.amount, made.fee, made.net, made.status) == (1000, 59, 941, "pending")
    assert (made.type, made.reporting_category, made.available_on) == ("charge", "charge", JAN_1 + 2 * DAY)
    clock.advance(JAN_1 + 2 * DAY)
    assert twin.v1.balance_transactions.retrieve(made.id).status == "available"
    assert twin.v1.balance_transactions.list({"source": charge.id}).data[0].id == made.id
    assert accounts(twin, customer)[f"payments:{customer}"] == -1000
    audit(twin)


def test_a_refund_leaves_the_fee_with_stripe(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    intent = twin.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_visa",
            "confirm": True,
        }
    )
    refund = twin.v1.refunds.create({"payment_intent": intent.id, "amount": 400})
    made = twin.v1.balance_transactions.retrieve(refund.balance_transaction)
    assert (made.amount, made.fee, made.status, made.source) == (-400, 0, "available", refund.id)
    assert accounts(twin, customer)["refunds:platform"] == 400
    audit(twin)


def test_a_balance_settles_an_invoice_and_comes_back(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    v1 = twin.v1
    v1.customers.balance_transactions.create(customer, {"amount": -300, "currency": "usd"})
    v1.invoice_items.create({"customer": customer, "amount": 1000, "currency": "usd"})
    given = {
        "customer": customer,
        "collection_method": "send_invoice",
        "days_until_due": 7,
        "pending_invoice_items_behavior": "include",
    }
    invoice = v1.invoices.create(given)
    v1.invoices.finalize_invoice(invoice.id)
    assert accounts(twin, customer) == {
        f"receivable:{customer}": 700,
        "sales:platform": -1000,
        "balance_adjustments:platform": 300,
    }
    v1.invoices.void_invoice(invoice.id)
    assert accounts(twin, customer) == {
        f"customer_balance:{customer}": -300,
        "balance_adjustments:platform": 300,
    }
    audit(twin)


def test_an_invoice_given_up_is_recovered_when_it_is_paid(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    v1 = twin.v1
    v1.invoice_items.create({"customer": customer, "amount": 1000, "currency": "usd"})
    invoice = v1.invoices.create({"customer": customer, "pending_invoice_items_behavior": "include"})
    v1.invoices.finalize_invoice(invoice.id)
    v1.invoices.mark_uncollectible(invoice.id)
    assert accounts(twin, customer) == {"uncollectible:platform": 1000, "sales:platform": -1000}
    v1.invoices.pay(invoice.id)
    assert accounts(twin, customer) == {
        "stripe_balance:platform": 941,
        "fees:platform": 59,
        "sales:platform": -1000,
    }
    audit(twin)


def test_a_captured_payment_counts_for_the_invoice_it_is_attached_to(twin: Twin, clock: Clock) -> None:
    v1, customer = twin.v1, clock.customer()
    invoice = v1.invoices.create({"customer": customer})
    v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000, "description": "Line"}]})
    v1.invoices.finalize_invoice(invoice.id)
    held = {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"}
    given = {"customer": customer, "currency": "usd", "amount": 1200, "return_url": "https://example.test"}
    intent = v1.payment_intents.create({**given, **held})
    assert v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id}).status == "open"
    v1.payment_intents.capture(intent.id)
    paid = v1.invoices.retrieve(invoice.id)
    assert (paid.status, paid.amount_overpaid) == ("paid", 200)
    found = accounts(twin, customer)
    assert found["sales:platform"] == -1000
    assert found[f"customer_balance:{customer}"] == -200
    assert not {f"payments:{customer}", f"receivable:{customer}", "out_of_band:platform"} & set(found)
    audit(twin)
