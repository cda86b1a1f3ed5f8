"""What stays of a session that was paid? Its intent, its invoice and the customer's tax ids."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.twin_client import Twin

_FORM = {"payment_method": "visa", "email": "buyer@example.com", "name": "Jenny"}


def paid(twin: Twin, form: dict[str, str] | None = None, **more: Any) -> Any:
    """A session of 9.00 that was completed on its page."""
    lines = [{"price": twin.price(900, None), "quantity": 1}]
    given = {"mode": "payment", "line_items": lines, "success_url": "https://shop.example", **more}
    session = twin.v1.checkout.sessions.create(given)
    assert twin.post_form(f"/c/pay/{session.id}", {**_FORM, **(form or {})})[0] == 200
    return twin.v1.checkout.sessions.retrieve(session.id)


def test_held_money_pays_once_it_is_captured(twin: Twin) -> None:
    session = paid(twin, payment_method_options={"card": {"capture_method": "manual"}})
    intent = twin.v1.payment_intents.retrieve(session.payment_intent)
    assert (session.payment_status, intent.status) == ("unpaid", "requires_capture")
    assert intent.payment_method_options.card.capture_method == "manual"
    twin.v1.payment_intents.capture(intent.id)
    assert twin.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_shipping_is_no_line_of_the_invoice(twin: Twin) -> None:
    rate = {"display_name": "Post", "fixed_amount": {"amount": 500, "currency": "usd"}}
    options = [{"shipping_rate_data": {"type": "fixed_amount", **rate}}]
    session = paid(twin, shipping_options=options, invoice_creation={"enabled": True})
    invoice = twin.v1.invoices.retrieve(session.invoice)
    assert [line.amount for line in invoice.lines.data] == [900]
    assert invoice.shipping_cost.amount_total == 500
    assert (invoice.total, invoice.amount_paid) == (1400, 1400)


def test_a_tax_id_becomes_the_customers(twin: Twin) -> None:
    form = {"tax_id[type]": "eu_vat", "tax_id[value]": "DE123456789"}
    more = {"tax_id_collection": {"enabled": True}, "customer_creation": "always"}
    session = paid(twin, form, **more)
    held = twin.v1.customers.tax_ids.list(session.customer).data
    assert [(each.type, each.value) for each in held] == [("eu_vat", "DE123456789")]
