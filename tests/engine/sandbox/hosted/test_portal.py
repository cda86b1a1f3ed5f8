"""The customer portal: its configurations and sessions, what they refuse, and what happens on its pages."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import FEB_1, Clock, Twin, error_of


def configuration(twin: Twin, **features: Any) -> Any:
    return twin.v1.billing_portal.configurations.create({"features": features})


def updates(*prices: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The feature that lets customers change to these prices."""
    products = [{"product": product, "prices": [price]} for product, price in prices]
    return {"enabled": True, "default_allowed_updates": ["price"], "products": products, **more}


def refused(call: Any, *given: Any) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as error:
        call(*given)
    return error_of(error.value)


def subscribed(twin: Twin, customer: str, *prices: str) -> Any:
    return twin.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price} for price in prices]}
    )


def product_of(twin: Twin, price: str) -> tuple[str, str]:
    return twin.v1.prices.retrieve(price).product, price


def test_a_configuration_and_its_defaults(twin: Twin) -> None:
    made = configuration(twin, invoice_history={"enabled": True})
    assert (made.active, made.is_default, made.login_page.enabled) == (True, False, False)
    assert made.features.invoice_history.enabled
    assert not made.features.subscription_cancel.enabled
    assert made.features.subscription_cancel.mode == "at_period_end"
    given = {
        "business_profile": {"headline": "Hello", "terms_of_service_url": "https://example.com/terms"},
        "default_return_url": "https://example.com/account",
        "features": {"subscription_cancel": {"enabled": True, "mode": "immediately"}},
        "login_page": {"enabled": True},
        "metadata": {"k": "v"},
        "name": "Second",
    }
    changed = twin.v1.billing_portal.configurations.update(made.id, given)
    assert changed.features.subscription_cancel.mode == "immediately"
    assert changed.features.invoice_history.enabled
    assert (changed.business_profile.headline, changed.name, changed.metadata.k) == ("Hello", "Second", "v")
    assert changed.login_page.url.startswith(twin.base)
    assert twin.v1.billing_portal.configurations.retrieve(made.id) == changed
    listed = twin.v1.billing_portal.configurations.list({"active": True, "is_default": False}).data
    assert made.id in [held.id for held in listed]
    types = [event.type for event in twin.v1.events.list({"limit": 2}).data]
    assert types == ["billing_portal.configuration.updated", "billing_portal.configuration.created"]
    off = twin.v1.billing_portal.configurations.update(made.id, {"active": False})
    assert not off.active


def test_what_a_configuration_refuses(twin: Twin) -> None:
    price, other = twin.price(1000), twin.price(100, None)
    product = twin.v1.prices.retrieve(price).product
    create = twin.v1.billing_portal.configurations.create
    for features, param in (
        ({"customer_update": {"enabled": True}}, "features[customer_update][allowed_updates]"),
        (
            {"subscription_update": {"enabled": True}},
            "features[subscription_update][default_allowed_updates]",
        ),
        (
            {"subscription_update": updates((product, other))},
            "features[subscription_update][products][0][prices][0]",
        ),
        (
            {"subscription_update": updates(("prod_nope", price))},
            "features[subscription_update][products][0][product]",
        ),
        (
            {"subscription_pause": {"duration": {"type": "interval_options"}}},
            "features[subscription_pause][duration][interval_options]",
        ),
    ):
        assert refused(create, {"features": features})["param"] == param
    default = twin.v1.billing_portal.configurations.list({"is_default": True}).data[0]
    text = refused(twin.v1.billing_portal.configurations.update, default.id, {"active": False})["message"]
    assert "default" in text


def test_a_session_and_its_flow(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribed(twin, customer, twin.price(2000))
    create = twin.v1.billing_portal.sessions.create
    plain = create({"customer": customer, "return_url": "https://example.com/back"})
    assert (plain.customer, plain.flow, plain.return_url) == (customer, None, "https://example.com/back")
    assert plain.url == f"{twin.base}/p/session/{plain.id}"
    assert clock.types()[-1] == "billing_portal.session.created"
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription.id},
        "after_completion": {"type": "redirect", "redirect": {"return_url": "https://example.com/done"}},
    }
    led = create({"customer": customer, "flow_data": flow, "locale": "de"})
    assert led.flow.subscription_cancel.subscription == subscription.id
    assert led.flow.subscription_cancel.retention is None
    assert (led.flow.after_completion.type, led.flow.subscription_update) == ("redirect", None)
    assert led.locale == "de"


def test_what_a_session_refuses(twin: Twin, clock: Clock) -> None:
    customer, other = clock.customer(), clock.customer()
    mine, theirs = (subscribed(twin, who, twin.price(2000)) for who in (customer, other))
    create = twin.v1.billing_portal.sessions.create
    assert refused(create, {})["param"] == "customer"
    assert refused(create, {"customer": "cus_nope"})["code"] == "resource_missing"
    assert refused(create, {"customer": customer, "configuration": "bpc_nope"})["param"] == "configuration"
    off = configuration(twin, invoice_history={"enabled": True})
    twin.v1.billing_portal.configurations.update(off.id, {"active": False})
    assert "inactive" in refused(create, {"customer": customer, "configuration": off.id})["message"]

    def flow(kind: str, **about: Any) -> Any:
        data = {"type": kind, kind: about} if about else {"type": kind}
        return refused(create, {"customer": customer, "flow_data": data})

    assert "disabled" in flow("subscription_update", subscription=mine.id)["message"]
    assert flow("subscription_cancel")["param"] == "flow_data[subscription_cancel]"
    assert "does not belong" in flow("subscription_cancel", subscription=theirs.id)["message"]
    assert flow("subscription_cancel", subscription="sub_nope")["code"] == "resource_missing"
    twin.v1.subscriptions.update(mine.id, {"cancel_at_period_end": True})
    assert "already set" in flow("subscription_cancel", subscription=mine.id)["message"]
    twin.v1.subscriptions.cancel(mine.id)
    assert "already been canceled" in flow("subscription_cancel", subscription=mine.id)["message"]


def test_a_change_to_confirm_is_checked(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    small, large, strange = (twin.price(amount) for amount in (1000, 3000, 9000))
    subscription = subscribed(twin, customer, small)
    offered = [product_of(twin, price) for price in (small, large)]
    made = configuration(twin, subscription_update=updates(*offered))
    item = subscription["items"].data[0].id

    def session(**wanted: Any) -> Any:
        about = {"subscription": subscription.id, "items": [{"id": item, **wanted}]}
        data = {"type": "subscription_update_confirm", "subscription_update_confirm": about}
        given = {"customer": customer, "configuration": made.id, "flow_data": data}
        return twin.v1.billing_portal.sessions.create(given)

    assert session(price=large).flow.subscription_update_confirm["items"][0].price == large
    assert refused(lambda: session(price=strange))["param"].endswith("[price]")
    assert refused(lambda: session(price=large, quantity=3))["param"].endswith("[quantity]")
    assert refused(lambda: session(id="si_nope"))["param"].endswith("[id]")


def test_a_plan_is_canceled_at_the_end_of_what_is_paid(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    year = twin.price(9000, None, recurring={"interval": "year"})
    subscription = subscribed(twin, customer, twin.price(2000), year)
    session = twin.v1.billing_portal.sessions.create({"customer": customer})
    at = f"/p/session/{session.id}/subscriptions/{subscription.id}"
    form = {"feedback": "too_expensive", "comment": "Sorry"}
    assert twin.post_form(f"{at}/cancel", form, accept="text/html")[0] == 200
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert held.cancel_at == max(item.current_period_end for item in held["items"].data) > FEB_1
    assert (held.status, held.cancellation_details.feedback) == ("active", "too_expensive")
    assert held.cancellation_details.comment == "Sorry"
    assert twin.post_form(f"{at}/cancel", {}, accept="text/html")[0] == 400
    assert twin.post_form(f"{at}/renew", {}, accept="text/html")[0] == 200
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert (held.cancel_at, held.canceled_at) == (None, None)


def test_a_plan_is_canceled_at_once(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribed(twin, customer, twin.price(2000))
    made = configuration(twin, subscription_cancel={"enabled": True, "mode": "immediately"})
    given = {"customer": customer, "configuration": made.id}
    session = twin.v1.billing_portal.sessions.create(given)
    at = f"/p/session/{session.id}/subscriptions/{subscription.id}"
    assert twin.post_form(f"{at}/cancel", {}, accept="text/html")[0] == 200
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.post_form(f"{at}/cancel", {}, accept="text/html")[0] == 400


def test_what_is_switched_off_cannot_be_done(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribed(twin, customer, twin.price(2000))
    made = configuration(twin, invoice_history={"enabled": False})
    session = twin.v1.billing_portal.sessions.create({"customer": customer, "configuration": made.id})
    base = f"/p/session/{session.id}"
    plan = f"{base}/subscriptions/{subscription.id}"
    for path in (f"{plan}/cancel", f"{plan}/update", f"{base}/customer", f"{base}/payment-method"):
        status, _page = twin.post_form(path, {"email": "x@example.com"}, accept="text/html")
        assert status == 400, path
    stranger = subscribed(twin, clock.customer(), twin.price(2000))
    other = twin.v1.billing_portal.sessions.create({"customer": customer})
    path = f"/p/session/{other.id}/subscriptions/{stranger.id}/cancel"
    assert twin.post_form(path, {}, accept="text/html")[0] == 400
    assert twin.v1.subscriptions.retrieve(stranger.id).cancel_at is None
    assert twin.post_form("/p/session/bps_nope/customer", {}, accept="text/html")[0] == 404


@pytest.mark.parametrize(
    ("condition", "small", "interval"),
    [("decreasing_item_amount", 1000, "month"), ("shortening_interval", 5000, "week")],
)
def test_a_lesser_plan_waits_for_the_end_of_the_period(
    twin: Twin, clock: Clock, condition: str, small: int, interval: str
) -> None:
    customer = clock.customer()
    present, other = twin.price(2000), twin.price(small, interval)
    subscription = subscribed(twin, customer, present)
    wait = {"schedule_at_period_end": {"conditions": [{"type": condition}]}}
    offered = updates(product_of(twin, other), proration_behavior="always_invoice", **wait)
    made = configuration(twin, subscription_update=offered)
    session = twin.v1.billing_portal.sessions.create({"customer": customer, "configuration": made.id})
    at = f"/p/session/{session.id}/subscriptions/{subscription.id}/update"
    form = {"price": other, "confirmed": "yes"}
    assert twin.post_form(at, form, accept="text/html")[0] == 200
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert held["items"].data[0].price.id == present
    schedule = twin.v1.subscription_schedules.retrieve(held.schedule)
    assert [phase["items"][0].price for phase in schedule.phases] == [present, other]
    assert twin.post_form(at, form, accept="text/html")[0] == 400
    clock.advance(FEB_1 + 2 * 3600)
    held = twin.v1.subscriptions.retrieve(subscription.id)
    assert held["items"].data[0].price.id == other
    invoice = twin.v1.invoices.retrieve(held.latest_invoice)
    assert (invoice.total, invoice.status) == (small, "paid")


def test_a_greater_plan_does_not_wait(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    other = twin.price(3000)
    subscription = subscribed(twin, customer, twin.price(2000))
    kinds = ("decreasing_item_amount", "shortening_interval")
    wait = {"schedule_at_period_end": {"conditions": [{"type": kind} for kind in kinds]}}
    made = configuration(twin, subscription_update=updates(product_of(twin, other), **wait))
    session = twin.v1.billing_portal.sessions.create({"customer": customer, "configuration": made.id})
    at = f"/p/session/{session.id}/subscriptions/{subscription.id}/update"
    assert twin.post_form(at, {"price": other, "confirmed": "yes"}, accept="text/html")[0] == 200
    assert twin.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price.id == other
