"""The portal in a real browser, without scripts: each deed, each flow, each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.twin_client import FEB_1, MAR_1, Clock, Twin

_ALL = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "phone", "address"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {
        "enabled": True,
        "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused"]},
    },
}


class Shop:
    """A customer with a plan, and a configuration that offers another one."""

    def __init__(self, twin: Twin, clock: Clock, card: str = "pm_card_visa") -> None:
        self.twin, self.customer = twin, clock.customer(card)
        self.small, self.large = twin.price(1000, name="Small"), twin.price(3000, name="Large")
        given = {"customer": self.customer, "items": [{"price": self.small}]}
        self.subscription = twin.v1.subscriptions.create(given).id
        product = {price: twin.v1.prices.retrieve(price).product for price in (self.small, self.large)}
        offered = [
            {
                "product": product[self.small],
                "prices": [self.small],
                "adjustable_quantity": {"enabled": True, "maximum": 5},
            },
            {"product": product[self.large], "prices": [self.large]},
        ]
        update = {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity", "promotion_code"],
            "products": offered,
            "proration_behavior": "always_invoice",
        }
        features = {**_ALL, "subscription_update": update}
        self.configuration = twin.v1.billing_portal.configurations.create({"features": features}).id

    def session(self, **more: Any) -> Any:
        given = {"customer": self.customer, "configuration": self.configuration}
        given["return_url"] = f"{self.twin.base}/_twin/health?back"
        return self.twin.v1.billing_portal.sessions.create({**given, **more})

    def flow(self, kind: str, after: dict[str, Any] | None = None, **about: Any) -> Any:
        data: dict[str, Any] = {"type": kind}
        if about:
            data[kind] = about
        if after:
            data["after_completion"] = after
        return self.session(flow_data=data)

    def held(self) -> Any:
        return self.twin.v1.subscriptions.retrieve(self.subscription)


@pytest.fixture
def shop(twin: Twin, clock: Clock) -> Shop:
    return Shop(twin, clock)


def text_of(page: Any) -> str:
    return str(page.locator("body").inner_text())


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Any, name: str) -> None:
    page.get_by_role("link", name=name).click()


def test_the_front_page(browser: Browser, shop: Shop) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        shown = text_of(page)
        for text in ("Small", "$10.00 / month", "renews on February 1, 2026", "Visa •••• 4242", "paid"):
            assert text in shown
        follow(page, "January 1, 2026")
        assert "This invoice is paid." in text_of(page)
        page.go_back()
        follow(page, "Return")
        assert page.url.endswith("?back")


def test_a_plan_is_canceled_and_taken_back(browser: Browser, shop: Shop) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Cancel plan")
        assert "will be canceled on February 1, 2026" in text_of(page)
        page.get_by_label("Why do you cancel?").select_option("too_expensive")
        page.get_by_label("Anything to add?").fill("Bye")
        press(page, "Cancel plan")
        assert "Your plan will be canceled on February 1, 2026." in text_of(page)
        held = shop.held()
        assert (held.cancel_at, held.status) == (FEB_1, "active")
        assert (held.cancellation_details.feedback, held.cancellation_details.comment) == (
            "too_expensive",
            "Bye",
        )
        press(page, "Don't cancel plan")
        assert "Your plan renews on" in text_of(page)
        assert shop.held().cancel_at is None


def test_the_card_is_changed(browser: Browser, shop: Shop, twin: Twin) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Update card")
        page.get_by_label("Card", exact=True).select_option("declined")
        press(page, "Save card")
        assert page.get_by_role("alert").inner_text() == "Your card was declined."
        page.get_by_label("Card", exact=True).select_option("requires_3ds")
        press(page, "Save card")
        press(page, "Fail authentication")
        assert "unable to authenticate" in page.get_by_role("alert").inner_text()
        page.get_by_label("Or a test card number").fill("5555555555554444")
        press(page, "Save card")
        assert "Mastercard •••• 4444" in text_of(page)
    settings = twin.v1.customers.retrieve(
        shop.customer, {"expand": ["invoice_settings.default_payment_method"]}
    ).invoice_settings
    assert settings.default_payment_method.card.last4 == "4444"


def test_the_customer_is_changed(browser: Browser, shop: Shop, twin: Twin) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Update information")
        page.get_by_label("Name").fill("<Jenny>")
        page.get_by_label("Address", exact=True).fill("1 Main Street")
        press(page, "Save")
        assert "<Jenny>" in text_of(page)
    customer = twin.v1.customers.retrieve(shop.customer)
    assert (customer.name, customer.address.line1) == ("<Jenny>", "1 Main Street")
    newest = twin.v1.events.list({"type": "customer.updated", "limit": 1}).data[0]
    assert newest.data.object.name == "<Jenny>"


def test_the_plan_is_changed(browser: Browser, shop: Shop) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Update plan")
        page.get_by_label("Large").check()
        press(page, "Continue")
        assert "$20.00 is due today." in text_of(page)
        assert shop.held()["items"].data[0].price.id == shop.small
        press(page, "Confirm")
        assert "Large" in text_of(page)
    assert shop.held()["items"].data[0].price.id == shop.large


def test_a_change_that_is_not_paid_or_not_offered(browser: Browser, twin: Twin, clock: Clock) -> None:
    shop = Shop(twin, clock)
    clock.give_card(shop.customer, "pm_card_chargeCustomerFail")
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Update plan")
        page.get_by_label("Quantity").fill("9")
        press(page, "Continue")
        assert "out of bounds" in page.get_by_role("alert").inner_text()
        page.get_by_label("Promotion code").fill("NOPE")
        press(page, "Continue")
        assert page.get_by_role("alert").inner_text() == "This code is invalid."
        page.get_by_label("Quantity").fill("3")
        press(page, "Continue")
        assert "$20.00 is due today." in text_of(page)
        press(page, "Confirm")
        assert page.get_by_role("alert").inner_text() == "Your card was declined."
    assert shop.held()["items"].data[0].quantity == 1


def test_a_plan_is_paused_and_resumed(browser: Browser, shop: Shop, clock: Clock) -> None:
    month = [{"interval": "month", "interval_count": 2}]
    pause = {"enabled": True, "duration": {"type": "interval_options", "interval_options": month}}
    features = {"subscription_pause": pause}
    shop.twin.v1.billing_portal.configurations.update(shop.configuration, {"features": features})
    with browser.page(scripts=False) as page:
        page.goto(shop.session().url)
        follow(page, "Pause plan")
        press(page, "Pause plan")
        assert "Your plan is paused." in text_of(page)
        assert shop.held().status == "paused"
        press(page, "Resume plan")
        assert shop.held().status == "active"
        page.goto(shop.flow("subscription_pause", subscription=shop.subscription).url)
        page.get_by_label("Pause for").select_option(label="2 months")
        press(page, "Pause plan")
    assert shop.held().status == "paused"
    clock.advance(MAR_1)
    assert shop.held().status == "active"


def test_the_login_page(browser: Browser, shop: Shop, twin: Twin, clock: Clock) -> None:
    mail = f"{clock.id}@example.com"
    twin.v1.customers.update(shop.customer, {"email": mail})
    given = {"login_page": {"enabled": True}}
    url = twin.v1.billing_portal.configurations.update(shop.configuration, given).login_page.url
    with browser.page(scripts=False) as page:
        page.goto(url)
        page.get_by_label("Email").fill("nobody@example.com")
        press(page, "Continue")
        assert page.get_by_role("alert").inner_text() == "No customer has this email."
        page.get_by_label("Email").fill(mail)
        press(page, "Continue")
        assert "Small" in text_of(page)


def test_a_flow_that_leads_away(browser: Browser, shop: Shop) -> None:
    away = {"type": "redirect", "redirect": {"return_url": f"{shop.twin.base}/_twin/health?done"}}
    session = shop.flow("subscription_cancel", away, subscription=shop.subscription)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        press(page, "Cancel plan")
        assert page.url.endswith("?done")
    assert shop.held().cancel_at == FEB_1


def test_a_flow_with_an_offer(browser: Browser, shop: Shop, twin: Twin) -> None:
    coupon = twin.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    retention = {"type": "coupon_offer", "coupon_offer": {"coupon": coupon}}
    session = shop.flow("subscription_cancel", subscription=shop.subscription, retention=retention)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        press(page, "Stay with 50% off")
        assert "Your plan renews on" in text_of(page)
    assert len(shop.held().discounts) == 1
    assert shop.held().cancel_at is None


def test_a_flow_that_confirms_a_change(browser: Browser, shop: Shop) -> None:
    items = [{"id": shop.held()["items"].data[0].id, "price": shop.large}]
    thanks = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "All set."}}
    about = {"subscription": shop.subscription, "items": items}
    session = shop.flow("subscription_update_confirm", thanks, **about)
    with browser.page(scripts=False) as page:
        page.goto(session.url)
        assert "$20.00 is due today." in text_of(page)
        press(page, "Confirm")
        assert "All set." in text_of(page)
    assert shop.held()["items"].data[0].price.id == shop.large


def test_flows_without_a_subscription(browser: Browser, shop: Shop) -> None:
    with browser.page(scripts=False) as page:
        page.goto(shop.flow("payment_method_update").url)
        press(page, "Save card")
        assert "Manage your billing" in text_of(page)
        page.goto(shop.flow("customer_update").url)
        page.get_by_label("Email").fill("later@example.com")
        press(page, "Save")
        assert "later@example.com" in text_of(page)
        page.goto(shop.flow("subscription_update", subscription=shop.subscription).url)
        assert page.get_by_role("heading", name="Update your plan").count() == 1


def test_it_fits_on_a_phone(browser: Browser, shop: Shop) -> None:
    with browser.page(phone=True) as page:
        page.goto(shop.session().url)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
