"""Checkout Sessions and the hosted pages: what is made when the buyer pays, and what is not when not."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, HOUR, JAN_1, Clock, Twin

URLS = {"success_url": "http://localhost/done?session={CHECKOUT_SESSION_ID}"}


def session_for(twin: Twin, customer: str, price: str, mode: str = "subscription", **more: Any) -> Any:
    lines = [{"price": price, "quantity": 1}]
    given = {"customer": customer, "mode": mode, "line_items": lines, **URLS, **more}
    return twin.v1.checkout.sessions.create(given)


def page(session: Any) -> str:
    return f"/c/pay/{session.id}"


def test_a_subscription_is_made_when_it_is_paid(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    data = {"metadata": {"attach": "att_1"}}
    session = session_for(
        twin,
        customer,
        twin.price(2000),
        subscription_data=data,
        client_reference_id="ref",
        metadata={"k": "v"},
    )
    assert (session.status, session.payment_status, session.subscription) == ("open", "unpaid", None)
    assert (session.amount_total, session.expires_at) == (2000, JAN_1 + DAY)
    assert session.url == twin.base + page(session)
    mark = clock.mark()
    status, body = twin.post_form(page(session), {"payment_method": "visa"})
    assert (status, body["status"]) == (200, "complete")
    assert body["redirect"] == f"http://localhost/done?session={session.id}"
    done = twin.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription", "line_items", "invoice"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.client_reference_id, done.metadata.k) == ("ref", "v")
    assert (done.subscription.status, done.subscription.metadata.attach) == ("active", "att_1")
    assert (done.invoice.status, done.invoice.amount_paid) == ("paid", 2000)
    method = twin.v1.payment_methods.retrieve(done.subscription.default_payment_method)
    assert (method.customer, method.card.last4) == (customer, "4242")
    assert done.line_items.data[0].price.unit_amount == 2000
    types = clock.types(mark)
    assert types[-1] == "checkout.session.completed"
    assert types.index("customer.subscription.created") < len(types) - 1
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 400


@pytest.mark.parametrize(
    ("card", "state"),
    [
        ("declines_on_charge", "declined"),
        ("insufficient_funds", "declined"),
        ("requires_3ds", "requires_action"),
    ],
)
def test_a_refused_card_leaves_nothing_behind(twin: Twin, clock: Clock, card: str, state: str) -> None:
    customer = clock.customer(card=None)
    session = session_for(twin, customer, twin.price(2000))
    mark = clock.mark()
    status, body = twin.post_form(page(session), {"payment_method": card})
    assert (status, body["status"]) == (402, state)
    assert clock.types(mark) == []
    assert twin.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert twin.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
    assert twin.v1.payment_methods.list({"customer": customer}).data == []
    assert twin.post_form(page(session), {"payment_method": "mastercard"})[0] == 200


def test_3d_secure_on_the_page(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    session = session_for(twin, customer, twin.price(2000))
    form = {"payment_method": "requires_3ds", "confirm_3ds": "yes"}
    assert twin.post_form(page(session), form)[0] == 200
    assert twin.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_the_page_for_a_person(twin: Twin, clock: Clock) -> None:
    session = session_for(twin, clock.customer(card=None), twin.price(2000, name="Pro & more"))
    shown = twin.post_form(page(session), {"payment_method": "insufficient_funds"}, accept="text/html")
    assert shown[0] == 402
    assert "Your card has insufficient funds." in shown[1]
    assert "Pro &amp; more" in shown[1]
    assert "$20.00" in shown[1]


def test_a_trial_costs_nothing_now(twin: Twin, clock: Clock) -> None:
    data = {"trial_period_days": 14}
    session = session_for(twin, clock.customer(card=None), twin.price(2000), subscription_data=data)
    assert session.amount_total == 0
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")


def test_quantities_may_be_adjusted(twin: Twin, clock: Clock) -> None:
    lines = [
        {"price": twin.price(1000), "quantity": 1, "adjustable_quantity": {"enabled": True, "maximum": 5}},
        {"price": twin.price(300, None), "quantity": 1},
    ]
    customer = clock.customer(card=None)
    given = {
        "customer": customer,
        "mode": "subscription",
        "line_items": lines,
        **URLS,
        "expand": ["line_items"],
    }
    session = twin.v1.checkout.sessions.create(given)
    first, second = session.line_items.data
    assert twin.post_form(page(session), {f"q[{second.id}]": "2"})[0] == 400
    assert twin.post_form(page(session), {f"q[{first.id}]": "6"})[0] == 400
    assert twin.post_form(page(session), {f"q[{first.id}]": "3"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice", "subscription"]})
    assert (done.amount_total, done.invoice.total) == (3300, 3300)
    assert done.subscription.items.data[0].quantity == 3


def test_one_payment_with_an_invoice(twin: Twin, clock: Clock) -> None:
    creation = {"enabled": True, "invoice_data": {"metadata": {"attach": "att_2"}}}
    session = session_for(
        twin, clock.customer(card=None), twin.price(900, None), "payment", invoice_creation=creation
    )
    assert session.payment_method_collection == "if_required"
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice", "payment_intent"]})
    assert (done.invoice.status, done.invoice.amount_paid) == ("paid", 900)
    assert done.invoice.metadata.attach == "att_2"
    assert done.payment_intent.status == "succeeded"


def test_one_payment_of_a_guest(twin: Twin) -> None:
    lines = [{"price": twin.price(900, None), "quantity": 1}]
    session = twin.v1.checkout.sessions.create({"mode": "payment", "line_items": lines, **URLS})
    assert twin.post_form(page(session), {"payment_method": "visa", "email": "a@example.com"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id)
    assert (done.customer, done.customer_details.email) == (None, "a@example.com")


def test_a_new_customer_is_made_for_a_subscription(twin: Twin) -> None:
    lines = [{"price": twin.price(900), "quantity": 1}]
    given = {"mode": "subscription", "line_items": lines, "customer_email": "new@example.com", **URLS}
    session = twin.v1.checkout.sessions.create(given)
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert done.customer.email == "new@example.com"


def test_a_card_is_kept(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    given = {"customer": customer, "mode": "setup", "currency": "usd", **URLS}
    session = twin.v1.checkout.sessions.create(given)
    assert twin.post_form(page(session), {"payment_method": "requires_3ds"})[0] == 402
    assert twin.post_form(page(session), {"payment_method": "declines_on_charge"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (done.setup_intent.status, done.payment_status) == ("succeeded", "no_payment_required")
    assert twin.v1.payment_methods.list({"customer": customer}).data[0].id == done.setup_intent.payment_method
    assert twin.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None


def test_a_discount_is_taken_off(twin: Twin, clock: Clock) -> None:
    coupon = twin.v1.coupons.create({"percent_off": 25, "duration": "forever"})
    customer = clock.customer(card=None)
    session = session_for(twin, customer, twin.price(2000), discounts=[{"coupon": coupon.id}])
    assert (session.amount_subtotal, session.amount_total) == (2000, 1500)
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert done.invoice.amount_paid == 1500


def test_a_session_expires(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    session = session_for(twin, customer, twin.price(2000), expires_at=JAN_1 + HOUR)
    other = session_for(twin, customer, twin.price(2000))
    assert clock.next() == JAN_1 + HOUR
    clock.advance(JAN_1 + HOUR)
    assert twin.v1.checkout.sessions.retrieve(session.id).status == "expired"
    expired = twin.v1.checkout.sessions.expire(other.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.checkout.sessions.expire(other.id)
    assert twin.post_form(page(session), {"payment_method": "visa"})[0] == 400


def test_what_a_session_refuses(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    price, once = twin.price(2000), twin.price(100, None)
    with pytest.raises(stripe.InvalidRequestError, match="You may only specify one"):
        session_for(twin, customer, price, customer_email="a@example.com")
    with pytest.raises(stripe.InvalidRequestError, match="payment` mode but passed a recurring price"):
        session_for(twin, customer, price, "payment")
    with pytest.raises(stripe.InvalidRequestError, match="at least one recurring price"):
        session_for(twin, customer, once)
    with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
        session_for(twin, customer, price, expires_at=JAN_1 + 60)
