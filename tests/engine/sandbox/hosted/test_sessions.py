"""Checkout Sessions by calls: what they take, show and refuse, how they change and end."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, JAN_1, Clock, Twin, error_of

SUCCESS = "https://example.com/done"


def refused(call: Any, given: Any) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as error:
        call(given)
    return error_of(error.value)


def line(price: str, **more: Any) -> dict[str, Any]:
    return {"price": price, "quantity": 1, **more}


@pytest.fixture(scope="module")
def monthly(twin: Twin) -> str:
    return twin.price(2000)


@pytest.fixture(scope="module")
def once(twin: Twin) -> str:
    return twin.price(900, None)


def session_for(twin: Twin, price: str, mode: str = "subscription", **more: Any) -> Any:
    given = {"mode": mode, "line_items": [line(price)], "success_url": SUCCESS, **more}
    return twin.v1.checkout.sessions.create({name: value for name, value in given.items() if value})


def test_the_defaults_of_each_mode(twin: Twin, monthly: str, once: str, clock: Clock) -> None:
    recurring = session_for(twin, monthly)
    assert (recurring.customer_creation, recurring.payment_method_collection) == ("always", "always")
    assert recurring.saved_payment_method_options.allow_redisplay_filters == ["always"]
    assert recurring.total_details.to_dict() == {
        "amount_discount": 0,
        "amount_shipping": 0,
        "amount_tax": 0,
    }
    single = session_for(twin, once, "payment")
    assert (single.customer_creation, single.payment_method_collection) == ("if_required", "if_required")
    assert not single.invoice_creation.enabled
    given = {"mode": "setup", "currency": "usd", "success_url": SUCCESS, "customer": clock.customer()}
    keeping = twin.v1.checkout.sessions.create(given)
    assert (keeping.payment_status, keeping.amount_total) == ("no_payment_required", None)
    assert (keeping.discounts, keeping.total_details, keeping.customer_creation) == (None, None, None)


def test_what_is_shown_again(twin: Twin, monthly: str) -> None:
    given: dict[str, Any] = {
        "billing_address_collection": "required",
        "branding_settings": {"display_name": "Shop", "button_color": "#112233"},
        "client_reference_id": "ref",
        "consent_collection": {"terms_of_service": "required"},
        "custom_text": {"submit": {"message": "Hello"}},
        "locale": "de",
        "metadata": {"k": "v"},
        "name_collection": {"business": {"enabled": True, "optional": True}},
        "origin_context": "web",
        "payment_method_options": {"card": {"request_three_d_secure": "any"}},
        "phone_number_collection": {"enabled": True},
        "tax_id_collection": {"enabled": True},
        "integration_identifier": "integration",
    }
    shown = session_for(twin, monthly, **given).to_dict()
    assert shown["branding_settings"]["display_name"] == "Shop"
    assert shown["consent_collection"]["terms_of_service"] == "required"
    assert shown["custom_text"]["submit"]["message"] == "Hello"
    assert shown["payment_method_options"]["card"]["request_three_d_secure"] == "any"
    assert shown["tax_id_collection"] == {"enabled": True, "required": "never"}
    for name in ("billing_address_collection", "client_reference_id", "locale", "metadata", "origin_context"):
        assert shown[name] == given[name]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
        ({"setup_intent_data": {"description": "x"}}, "setup_intent_data"),
        ({"invoice_creation": {"enabled": True}}, "invoice_creation"),
        ({"customer_creation": "always"}, "customer_creation"),
        ({"shipping_options": [{"shipping_rate": "shr_1"}]}, "shipping_options"),
        ({"customer_update": {"name": "auto"}}, "customer_update"),
        ({"return_url": SUCCESS}, "return_url"),
        ({"redirect_on_completion": "always"}, "redirect_on_completion"),
        ({"ui_mode": "embedded_page"}, "success_url"),
        ({"ui_mode": "embedded_page", "success_url": None}, "return_url"),
        ({"success_url": None}, "success_url"),
        ({"line_items": None}, "line_items"),
        ({"expires_at": 5}, "expires_at"),
        ({"discounts": [{"coupon": "nope"}]}, "discounts[0][coupon]"),
        ({"discounts": [{"promotion_code": "nope"}]}, "discounts[0][promotion_code]"),
        ({"customer": "cus_nope"}, "customer"),
        ({"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]"),
        ({"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]"),
        ({"subscription_data": {"trial_end": 1}}, "subscription_data[trial_end]"),
        (
            {"subscription_data": {"trial_end": 9**10, "trial_period_days": 3}},
            "subscription_data[trial_end]",
        ),
        ({"currency": "eur"}, "line_items[0][price]"),
        ({"optional_items": [{"price": "price_nope", "quantity": 1}]}, "optional_items[0][price]"),
        (
            {"custom_fields": [{"key": "a b", "type": "text", "label": {"type": "custom", "custom": "A"}}]},
            "custom_fields[0][key]",
        ),
    ],
)
def test_what_does_not_go_together(twin: Twin, monthly: str, more: dict[str, Any], param: str) -> None:
    before = len(twin.v1.checkout.sessions.list({"limit": 100}).data)
    with pytest.raises(stripe.InvalidRequestError) as error:
        session_for(twin, monthly, **more)
    assert error_of(error.value)["param"] == param
    assert len(twin.v1.checkout.sessions.list({"limit": 100}).data) == before


def test_lines_that_cannot_be_sold(twin: Twin, monthly: str, once: str) -> None:
    def lines(*items: dict[str, Any], mode: str = "subscription") -> Any:
        given = {"mode": mode, "line_items": list(items), "success_url": SUCCESS}
        return refused(twin.v1.checkout.sessions.create, given)

    product = twin.v1.products.create({"name": "Thing"}).id
    inline = {"currency": "usd", "product": product, "unit_amount": 500}
    assert "Quantity is required" in lines({"price": monthly})["message"]
    assert lines(line(monthly, quantity=0))["param"] == "line_items[0][quantity]"
    assert lines(line(monthly, quantity=10**7))["param"] == "line_items[0][quantity]"
    assert lines(line(monthly), line(monthly))["param"] == "line_items"
    assert lines(line(once))["param"] == "line_items"
    assert lines(line(monthly, price_data=inline))["code"] == "parameters_exclusive"
    assert lines({"quantity": 1})["param"] == "line_items[0][price]"
    without = {"currency": "usd", "unit_amount": 500}
    assert lines({"quantity": 1, "price_data": without})["param"] == "line_items[0][price_data][product]"
    both = inline | {"product_data": {"name": "x"}}
    assert lines({"quantity": 1, "price_data": both})["code"] == "parameters_exclusive"
    bounds = {"enabled": True, "minimum": 5, "maximum": 2}
    assert lines(line(monthly, adjustable_quantity=bounds))["param"] == "line_items[0][adjustable_quantity]"
    little = {"quantity": 1, "price_data": inline | {"unit_amount": 10}}
    assert lines(little, mode="payment")["code"] == "amount_too_small"
    euros = twin.price(100, None, currency="eur")
    assert lines(line(monthly), line(euros))["param"] == "line_items[1][price]"


def test_a_price_and_a_product_are_described(twin: Twin) -> None:
    described = {
        "currency": "usd",
        "product_data": {"name": "Described", "metadata": {"a": "b"}},
        "unit_amount": 700,
        "recurring": {"interval": "year"},
    }
    given = {"mode": "subscription", "success_url": SUCCESS, "expand": ["line_items"]}
    lines = [{"price_data": described, "quantity": 2, "metadata": {"l": "1"}}]
    session = twin.v1.checkout.sessions.create({**given, "line_items": lines})
    sold = session.line_items.data[0]
    assert (sold.description, sold.amount_total, sold.price.recurring.interval) == ("Described", 1400, "year")
    assert (sold.metadata.l, sold.price.active) == ("1", False)
    listed = twin.v1.checkout.sessions.line_items.list(session.id).data
    assert [item.id for item in listed] == [sold.id]


def test_a_page_of_ones_own(twin: Twin, monthly: str) -> None:
    for ui_mode, more in (
        ("embedded_page", {"return_url": f"{SUCCESS}?s={{CHECKOUT_SESSION_ID}}"}),
        ("embedded_page", {"redirect_on_completion": "never"}),
        ("elements", {}),
    ):
        session = session_for(twin, monthly, ui_mode=ui_mode, success_url=None, **more)
        assert session.url is None
        assert session.client_secret.startswith(f"{session.id}_secret_")
        form = {"payment_method": "visa", "email": "a@example.com"}
        status, body = twin.post_form(f"/c/pay/{session.id}", form)
        assert status == 200
        goes = f"{SUCCESS}?s={session.id}" if "return_url" in more else None
        assert body["redirect"] == goes


def test_taxes_are_added(twin: Twin, once: str, clock: Clock) -> None:
    on_top = twin.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False}).id
    within = twin.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": True}).id
    lines = [line(once, tax_rates=[on_top]), line(twin.price(1200, None), tax_rates=[within])]
    given = {"mode": "payment", "line_items": lines, "success_url": SUCCESS, "customer": clock.customer()}
    creation = {"invoice_creation": {"enabled": True}}
    session = twin.v1.checkout.sessions.create({**given, **creation})
    assert (session.amount_subtotal, session.amount_total) == (2100, 2190)
    assert session.total_details.amount_tax == 90 + 200
    assert twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert done.invoice.total == 2190


def test_a_later_anchor_bills_a_part(twin: Twin, monthly: str, clock: Clock) -> None:
    data = {"billing_cycle_anchor": JAN_1 + 15 * DAY + DAY // 2}
    session = session_for(twin, monthly, customer=clock.customer(None), subscription_data=data)
    assert session.amount_total == 1000
    assert twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert done.invoice.amount_paid == 1000
    free = {**data, "proration_behavior": "none"}
    later = session_for(twin, monthly, customer=clock.customer(None), subscription_data=free)
    assert later.amount_total == 0


def test_data_of_the_subscription(twin: Twin, monthly: str, clock: Clock) -> None:
    data = {
        "description": "A plan",
        "metadata": {"k": "v"},
        "trial_end": JAN_1 + 10 * DAY,
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
    }
    session = session_for(twin, monthly, customer=clock.customer(None), subscription_data=data)
    assert twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"})[0] == 200
    done = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}).subscription
    assert (done.description, done.metadata.k, done.trial_end) == ("A plan", "v", JAN_1 + 10 * DAY)
    assert done.trial_settings.end_behavior.missing_payment_method == "cancel"


def test_data_of_the_intent(twin: Twin, once: str, clock: Clock) -> None:
    data = {
        "description": "One thing",
        "metadata": {"k": "v"},
        "receipt_email": "r@example.com",
        "setup_future_usage": "off_session",
        "statement_descriptor_suffix": "SHOP",
        "transfer_group": "group",
    }
    customer = clock.customer(None)
    session = session_for(twin, once, "payment", customer=customer, payment_intent_data=data)
    assert twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"})[0] == 200
    intent = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    for name in data.keys() - {"metadata"}:
        assert intent[name] == data[name]
    assert intent.metadata.k == "v"
    assert twin.v1.payment_methods.list({"customer": customer}).data[0].id == intent.payment_method


def test_a_guest_stays_a_guest_and_may_become_a_customer(twin: Twin, once: str) -> None:
    form = {"payment_method": "visa", "email": "guest@example.com", "name": "Guest"}
    for creation, kept in (("if_required", False), ("always", True)):
        session = session_for(twin, once, "payment", customer_creation=creation)
        assert twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"})[0] == 400
        assert twin.post_form(f"/c/pay/{session.id}", form)[0] == 200
        done = twin.v1.checkout.sessions.retrieve(session.id)
        assert (done.customer is not None) is kept
        assert done.customer_details.email == "guest@example.com"
        mail = {"customer_details": {"email": "guest@example.com"}}
        assert session.id in [held.id for held in twin.v1.checkout.sessions.list(mail).data]


def test_the_customer_is_brought_up_to_date(twin: Twin, once: str, clock: Clock) -> None:
    customer = clock.customer(None)
    update = {"name": "auto", "address": "auto"}
    session = session_for(
        twin,
        once,
        "payment",
        customer=customer,
        customer_update=update,
        billing_address_collection="required",
    )
    mark = clock.mark()
    form = {"payment_method": "visa", "name": "Jenny", "address[country]": "DE", "address[line1]": "Weg 1"}
    assert twin.post_form(f"/c/pay/{session.id}", form)[0] == 200
    held = twin.v1.customers.retrieve(customer)
    assert (held.name, held.address.country, held.address.line1) == ("Jenny", "DE", "Weg 1")
    assert "customer.updated" in clock.types(mark)


def test_an_open_session_is_changed(twin: Twin, monthly: str, clock: Clock) -> None:
    session = session_for(twin, monthly, customer=clock.customer(None), expand=["line_items"])
    update = twin.v1.checkout.sessions.update
    kept = session.line_items.data[0].id

    def change(given: Any) -> Any:
        return update(session.id, given)

    more = line(twin.price(500), quantity=2)
    given = {"line_items": [{"id": kept, "quantity": 3}, more], "metadata": {"k": "v"}}
    changed = update(session.id, {**given, "expand": ["line_items"]})
    assert [item.quantity for item in changed.line_items.data] == [3, 2]
    assert (changed.line_items.data[0].id, changed.amount_total, changed.metadata.k) == (kept, 7000, "v")
    only = update(session.id, {"line_items": [{"id": kept}], "metadata": {"k": ""}, "expand": ["line_items"]})
    assert (len(only.line_items.data), only.amount_total, only.metadata.to_dict()) == (1, 6000, {})
    for wanted, param in (
        ([{"id": "li_nope"}], "line_items[0][id]"),
        ([{"id": kept, "quantity": 0}], "line_items[0][quantity]"),
        ([], "line_items"),
    ):
        refusal = refused(change, {"line_items": wanted or ""})
        assert refusal["param"] == param
    shipping = {"shipping_details": {"name": "J", "address": {"line1": "1", "country": "US"}}}
    refusal = refused(change, {"collected_information": shipping})
    assert refusal["param"] == "collected_information"
    twin.v1.checkout.sessions.expire(session.id)
    refusal = refused(change, {"line_items": [{"id": kept}]})
    assert refusal["param"] == "line_items"
    assert update(session.id, {"metadata": {"late": "1"}}).metadata.late == "1"


def test_shipping_of_a_page_of_ones_own(twin: Twin, once: str) -> None:
    session = session_for(
        twin,
        once,
        "payment",
        ui_mode="elements",
        success_url=None,
        shipping_address_collection={"allowed_countries": ["US"]},
    )
    rate = {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount": {"amount": 500, "currency": "usd"},
    }
    shipping = {"shipping_details": {"name": "J", "address": {"line1": "1", "country": "US"}}}
    given = {
        "collected_information": shipping,
        "shipping_options": [{"shipping_rate_data": rate}],
        "payment_intent_data": {"description": "Told later"},
        "expand": ["shipping_cost.shipping_rate"],
    }
    changed = twin.v1.checkout.sessions.update(session.id, given)
    assert (changed.amount_total, changed.shipping_cost.shipping_rate.display_name) == (1400, "Post")
    assert changed.collected_information.shipping_details.address.country == "US"
    form = {"payment_method": "visa", "email": "a@example.com"}
    assert twin.post_form(f"/c/pay/{session.id}", form)[0] == 200
    intent = twin.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    assert (intent.amount, intent.description, intent.shipping.name) == (1400, "Told later", "J")


def test_sessions_are_listed(twin: Twin, monthly: str, clock: Clock) -> None:
    customer = clock.customer(None)
    first, second = (session_for(twin, monthly, customer=customer) for _ in range(2))
    listing = twin.v1.checkout.sessions.list
    assert [held.id for held in listing({"customer": customer}).data] == [second.id, first.id]
    assert twin.post_form(f"/c/pay/{first.id}", {"payment_method": "visa"})[0] == 200
    subscription = twin.v1.checkout.sessions.retrieve(first.id).subscription
    assert [held.id for held in listing({"subscription": subscription}).data] == [first.id]
    assert [held.id for held in listing({"customer": customer, "status": "open"}).data] == [second.id]
    clock.advance(FEB_1 - DAY)
    assert [held.id for held in listing({"customer": customer, "status": "expired"}).data] == [second.id]
    assert "checkout.session.expired" in clock.types()
