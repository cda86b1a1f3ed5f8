"""The checkout page in a real browser, without scripts: what a buyer sees, tells, and gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.twin_client import JAN_1, Clock, Twin


def session_for(twin: Twin, **given: Any) -> Any:
    usual = {
        "mode": "subscription",
        "success_url": f"{twin.base}/_twin/health?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{twin.base}/_twin/health?canceled",
    }
    if given.get("mode") != "setup" and "line_items" not in given:
        recurring = given.get("mode", "subscription") == "subscription"
        price = twin.price(2000, "month" if recurring else None, name="Pro & <more>")
        given["line_items"] = [{"price": price, "quantity": 1}]
    return twin.v1.checkout.sessions.create({**usual, **given})


def reread(twin: Twin, session: Any, *expand: str) -> Any:
    return twin.v1.checkout.sessions.retrieve(session.id, {"expand": list(expand)})


def text_of(page: Any) -> str:
    return str(page.locator("body").inner_text())


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_a_new_customer_subscribes(browser: Browser, twin: Twin) -> None:
    session = session_for(twin, client_reference_id="ref")
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        shown = text_of(page)
        for text in ("Pro & <more>", "$20.00", "Due today, then billed every month", "TEST MODE"):
            assert text in shown
        page.get_by_label("Email").fill("new@example.com")
        page.get_by_label("Name", exact=True).fill("Jenny Rosen")
        press(page, "Subscribe")
        assert page.url == f"{twin.base}/_twin/health?session={session.id}"
        page.goto(session.url)
        assert "This session is complete." in text_of(page)
    done = reread(twin, session, "customer", "subscription")
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.customer.email, done.customer.name) == ("new@example.com", "Jenny Rosen")
    assert done.subscription.status == "active"
    assert done.customer_details.name == "Jenny Rosen"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("4000 0000 0000 0002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
        ("4242424242424241", "Your card number is invalid."),
        ("abc", "Your card number is invalid."),
    ],
)
def test_a_refused_number_can_be_tried_again(
    browser: Browser, twin: Twin, clock: Clock, number: str, text: str
) -> None:
    customer = clock.customer(card=None)
    session = session_for(twin, customer=customer)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        page.get_by_label("Or a test card number").fill(number)
        press(page, "Subscribe")
        assert page.get_by_role("alert").inner_text() == text
        assert twin.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
        page.get_by_label("Or a test card number").fill("5555 5555 5555 4444")
        press(page, "Subscribe")
        assert "/_twin/health" in page.url
    method = reread(twin, session, "subscription.default_payment_method").subscription.default_payment_method
    assert (method.card.brand, method.card.last4) == ("mastercard", "4444")


def test_the_bank_asks(browser: Browser, twin: Twin, clock: Clock) -> None:
    session = session_for(twin, customer=clock.customer(card=None), phone_number_collection={"enabled": True})
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        page.get_by_label("Phone number").fill("+1 555 0100")
        page.get_by_label("Card", exact=True).select_option("requires_3ds")
        press(page, "Subscribe")
        assert "Confirm your payment of $20.00." in text_of(page)
        press(page, "Fail authentication")
        assert "unable to authenticate" in page.get_by_role("alert").inner_text()
        assert reread(twin, session).status == "open"
        assert page.get_by_label("Phone number").input_value() == "+1 555 0100"
        press(page, "Subscribe")
        press(page, "Complete authentication")
        assert "/_twin/health" in page.url
    done = reread(twin, session)
    assert (done.status, done.customer_details.phone) == ("complete", "+1 555 0100")


def test_a_code_is_typed(browser: Browser, twin: Twin, clock: Clock) -> None:
    coupon = twin.v1.coupons.create({"percent_off": 25, "duration": "forever"})
    code = f"AUTUMN{clock.id[-6:]}"
    promotion = twin.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": code}
    )
    session = session_for(twin, customer=clock.customer(card=None), allow_promotion_codes=True)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        page.get_by_label("Promotion code").fill("NOPE")
        press(page, "Apply")
        assert page.get_by_role("alert").inner_text() == "This code is invalid."
        page.get_by_label("Promotion code").fill(code.lower())
        press(page, "Apply")
        assert "-$5.00" in text_of(page)
        press(page, "Remove code")
        assert "-$5.00" not in text_of(page)
        page.get_by_label("Promotion code").fill(code)
        press(page, "Apply")
        opened = reread(twin, session)
        assert (opened.amount_total, opened.total_details.amount_discount) == (1500, 500)
        assert opened.discounts[0].promotion_code == promotion.id
        press(page, "Subscribe")
    done = reread(twin, session, "invoice")
    assert done.invoice.amount_paid == 1500
    assert twin.v1.promotion_codes.retrieve(promotion.id).times_redeemed == 1


def test_quantities_optional_items_and_the_enter_key(browser: Browser, twin: Twin, clock: Clock) -> None:
    lines = [
        {
            "price": twin.price(1000, name="Seat"),
            "quantity": 1,
            "adjustable_quantity": {"enabled": True, "maximum": 5},
        }
    ]
    extra = [{"price": twin.price(300, name="Storage"), "quantity": 1}]
    customer = clock.customer(card=None)
    session = session_for(twin, customer=customer, line_items=lines, optional_items=extra)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        page.get_by_label("Quantity of Seat").fill("3")
        press(page, "Update quantities")
        assert "$30.00" in text_of(page)
        press(page, "Add Storage")
        assert "$33.00" in text_of(page)
        press(page, "Remove Storage")
        assert "$33.00" not in text_of(page)
        press(page, "Add Storage")
        page.get_by_label("Name", exact=True).press("Enter")
        assert "/_twin/health" in page.url
    done = reread(twin, session, "subscription", "line_items")
    assert done.amount_total == 3300
    assert sorted(item.quantity for item in done.subscription["items"].data) == [1, 3]
    assert len(done.line_items.data) == 2


_OPTIONS = [{"label": "Small", "value": "s"}, {"label": "Medium", "value": "m"}]
_ASKED: dict[str, Any] = {
    "mode": "payment",
    "customer_creation": "always",
    "billing_address_collection": "required",
    "shipping_address_collection": {"allowed_countries": ["DE", "US"]},
    "custom_fields": [
        {
            "key": "size",
            "type": "dropdown",
            "label": {"type": "custom", "custom": "Size"},
            "dropdown": {"options": _OPTIONS},
        },
        {
            "key": "code",
            "type": "numeric",
            "label": {"type": "custom", "custom": "Code"},
            "numeric": {"minimum_length": 3},
        },
        {"key": "note", "type": "text", "label": {"type": "custom", "custom": "Note"}, "optional": True},
    ],
    "consent_collection": {"terms_of_service": "required", "promotions": "auto"},
    "custom_text": {"submit": {"message": "We write at once."}},
    "tax_id_collection": {"enabled": True},
    "submit_type": "book",
}


def shipping(name: str, amount: int) -> dict[str, Any]:
    fixed = {"amount": amount, "currency": "usd"}
    return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}


def tell(page: Any) -> None:
    """Fill in who the buyer is and where it goes."""
    page.get_by_label("Email").fill("a@example.com")
    page.get_by_label("Name", exact=True).fill("Jenny")
    page.locator("[name='address[line1]']").fill("1 Main Street")
    page.locator("[name='shipping[name]']").fill("Joe")
    page.locator("[name='shipping[address][line1]']").fill("2 Side Street")
    page.get_by_label("Tax ID", exact=True).fill("DE123456789")
    page.get_by_label("Code", exact=True).fill("12")


def test_everything_that_can_be_asked(browser: Browser, twin: Twin) -> None:
    options = [shipping("Post", 500), shipping("Courier", 1500)]
    session = session_for(twin, **_ASKED, shipping_options=options)
    assert (session.amount_total, session.shipping_cost.amount_total) == (2500, 500)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        assert "We write at once." in text_of(page)
        page.get_by_label("Courier").check()
        press(page, "Update shipping")
        tell(page)
        press(page, "Book $35.00")
        assert page.get_by_role("alert").inner_text() == "Size is required."
        page.get_by_label("Size").select_option("m")
        press(page, "Book $35.00")
        assert page.get_by_role("alert").inner_text() == "Code is not valid."
        page.get_by_label("Code", exact=True).fill("123")
        press(page, "Book $35.00")
        assert page.get_by_role("alert").inner_text() == "You must accept the terms of service."
        page.get_by_label("I accept the terms of service").check()
        press(page, "Book $35.00")
        assert "/_twin/health" in page.url
    done = reread(twin, session, "customer", "payment_intent")
    values = [done.custom_fields[0].dropdown.value, done.custom_fields[1].numeric.value]
    assert values == ["m", "123"]
    assert done.collected_information.shipping_details.address.line1 == "2 Side Street"
    assert (done.customer.shipping.name, done.customer.address.line1) == ("Joe", "1 Main Street")
    assert (done.consent.terms_of_service, done.consent.promotions) == ("accepted", "opt_out")
    assert done.customer_details.tax_ids[0].value == "DE123456789"
    assert done.payment_intent.amount == 3500


def test_a_trial_needs_no_card_when_told_so(browser: Browser, twin: Twin, clock: Clock) -> None:
    session = session_for(
        twin,
        customer=clock.customer(card=None),
        payment_method_collection="if_required",
        subscription_data={"trial_period_days": 14},
    )
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        assert "14 days free, then billed every month" in text_of(page)
        assert page.get_by_label("Card", exact=True).count() == 0
        press(page, "Start trial")
    done = reread(twin, session, "subscription")
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")
    assert done.subscription.default_payment_method is None


def test_a_card_is_saved_and_used_again(browser: Browser, twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    saving = {"payment_method_save": "enabled"}
    first = session_for(twin, customer=customer, mode="payment", saved_payment_method_options=saving)
    with browser.page(scripts=False) as page:
        page.goto(first.url)
        page.get_by_label("Card", exact=True).select_option("mastercard")
        page.get_by_label("Save my card").check()
        press(page, "Pay $20.00")
        second = session_for(twin, customer=customer, mode="payment")
        page.goto(second.url)
        assert "Saved: Mastercard •••• 4444" in text_of(page)
        page.get_by_label("Card", exact=True).select_option(label="Saved: Mastercard •••• 4444")
        press(page, "Pay $20.00")
    paid = [reread(twin, session, "payment_intent").payment_intent for session in (first, second)]
    assert paid[0].payment_method == paid[1].payment_method


def test_a_card_is_kept_without_paying(browser: Browser, twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    session = session_for(twin, customer=customer, mode="setup", currency="usd")
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        press(page, "Save card")
    done = reread(twin, session, "setup_intent")
    assert (done.setup_intent.status, done.setup_intent.customer) == ("succeeded", customer)


def test_back_and_expired(browser: Browser, twin: Twin, clock: Clock) -> None:
    recovery = {"recovery": {"enabled": True, "allow_promotion_codes": True}}
    session = session_for(twin, customer=clock.customer(card=None), after_expiration=recovery)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        page.get_by_role("link", name="Back").click()
        assert page.url.endswith("?canceled")
        url = session.url
        expired = twin.v1.checkout.sessions.expire(session.id)
        page.goto(url)
        assert "This session is expired." in text_of(page)
        again = expired.after_expiration.recovery
        assert again.expires_at == JAN_1 + 30 * 86400
        page.goto(again.url)
        assert page.get_by_label("Promotion code").count() == 1
        press(page, "Subscribe")
    newest = twin.v1.checkout.sessions.list({"status": "complete", "limit": 1}).data[0]
    assert newest.recovered_from == session.id


def test_it_fits_on_a_phone(browser: Browser, twin: Twin, clock: Clock) -> None:
    session = session_for(twin, customer=clock.customer(card=None), allow_promotion_codes=True)
    with browser.page(phone=True) as page:
        page.goto(session.url)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate(
            "performance.getEntriesByType('resource').map(r => new URL(r.name).pathname)"
        ) == ["/hosted/style.css"]
