"""The hosted pages as a person sees them, without scripts."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.engine.sandbox.twin_client import Clock, Twin


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own twin
        return str(answer.read().decode())


def test_a_session_and_its_end(twin: Twin, clock: Clock) -> None:
    price = twin.price(2000, name="<Pro>")
    given = {
        "customer": clock.customer(card=None),
        "mode": "subscription",
        "line_items": [{"price": price, "quantity": 1, "adjustable_quantity": {"enabled": True}}],
        "success_url": f"{twin.base}/_twin/health?session={{CHECKOUT_SESSION_ID}}",
    }
    session = twin.v1.checkout.sessions.create(given)
    shown = read(session.url)
    for text in (
        "&lt;Pro&gt;",
        "$20.00",
        "TEST MODE",
        'name="payment_method"',
        "<form",
    ):
        assert text in shown
    assert "<script" not in shown
    landed = twin.post_form(f"/c/pay/{session.id}", {"payment_method": "visa"}, accept="text/html")
    assert landed == (200, '{"status":"ok"}')
    assert "This session is complete." in read(session.url)


def test_an_invoice_is_paid_on_its_page(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    invoice = twin.v1.invoices.create({"customer": customer, "auto_advance": False})
    twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 2500, "description": "Work"}]})
    opened = twin.v1.invoices.finalize_invoice(invoice.id)
    assert "Pay $25.00" in read(opened.hosted_invoice_url)
    status, page = twin.post_form(f"/i/{invoice.id}", {"payment_method": "declined"}, accept="text/html")
    assert status == 402
    assert "Your card was declined." in page
    assert twin.v1.invoices.retrieve(invoice.id).attempted is True
    assert twin.post_form(f"/i/{invoice.id}", {"payment_method": "default"})[0] == 400
    status, page = twin.post_form(f"/i/{invoice.id}", {"payment_method": "mastercard"}, accept="text/html")
    assert status == 200
    assert "This invoice is paid." in page
    methods = twin.v1.payment_methods.list({"customer": customer}).data
    assert "4444" in [method.card.last4 for method in methods]


def test_pages_of_nothing(twin: Twin) -> None:
    for path in ("/c/pay/cs_nope", "/i/in_nope", "/3ds/pi_nope"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            read(twin.base + path)
        assert refused.value.code == 404
        refused.value.close()
    assert twin.post_form("/i/in_nope", {"payment_method": "visa"})[0] == 404
