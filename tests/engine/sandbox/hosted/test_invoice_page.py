"""The hosted invoice and the bank's page in a real browser, without scripts."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.twin_client import FEB_1, JAN_1, Clock, Twin


def invoice_of(twin: Twin, customer: str) -> Any:
    invoice = twin.v1.invoices.create(
        {"customer": customer, "auto_advance": False, "footer": "Main Street 1"}
    )
    lines = [
        {"amount": 2500, "description": "<b>Work</b>"},
        {"amount": 500, "description": "Travel", "period": {"start": JAN_1, "end": FEB_1}},
    ]
    twin.v1.invoices.add_lines(invoice.id, {"lines": lines})
    return twin.v1.invoices.finalize_invoice(invoice.id)


def text_of(page: Any) -> str:
    return str(page.locator("body").inner_text())


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_an_invoice_is_declined_then_paid(browser: Browser, twin: Twin, clock: Clock) -> None:
    invoice = invoice_of(twin, clock.customer(card=None))
    with browser.page(scripts=False) as page:
        page.goto(invoice.hosted_invoice_url)
        shown = text_of(page)
        for text in ("<b>Work</b>", "$30.00", "January 1, 2026 - February 1, 2026", "Main Street 1", "open"):
            assert text in shown
        page.get_by_label("Card", exact=True).select_option("insufficient_funds")
        press(page, "Pay $30.00")
        assert page.get_by_role("alert").inner_text() == "Your card has insufficient funds."
        page.get_by_label("Or a test card number").fill("5555555555554444")
        press(page, "Pay $30.00")
        assert "This invoice is paid. Thank you." in text_of(page)
        assert page.get_by_role("button").count() == 0
        page.get_by_role("link", name="Download PDF").click()
        assert "Invoice number" in text_of(page)
    assert twin.v1.invoices.retrieve(invoice.id).status == "paid"


def test_the_bank_asks_for_an_invoice(browser: Browser, twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card="pm_card_authenticationRequired")
    invoice = invoice_of(twin, customer)
    with browser.page(scripts=False) as page:
        page.goto(invoice.hosted_invoice_url)
        page.get_by_label("Card", exact=True).select_option(label="Card on file")
        press(page, "Pay $30.00")
        assert "/3ds/pi_" in page.url
        assert "Confirm your payment of $30.00." in text_of(page)
        press(page, "Fail authentication")
        assert page.url == invoice.hosted_invoice_url
        assert twin.v1.invoices.retrieve(invoice.id).status == "open"
        press(page, "Pay $30.00")
        press(page, "Complete authentication")
        assert page.url == invoice.hosted_invoice_url
        assert "This invoice is paid." in text_of(page)


def test_the_page_of_a_void_invoice(browser: Browser, twin: Twin, clock: Clock) -> None:
    invoice = invoice_of(twin, clock.customer(card=None))
    twin.v1.invoices.void_invoice(invoice.id)
    with browser.page(scripts=False) as page:
        page.goto(invoice.hosted_invoice_url)
        assert "There is nothing to pay." in text_of(page)
        draft = twin.v1.invoices.create({"customer": invoice.customer, "auto_advance": False})
        assert page.goto(f"{twin.base}/i/{draft.id}").status == 404


def test_the_first_invoice_of_a_subscription_is_confirmed(browser: Browser, twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card="pm_card_authenticationRequired")
    given = {
        "customer": customer,
        "items": [{"price": twin.price(2000)}],
        "expand": ["latest_invoice.payments"],
    }
    subscription = twin.v1.subscriptions.create(given)
    assert subscription.status == "incomplete"
    intent = twin.v1.payment_intents.retrieve(
        subscription.latest_invoice.payments.data[0].payment.payment_intent
    )
    url = intent.next_action.use_stripe_sdk.stripe_js
    with browser.page(scripts=False) as page:
        page.goto(url)
        press(page, "Complete authentication")
        assert "This invoice is paid." in text_of(page)
        page.goto(url)
        assert "nothing to confirm" in text_of(page)
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "active"
