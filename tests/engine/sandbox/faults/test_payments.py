"""Charges that go wrong once, whatever the card."""

from __future__ import annotations

import pytest
import stripe

from tests.engine.sandbox.faults.test_calls import fault
from tests.engine.sandbox.twin_client import FEB_1, HOUR, Twin, error_of


def test_the_next_charge_of_a_customer_is_declined(broken: Twin) -> None:
    clock = broken.clock()
    unlucky, other = clock.customer(), clock.customer()
    price = broken.price(2000)
    fault(broken, "decline", customer=unlucky, code="insufficient_funds")
    given = {"items": [{"price": price}], "payment_behavior": "error_if_incomplete"}
    broken.v1.subscriptions.create({"customer": other, **given})
    with pytest.raises(stripe.CardError) as seen:
        broken.v1.subscriptions.create({"customer": unlucky, **given})
    assert error_of(seen.value)["decline_code"] == "insufficient_funds"
    assert broken.v1.subscriptions.create({"customer": unlucky, **given}).status == "active"


def test_a_renewal_is_declined_and_its_retry_is_not(broken: Twin) -> None:
    clock = broken.clock()
    customer = clock.customer()
    subscription = broken.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": broken.price(2000)}]}
    )
    fault(broken, "decline", customer=customer, code="lost_card")
    clock.advance(FEB_1 + HOUR)
    held = broken.v1.subscriptions.retrieve(subscription.id)
    assert held.status == "past_due"
    broken.v1.invoices.pay(held.latest_invoice)
    assert broken.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_the_next_charge_asks_for_3d_secure(broken: Twin) -> None:
    clock = broken.clock()
    customer = clock.customer()
    fault(broken, "require_3ds", customer=customer)
    given = {"customer": customer, "items": [{"price": broken.price(2000)}]}
    expand = ["latest_invoice.payments.data.payment.payment_intent"]
    made = broken.v1.subscriptions.create({**given, "expand": expand})
    assert made.status == "incomplete"
    intent = made.latest_invoice.payments.data[0].payment.payment_intent
    assert intent.status == "requires_action"
