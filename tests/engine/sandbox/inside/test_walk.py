"""Can an engineer find out what happened? In a real browser, without JavaScript, following links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.receiver import Receiver
from tests.engine.sandbox.twin_client import DAY, FEB_1, JAN_1, MAR_1, Clock, Twin


@pytest.fixture
def page(browser: Browser, twin: Twin) -> Iterator[Any]:
    with browser.page(scripts=False) as opened:
        opened.goto(f"{twin.base}/")
        yield opened


def _sees(page: Any, *texts: str) -> None:
    shown = " ".join(page.locator("main").inner_text().split())
    for text in texts:
        assert text in shown, (text, shown)


def _search(page: Any, wanted: str) -> None:
    page.get_by_role("searchbox").fill(wanted)
    page.get_by_role("searchbox").press("Enter")


def test_an_invoice_tells_its_lines_discounts_taxes_and_failed_payments(
    page: Any, twin: Twin, clock: Clock
) -> None:
    v1 = twin.v1
    coupon = v1.coupons.create({"percent_off": 25, "duration": "forever", "name": "Quarter"})
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    customer = clock.customer()
    items = [{"price": twin.price(2000)}, {"price": twin.price(500, name="Seats"), "quantity": 4}]
    given = {"customer": customer, "items": items, "discounts": [{"coupon": coupon.id}]}
    subscription = v1.subscriptions.create({**given, "default_tax_rates": [rate.id]})
    clock.give_card(customer, "pm_card_chargeCustomerFail")
    clock.advance(FEB_1 + DAY)
    _search(page, subscription.id)
    _sees(page, "past_due", "payment is tried again", "payment failed", "active → past_due", "renewed")
    assert page.locator("svg rect.state.past_due").count() == 1
    assert page.locator("svg circle.bad").count() >= 1
    assert page.locator("svg circle.coming").count() >= 1
    page.locator("section", has_text="Why").locator("a", has_text="-0002").click()
    _sees(page, "open", "Pro (at $20.00 / month)", "Seats (at $5.00 / month)", "VAT 10.0 % (exclusive)")
    _sees(page, "Subtotal 40.00 USD", "10.00 USD", "Total 33.00 USD", "Remaining 33.00 USD")
    _sees(page, "failed", "Your card was declined.", "invoice.payment_failed")
    page.get_by_role("link", name="invoice.payment_failed").first.click()
    _sees(page, "Deliveries", '"attempt_count": 1')
    page.locator("dl a", has_text="in_").click()
    assert page.locator("h1").inner_text().startswith("Invoice ")


def test_a_refused_request_tells_what_was_sent_and_why_it_was_refused(page: Any, twin: Twin) -> None:
    customer = twin.v1.customers.create({"name": "Refused"})
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.subscriptions.create({"customer": customer.id, "items": [{"price": "price_nobody"}]})
    page.get_by_role("link", name="Requests", exact=True).click()
    page.get_by_label("Customer or other id").fill(customer.id)
    page.get_by_label("Status: 402, 4xx, error").fill("error")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("tbody tr").count() == 1
    assert page.locator("td .badge.waiting").inner_text() == "400"
    _sees(page, "No such price: 'price_nobody'")
    page.get_by_role("link", name="/v1/subscriptions").click()
    _sees(
        page, "No such price: 'price_nobody'", "code: resource_missing", '"price": "price_nobody"', "no event"
    )
    page.locator("pre a", has_text=customer.id).click()
    assert page.locator("h1").inner_text() == "Refused"


def test_a_fault_is_seen_hit_and_healed(page: Any, twin: Twin) -> None:
    made = twin.post_json(
        "/_twin/faults", {"kind": "decline", "code": "lost_card", "customer": "cus_inside_*"}
    )
    page.get_by_role("link", name="Faults", exact=True).click()
    row = page.locator("tr", has_text=made["id"])
    assert "in force" in row.inner_text()
    assert '"code": "lost_card"' in row.inner_text()
    row.get_by_role("button", name="Heal").click()
    assert page.locator("tr", has_text=made["id"]).count() == 0
    assert made["id"] not in {fault["id"] for fault in twin.get("/_twin/faults")["faults"]}


def test_an_event_is_sent_once_more(page: Any, twin: Twin) -> None:
    receiver = Receiver()
    given = {"url": receiver.url, "enabled_events": ["coupon.created"]}
    endpoint = twin.v1.webhook_endpoints.create(given)
    receiver.secret = endpoint.secret
    try:
        twin.v1.coupons.create({"percent_off": 5, "duration": "once", "name": "Told twice"})
        receiver.wait(1)
        page.goto(f"{twin.base}/inside/events?type=coupon.created")
        page.get_by_role("link", name="coupon.created", exact=True).first.click()
        _sees(page, "delivered", receiver.url, "200")
        page.get_by_role("button", name="Send once more").click()
        receiver.wait(2)
        page.reload()
        _sees(page, "by hand")
    finally:
        twin.v1.webhook_endpoints.delete(endpoint.id)
        receiver.close()


def test_a_test_clock_tells_what_is_next_and_for_whom(page: Any, twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    given = {"customer": customer, "items": [{"price": twin.price(900)}], "trial_end": MAR_1}
    twin.v1.subscriptions.create(given)
    page.goto(f"{twin.base}/inside/clocks/{clock.id}")
    _sees(page, "ready", "trial end is announced", "1 Mar 2026", customer)
    page.locator("a", has_text="sub_").first.click()
    _sees(page, "trialing", "Trial until", "trial ends")


def test_the_ledger_shows_what_a_customer_paid(page: Any, twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    twin.v1.subscriptions.create({"customer": customer, "items": [{"price": twin.price(2000)}]})
    clock.advance(JAN_1 + DAY)
    page.goto(f"{twin.base}/inside/customers/{customer}")
    _sees(page, "visa •••• 4242", "default", "active", "20.00 USD")
    page.get_by_role("link", name="entries").click()
    _sees(page, "sales:platform", "20.00 USD")


def test_the_live_clock_is_moved_and_things_happen(browser: Browser, tmp_path: Path) -> None:
    with launched(tmp_path, "--now", str(JAN_1)) as twin, browser.page(scripts=False) as page:
        method = twin.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
        customer = twin.v1.customers.create({"name": "Live", "payment_method": method.id})
        given = {"customer": customer.id, "items": [{"price": twin.price(2000)}]}
        twin.v1.subscriptions.create({**given, "default_payment_method": method.id})
        page.goto(f"{twin.base}/inside/clocks")
        _sees(page, "1 Jan 2026 00:00:00", "stands until it is moved")
        page.locator("input[name=to]").fill("2026-02-02T12:00:00")
        page.get_by_role("button", name="Move on").click()
        _sees(page, "2 Feb 2026 12:00:00", "renews", "1 Mar 2026", customer.id)
        page.goto(f"{twin.base}/inside/invoices")
        assert page.locator("tbody tr").count() == 2
        status, told = twin.post_form("/inside/clock", {"to": "2026-01-01T00:00:00"}, accept="text/html")
        assert status == 400
        assert "Time only moves forward." in told
        assert twin.post_form("/inside/clock", {"to": "soon"}, accept="text/html")[0] == 400


def test_every_page_fits_a_phone(browser: Browser, twin: Twin) -> None:
    with browser.page(phone=True) as page:
        for path in ("", "inside/customers", "inside/requests", "inside/ledger", "inside/clocks"):
            page.goto(f"{twin.base}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
