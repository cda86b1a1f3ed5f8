"""The plain objects: made, changed, listed, taken away; their defaults and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Clock, Twin


def test_a_customer(twin: Twin) -> None:
    made = twin.v1.customers.create({"name": "A", "email": "a@example.com", "payment_method": "pm_card_visa"})
    methods = twin.v1.customers.payment_methods.list(made.id).data
    assert [method.card.last4 for method in methods] == ["4242"]
    default = {"default_payment_method": methods[0].id}
    changed = twin.v1.customers.update(made.id, {"invoice_settings": default, "balance": -500})
    assert (changed.balance, changed.invoice_settings.default_payment_method) == (-500, methods[0].id)
    given = {"amount": 200, "currency": "usd", "description": "Debt"}
    moved = twin.v1.customers.balance_transactions.create(made.id, given)
    assert (moved.amount, moved.ending_balance, moved.type) == (200, -300, "adjustment")
    detached = twin.v1.payment_methods.detach(methods[0].id)
    assert detached.customer is None
    assert twin.v1.customers.retrieve(made.id).invoice_settings.default_payment_method is None
    listed = twin.v1.customers.list({"email": "a@example.com", "limit": 1})
    assert listed.data[0].id == made.id


def test_at_most_three_customers_on_a_clock(twin: Twin, clock: Clock) -> None:
    for _ in range(3):
        clock.customer(card=None)
    with pytest.raises(stripe.InvalidRequestError, match="3 customers"):
        clock.customer(card=None)
    assert len(twin.v1.customers.list({"test_clock": clock.id}).data) == 3


def test_a_payment_method_of_its_own(twin: Twin) -> None:
    made = twin.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    assert (made.card.brand, made.customer) == ("mastercard", None)
    change = {"billing_details": {"name": "A"}, "metadata": {"a": "b"}}
    with pytest.raises(stripe.InvalidRequestError, match="save this PaymentMethod to a customer"):
        twin.v1.payment_methods.update(made.id, change)
    buyer = twin.v1.customers.create({})
    twin.v1.payment_methods.attach(made.id, {"customer": buyer.id})
    changed = twin.v1.payment_methods.update(made.id, change)
    assert (changed.billing_details.name, changed.metadata.a) == ("A", "b")
    assert twin.v1.customers.payment_methods.retrieve(buyer.id, made.id).id == made.id
    other = twin.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        twin.v1.payment_methods.attach(made.id, {"customer": other.id})


def test_products_and_prices(twin: Twin) -> None:
    price = {"currency": "USD", "unit_amount": 1500, "recurring": {"interval": "month", "interval_count": 3}}
    product = twin.v1.products.create(
        {"name": "Pro", "default_price_data": price, "metadata": {"plan": "pro"}, "expand": ["default_price"]}
    )
    held = product.default_price
    assert (held.currency, held.unit_amount, held.recurring.interval_count) == ("usd", 1500, 3)
    changed = twin.v1.products.update(product.id, {"name": "Pro 2", "active": False})
    assert (changed.name, changed.active) == ("Pro 2", False)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        twin.v1.products.delete(product.id)
    with pytest.raises(stripe.InvalidRequestError, match="default price of its product"):
        twin.v1.prices.update(held.id, {"active": False})
    other = twin.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1})
    assert twin.v1.products.update(product.id, {"default_price": other.id}).default_price == other.id
    archived = twin.v1.prices.update(held.id, {"active": False, "lookup_key": f"key-{held.id}"})
    assert archived.active is False
    assert twin.v1.prices.list({"lookup_keys": [f"key-{held.id}"]}).data[0].id == held.id
    buyer = twin.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        twin.v1.subscriptions.create({"customer": buyer.id, "items": [{"price": held.id}]})
    free = twin.v1.products.create({"id": f"chosen-{product.id}", "name": "Free"})
    assert twin.v1.products.delete(free.id).deleted is True


def test_a_price_keeps_its_amount(twin: Twin) -> None:
    price = twin.price(2000)
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        twin.v1.prices.update(price, {"unit_amount": 1})
    with pytest.raises(stripe.InvalidRequestError, match="non-negative"):
        twin.price(-1)


def test_coupons_and_codes(twin: Twin) -> None:
    coupon = twin.v1.coupons.create(
        {"percent_off": 12.5, "duration": "repeating", "duration_in_months": 3, "max_redemptions": 1}
    )
    assert twin.v1.coupons.update(coupon.id, {"name": "Three months"}).name == "Three months"
    code = twin.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HELLO"}
    )
    assert twin.v1.promotion_codes.list({"code": "HELLO", "coupon": coupon.id}).data[0].id == code.id
    assert twin.v1.promotion_codes.update(code.id, {"active": False}).active is False
    assert twin.v1.promotion_codes.retrieve(code.id).promotion.coupon == coupon.id
    buyer = twin.v1.customers.create({})
    given = {"customer": buyer.id, "discounts": [{"promotion_code": code.id}]}
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        twin.v1.invoices.create(given)
    twin.v1.invoices.create({"customer": buyer.id, "discounts": [{"coupon": coupon.id}]})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.invoices.create({"customer": buyer.id, "discounts": [{"coupon": coupon.id}]})
    assert refused.value.code == "coupon_expired"
    assert twin.v1.coupons.delete(coupon.id).deleted is True
    assert coupon.id not in [held.id for held in twin.v1.coupons.list({"limit": 100}).data]


def test_a_discount_is_taken_off_a_subscription(twin: Twin, clock: Clock) -> None:
    coupon = twin.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    given = {"customer": clock.customer(), "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(
        {**given, "discounts": [{"coupon": coupon.id}], "expand": ["discounts"]}
    )
    assert subscription.discounts[0].source.coupon == coupon.id
    assert twin.v1.subscriptions.delete_discount(subscription.id).deleted is True
    assert twin.v1.subscriptions.retrieve(subscription.id).discounts == []


def test_setup_intents(twin: Twin) -> None:
    buyer = twin.v1.customers.create({})
    made = twin.v1.setup_intents.create({"customer": buyer.id})
    assert made.status == "requires_payment_method"
    done = twin.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert twin.v1.payment_methods.retrieve(done.payment_method).customer == buyer.id
    other = twin.v1.setup_intents.create({"customer": buyer.id})
    assert twin.v1.setup_intents.cancel(other.id).status == "canceled"
    assert twin.v1.setup_intents.list({"customer": buyer.id}).data[0].id == other.id
    assert twin.v1.setup_intents.retrieve(made.id).id == made.id


def test_payment_intents(twin: Twin) -> None:
    buyer = twin.v1.customers.create({})
    given: dict[str, Any] = {"amount": 1500, "currency": "usd", "customer": buyer.id}
    paid = twin.v1.payment_intents.create({**given, "payment_method": "pm_card_visa", "confirm": True})
    assert (paid.status, paid.amount_received) == ("succeeded", 1500)
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded"):
        twin.v1.payment_intents.confirm(paid.id)
    open_one = twin.v1.payment_intents.create(given)
    with pytest.raises(stripe.CardError):
        twin.v1.payment_intents.confirm(open_one.id, {"payment_method": "pm_card_chargeCustomerFail"})
    failed = twin.v1.payment_intents.retrieve(open_one.id)
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert twin.v1.payment_intents.cancel(open_one.id).status == "canceled"
    listed = twin.v1.payment_intents.list({"customer": buyer.id})
    assert [intent.id for intent in listed.data] == [open_one.id, paid.id]


def test_the_intent_of_an_invoice_is_not_canceled(twin: Twin, clock: Clock) -> None:
    given = {"customer": clock.customer(), "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(
        {**given, "payment_behavior": "default_incomplete", "expand": ["latest_invoice.payments"]}
    )
    payment = subscription.latest_invoice.payments.data[0].payment.payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="void the Invoice"):
        twin.v1.payment_intents.cancel(payment)


def test_invoice_items_by_hand(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    item = twin.v1.invoice_items.create({"customer": customer, "amount": 500, "currency": "usd"})
    changed = twin.v1.invoice_items.update(item.id, {"amount": 700, "description": "More"})
    assert (changed.amount, changed.description, changed.invoice) == (700, "More", None)
    priced = twin.v1.invoice_items.create(
        {"customer": customer, "pricing": {"price": twin.price(100, None)}, "quantity": 4}
    )
    assert (priced.amount, str(priced.pricing.unit_amount_decimal)) == (400, "100")
    assert twin.v1.invoice_items.delete(item.id).deleted is True
    given = {"customer": customer, "pending_invoice_items_behavior": "include", "description": "By hand"}
    invoice = twin.v1.invoices.create(given)
    assert invoice.total == 400
    changed = twin.v1.invoices.update(invoice.id, {"description": "Changed", "metadata": {"a": "b"}})
    assert (changed.description, changed.metadata.a) == ("Changed", "b")
    twin.v1.invoice_items.update(priced.id, {"description": "Named"})
    assert twin.v1.invoices.retrieve(invoice.id).lines.data[0].description == "Named"
    twin.v1.invoice_items.delete(priced.id)
    assert twin.v1.invoices.retrieve(invoice.id).total == 0


def test_credit_notes_are_listed_and_voided(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    invoice = twin.v1.invoices.create({"customer": customer, "auto_advance": False})
    invoice = twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 2000, "description": "x"}]})
    twin.v1.invoices.finalize_invoice(invoice.id)
    lines = [{"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 300}]
    note = twin.v1.credit_notes.create({"invoice": invoice.id, "lines": lines, "memo": "Sorry"})
    assert (note.amount, note.memo) == (300, "Sorry")
    assert twin.v1.credit_notes.line_items.list(note.id).data[0].amount == 300
    assert twin.v1.credit_notes.update(note.id, {"memo": "So sorry"}).memo == "So sorry"
    assert twin.v1.credit_notes.list({"invoice": invoice.id}).data[0].id == note.id
    assert twin.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert twin.v1.invoices.retrieve(invoice.id).amount_due == 2000


def test_lists_that_the_engine_looks_through(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    given = {"customer": customer, "items": [{"price": twin.price(2000)}], "metadata": {"attach": "att_9"}}
    subscription = twin.v1.subscriptions.create(given)
    schedule = twin.v1.subscription_schedules.create({"from_subscription": subscription.id})
    v1 = twin.v1
    found = v1.subscriptions.list({"customer": customer, "status": "active"}).data
    assert [held.metadata.attach for held in found] == ["att_9"]
    assert v1.subscription_schedules.list({"customer": customer}).data[0].id == schedule.id
    assert v1.invoices.list({"subscription": subscription.id, "status": "paid"}).data[0].customer == customer
    assert v1.invoices.list({"customer": customer, "created": {"gt": 1893456000}}).data == []
    assert v1.refunds.list({"limit": 1}).object == "list"
    assert v1.checkout.sessions.list({"customer": customer}).data == []
    assert v1.test_helpers.test_clocks.list({"limit": 1}).data[0].object == "test_helpers.test_clock"
    payment = v1.invoice_payments.list({"invoice": subscription.latest_invoice}).data[0]
    assert v1.invoice_payments.retrieve(payment.id).status == "paid"
    charge = v1.charges.list({"payment_intent": payment.payment.payment_intent}).data[0]
    assert v1.charges.retrieve(charge.id, {"expand": ["refunds", "customer"]}).refunds.data == []
    assert v1.webhook_endpoints.list({}).object == "list"
