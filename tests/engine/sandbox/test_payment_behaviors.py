"""How a subscription starts and changes when its invoice is paid, declined, or waits for the buyer."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import FEB_1, HOUR, JAN_1, JAN_16, Clock, Twin, amounts

DECLINING = "pm_card_chargeCustomerFail"
THREE_D_SECURE = "pm_card_authenticationRequired"


def subscribe(clock: Clock, customer: str, price: str, **more: Any) -> Any:
    given = {"customer": customer, "items": [{"price": price}], "expand": ["latest_invoice.payments"], **more}
    return clock.twin.v1.subscriptions.create(given)


def test_paid_at_once(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    mark = clock.mark()
    subscription = subscribe(clock, customer, twin.price(2000))
    invoice = subscription.latest_invoice
    assert subscription.status == "active"
    assert (invoice.status, invoice.attempt_count, invoice.attempted) == ("paid", 1, True)
    assert invoice.auto_advance is False
    assert invoice.period_start == invoice.period_end == invoice.created == JAN_1
    assert invoice.payments.data[0].status == "paid"
    assert clock.types(mark) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "customer.subscription.created",
    ]


def test_default_incomplete_waits_for_the_payment(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    mark = clock.mark()
    expand = ["latest_invoice.confirmation_secret", "latest_invoice.payments.data.payment.payment_intent"]
    subscription = subscribe(
        clock, customer, twin.price(2000), payment_behavior="default_incomplete", expand=expand
    )
    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status, invoice.attempted) == ("incomplete", "open", False)
    intent = invoice.payments.data[0].payment.payment_intent
    assert invoice.confirmation_secret.client_secret == intent.client_secret
    assert clock.types(mark) == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
    ]
    mark = clock.mark()
    assert twin.v1.payment_intents.confirm(intent.id).status == "succeeded"
    assert clock.types(mark)[-1] == "customer.subscription.updated"
    assert clock.events(mark)[-1].data.previous_attributes.to_dict() == {"status": "incomplete"}
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


@pytest.mark.parametrize(
    ("card", "count", "intent", "failing"),
    [
        (DECLINING, 1, "requires_payment_method", "charge.failed"),
        (THREE_D_SECURE, 0, "requires_action", "invoice.payment_action_required"),
    ],
)
def test_allow_incomplete_unpaid(
    twin: Twin, clock: Clock, card: str, count: int, intent: str, failing: str
) -> None:
    customer = clock.customer(card)
    mark = clock.mark()
    subscription = subscribe(clock, customer, twin.price(2000))
    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status) == ("incomplete", "open")
    assert (invoice.attempt_count, invoice.attempted, invoice.next_payment_attempt) == (count, True, None)
    payment = invoice.payments.data[0].payment.payment_intent
    assert twin.v1.payment_intents.retrieve(payment).status == intent
    types = clock.types(mark)
    assert types[0] == "customer.subscription.created"
    assert failing in types
    assert "invoice.payment_failed" in types


def test_error_if_incomplete_leaves_nothing(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(DECLINING)
    price = twin.price(2000)
    mark = clock.mark()
    with pytest.raises(stripe.CardError) as refused:
        subscribe(clock, customer, price, payment_behavior="error_if_incomplete")
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert twin.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
    assert clock.types(mark) == []


def test_a_start_without_a_card_is_refused(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(clock, customer, twin.price(2000))
    assert (refused.value.http_status, refused.value.code) == (400, "resource_missing")
    waiting = subscribe(clock, customer, twin.price(2000), payment_behavior="default_incomplete")
    assert waiting.status == "incomplete"
    free = subscribe(clock, customer, twin.price(0))
    assert (free.status, free.latest_invoice.status) == ("active", "paid")


def test_an_incomplete_subscription_is_hardly_changed(twin: Twin, clock: Clock) -> None:
    price = twin.price(2000)
    subscription = subscribe(clock, clock.customer(), price, payment_behavior="default_incomplete")
    twin.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    twin.v1.invoices.void_invoice(subscription.latest_invoice.id)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired"


def update(twin: Twin, subscription: Any, price: str, behavior: str, **more: Any) -> Any:
    given = {
        "items": [{"id": subscription.items.data[0].id, "price": price}],
        "proration_behavior": "always_invoice",
        "payment_behavior": behavior,
        "expand": ["latest_invoice"],
        **more,
    }
    return twin.v1.subscriptions.update(subscription.id, given)


def test_an_update_that_is_declined(twin: Twin, clock: Clock) -> None:
    """Allowed: applied and past_due. With an error: as if nothing had been asked."""
    customer = clock.customer()
    old, new = twin.price(2000), twin.price(5000)
    subscription = subscribe(clock, customer, old)
    clock.advance(JAN_16)
    clock.give_card(customer, DECLINING)
    mark = clock.mark()
    with pytest.raises(stripe.CardError):
        update(twin, subscription, new, "error_if_incomplete")
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert (held.status, held.items.data[0].price.id) == ("active", old)
    assert clock.types(mark) == []
    changed = update(twin, subscription, new, "allow_incomplete")
    assert (changed.status, changed.items.data[0].price.id) == ("past_due", new)
    assert clock.types(mark)[-1] == "customer.subscription.updated"
    clock.give_card(customer, "pm_card_visa")
    twin.v1.invoices.pay(changed.latest_invoice.id)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_pending_update_applies_when_it_is_paid(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    old, new = twin.price(2000), twin.price(5000)
    subscription = subscribe(clock, customer, old)
    clock.advance(JAN_16)
    clock.give_card(customer, DECLINING)
    held = update(twin, subscription, new, "pending_if_incomplete")
    assert (held.status, held.items.data[0].price.id) == ("active", old)
    assert held.pending_update.expires_at == JAN_16 + 23 * HOUR
    assert held.pending_update.subscription_items[0].price.id == new
    clock.give_card(customer, "pm_card_visa")
    mark = clock.mark()
    twin.v1.invoices.pay(held.latest_invoice.id)
    applied = twin.v1.subscriptions.retrieve(subscription.id)
    assert (applied.pending_update, applied.items.data[0].price.id) == (None, new)
    assert "customer.subscription.pending_update_applied" in clock.types(mark)
    clock.advance(FEB_1)
    renewed = twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert amounts(renewed.latest_invoice) == [5000]


def test_a_pending_update_expires(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    old = twin.price(2000)
    subscription = subscribe(clock, customer, old)
    clock.advance(JAN_16)
    clock.give_card(customer, DECLINING)
    held = update(twin, subscription, twin.price(5000), "pending_if_incomplete")
    assert clock.next() == JAN_16 + 23 * HOUR
    mark = clock.mark()
    clock.advance(JAN_16 + 23 * HOUR)
    assert "customer.subscription.pending_update_expired" in clock.types(mark)
    dropped = twin.v1.subscriptions.retrieve(subscription.id)
    assert (dropped.pending_update, dropped.items.data[0].price.id) == (None, old)
    assert twin.v1.invoices.retrieve(held.latest_invoice.id).status == "void"


def test_pending_takes_few_parameters(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    with pytest.raises(stripe.InvalidRequestError, match="pending_if_incomplete"):
        update(twin, subscription, twin.price(1), "pending_if_incomplete", description="x")


def test_an_anchor_reset_stands_or_falls_with_its_payment(twin: Twin, clock: Clock) -> None:
    """Credits and overage of ours ride along as one-time items, negative ones too."""
    customer = clock.customer()
    old, new = twin.price(2000), twin.price(20000, "year")
    subscription = subscribe(clock, customer, old)
    product = twin.v1.products.create({"name": "Credit"}).id
    clock.advance(JAN_16)
    credit = {"currency": "usd", "product": product, "unit_amount": -1032}
    held = update(
        twin,
        subscription,
        new,
        "pending_if_incomplete",
        proration_behavior="none",
        billing_cycle_anchor={"type": "now"},
        add_invoice_items=[{"price_data": credit, "quantity": 1}],
    )
    assert (held.pending_update, held.billing_cycle_anchor) == (None, JAN_16)
    assert amounts(held.latest_invoice) == [-1032, 20000]
    assert held.latest_invoice.status == "paid"


def test_items_that_are_refused(twin: Twin, clock: Clock) -> None:
    price, other = twin.price(2000), twin.price(1000)
    customer = clock.customer()
    subscription = subscribe(clock, customer, price)
    item = subscription.items.data[0].id
    with pytest.raises(stripe.InvalidRequestError, match="same plan"):
        twin.v1.subscriptions.update(subscription.id, {"items": [{"price": price}]})
    with pytest.raises(stripe.InvalidRequestError, match="at least one active plan"):
        twin.v1.subscriptions.update(subscription.id, {"items": [{"id": item, "deleted": True}]})
    once = twin.price(500, None)
    with pytest.raises(stripe.InvalidRequestError, match="type=recurring"):
        twin.v1.subscriptions.update(subscription.id, {"items": [{"price": once}]})
    given = {"customer": customer, "items": [{"price": other}], "add_invoice_items": [{"price": other}]}
    with pytest.raises(stripe.InvalidRequestError, match="type=one_time"):
        twin.v1.subscriptions.create(given)
    euro = twin.price(2000, currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="doesn't match the expected currency"):
        twin.v1.subscriptions.update(subscription.id, {"items": [{"price": euro}]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        subscribe(clock, customer, euro)


def test_a_new_price_without_a_quantity_means_one(twin: Twin, clock: Clock) -> None:
    given = {"customer": clock.customer(), "items": [{"price": twin.price(1000), "quantity": 5}]}
    subscription = twin.v1.subscriptions.create(given)
    changed = update(twin, subscription, twin.price(2000), "allow_incomplete")
    assert changed.items.data[0].quantity == 1


def test_a_one_time_item_comes_first_and_once(twin: Twin, clock: Clock) -> None:
    fee = twin.price(700, None, name="Fee")
    subscription = subscribe(
        clock,
        clock.customer(),
        twin.price(2000),
        add_invoice_items=[{"price": fee}],
        expand=["latest_invoice"],
    )
    first, second = subscription.latest_invoice.lines.data
    assert (first.amount, second.amount) == (700, 2000)
    assert first.parent.type == "invoice_item_details"
    assert first.period == second.period
    clock.advance(FEB_1)
    renewed = twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert amounts(renewed.latest_invoice) == [2000]


def test_single_items(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    added = twin.v1.subscription_items.create(
        {"subscription": subscription.id, "price": twin.price(1000), "proration_behavior": "none"}
    )
    changed = twin.v1.subscription_items.update(added.id, {"quantity": 4, "proration_behavior": "none"})
    assert changed.quantity == 4
    listed = twin.v1.subscription_items.list({"subscription": subscription.id})
    assert [item.id for item in listed.data] == [subscription.items.data[0].id, added.id]
    assert twin.v1.subscription_items.delete(added.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.subscription_items.retrieve(added.id)


def test_a_canceled_subscription_takes_metadata_only(twin: Twin, clock: Clock) -> None:
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    twin.v1.subscriptions.cancel(subscription.id)
    twin.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.subscriptions.update(subscription.id, {"description": "x"})


def test_a_deleted_customer_has_no_subscriptions(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000))
    assert twin.v1.customers.delete(customer).deleted is True
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.v1.customers.retrieve(customer).deleted is True
