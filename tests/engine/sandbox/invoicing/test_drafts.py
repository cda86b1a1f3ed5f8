"""Drafts with every field, their lines and items, revisions, and what a finalized invoice refuses."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_1, JAN_16, Clock, Twin, amounts, error_of


def draft(clock: Clock, customer: str, *lines: Any, **more: Any) -> Any:
    """A manual draft with lines; a number is a custom amount."""
    invoice = clock.twin.v1.invoices.create({"customer": customer, **more})
    given = [{"amount": line, "description": "Line"} if isinstance(line, int) else line for line in lines]
    return clock.twin.v1.invoices.add_lines(invoice.id, {"lines": given}) if given else invoice


def refused(call: Any, *given: Any) -> Any:
    """The error of a call that Stripe refuses with 400."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        call(*given)
    assert caught.value.http_status == 400
    return error_of(caught.value)


def test_every_field_of_a_draft_is_kept(twin: Twin, clock: Clock) -> None:
    invoice = draft(
        clock,
        clock.customer(),
        4000,
        collection_method="send_invoice",
        days_until_due=10,
        description="Memo",
        footer="Thanks",
        number="CUSTOM-1",
        custom_fields=[{"name": "PO", "value": "1"}],
        effective_at=JAN_1,
        statement_descriptor="WALLSTREET",
        issuer={"type": "self"},
        rendering={"amount_tax_display": "exclude_tax", "pdf": {"page_size": "a4"}},
        payment_settings={
            "payment_method_types": ["card"],
            "payment_method_options": {"card": {"request_three_d_secure": "any"}},
        },
        shipping_details={"name": "Jo", "address": {"line1": "1 Road", "country": "US"}},
        shipping_cost={
            "shipping_rate_data": {
                "display_name": "Post",
                "fixed_amount": {"amount": 700, "currency": "usd"},
            }
        },
        metadata={"a": "b"},
    )
    assert (invoice.total, invoice.subtotal, invoice.amount_shipping) == (4700, 4000, 700)
    assert (invoice.due_date, invoice.number, invoice.footer) == (JAN_1 + 10 * DAY, "CUSTOM-1", "Thanks")
    assert invoice.rendering.pdf.page_size == "a4"
    assert invoice.payment_settings.payment_method_options.card.request_three_d_secure == "any"
    assert invoice.shipping_details.address.country == "US"
    opened = twin.v1.invoices.finalize_invoice(invoice.id)
    assert (opened.number, opened.effective_at, opened.amount_due) == ("CUSTOM-1", JAN_1, 4700)
    assert twin.v1.invoices.send_invoice(invoice.id).status == "open"
    found = twin.v1.invoices.list({"customer": invoice.customer, "due_date": {"gt": JAN_1}}).data
    assert [each.id for each in found] == [invoice.id]
    assert not twin.v1.invoices.list({"customer": invoice.customer, "due_date": {"lt": JAN_1}}).data


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"days_until_due": 3}, "days_until_due"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"collection_method": "send_invoice", "due_date": JAN_1 - 1}, "due_date"),
        ({"collection_method": "send_invoice", "due_date": 1, "days_until_due": 1}, "days_until_due"),
        ({"custom_fields": [{"name": str(each), "value": "x"} for each in range(5)]}, "custom_fields"),
        ({"statement_descriptor": "123"}, "statement_descriptor"),
        ({"automatically_finalizes_at": JAN_1 - 1}, "automatically_finalizes_at"),
        ({"default_source": "src_1"}, "default_source"),
        ({"account_tax_ids": ["txi_1"]}, "account_tax_ids[0]"),
        ({"currency": "zzz"}, "currency"),
        ({"discounts": [{"coupon": "nope"}]}, "discounts[0][coupon]"),
        ({"subscription": "sub_nope"}, "subscription"),
        ({"application_fee_amount": -1}, "application_fee_amount"),
        ({"issuer": {"type": "account"}}, "issuer[account]"),
        ({"from_invoice": {"action": "revision", "invoice": "in_nope"}}, "from_invoice[invoice]"),
    ],
)
def test_what_a_draft_does_not_take(twin: Twin, clock: Clock, given: dict[str, Any], param: str) -> None:
    customer = clock.customer()
    error = refused(twin.v1.invoices.create, {"customer": customer, **given})
    assert error["param"] == param
    assert not twin.v1.invoices.list({"customer": customer}).data


def test_a_finalized_invoice_keeps_what_it_says(twin: Twin, clock: Clock) -> None:
    invoice = twin.v1.invoices.finalize_invoice(draft(clock, clock.customer(), 1000).id)
    for given in (
        {"description": "x"},
        {"collection_method": "send_invoice"},
        {"default_tax_rates": ""},
        {"number": "X"},
        {"discounts": ""},
        {"days_until_due": 3},
        {"shipping_cost": ""},
    ):
        assert refused(twin.v1.invoices.update, invoice.id, given)["code"] == "invoice_not_editable"
    line = invoice.lines.data[0].id
    change = twin.v1.invoices.line_items.update
    assert refused(change, invoice.id, line, {"amount": 1})["code"] == "invoice_not_editable"
    item = invoice.lines.data[0].parent.invoice_item_details.invoice_item
    assert refused(twin.v1.invoice_items.update, item, {"amount": 1})["code"] == "invoice_not_editable"
    assert refused(twin.v1.invoice_items.delete, item)["code"] == "invoice_not_editable"
    changed = twin.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}, "auto_advance": False})
    assert (changed.metadata.a, changed.total) == ("b", 1000)


def test_moves_that_are_not_allowed(twin: Twin, clock: Clock) -> None:
    v1 = twin.v1.invoices
    paid = v1.pay(draft(clock, clock.customer(), 1000).id)
    assert refused(v1.pay, paid.id)["message"] == "Invoice is already paid"
    assert refused(v1.void_invoice, paid.id)["code"] == "status_transition_invalid"
    assert refused(v1.mark_uncollectible, paid.id)["code"] == "status_transition_invalid"
    assert "already finalized" in refused(v1.finalize_invoice, paid.id)["message"]
    assert refused(v1.delete, paid.id)["code"] == "invoice_not_editable"
    assert "send_invoice" in refused(v1.send_invoice, paid.id)["message"]
    fresh = draft(clock, clock.customer(), 1000)
    assert refused(v1.void_invoice, fresh.id)["code"] == "status_transition_invalid"
    assert refused(v1.pay, fresh.id, {"mandate": "mandate_1"})["param"] == "mandate"
    assert v1.retrieve(fresh.id).status == "draft"
    assert v1.delete(fresh.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        v1.retrieve(fresh.id)


def test_lines_are_changed_one_by_one(twin: Twin, clock: Clock) -> None:
    price = twin.price(250, None)
    rate = twin.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    lines = [1000, {"pricing": {"price": price}, "quantity": 2}]
    invoice = draft(clock, clock.customer(), *lines)
    first, second = invoice.lines.data
    change = twin.v1.invoices.line_items.update
    period = {"start": JAN_1, "end": JAN_16}
    line = change(invoice.id, first.id, {"amount": 900, "period": period, "tax_rates": [rate.id]})
    assert (line.object, line.amount, line.period.end, line.taxes[0].amount) == ("line_item", 900, JAN_16, 90)
    line = change(invoice.id, second.id, {"quantity": 5, "description": "Five"})
    assert (line.amount, line.quantity, line.description) == (1250, 5, "Five")
    item = twin.v1.invoice_items.retrieve(line.parent.invoice_item_details.invoice_item)
    assert (item.amount, item.quantity, item.description) == (1250, 5, "Five")
    told = {
        "amount": 33,
        "taxable_amount": 1250,
        "tax_rate_data": {"display_name": "Own", "percentage": 2.6, "inclusive": False},
    }
    line = change(invoice.id, second.id, {"tax_amounts": [told]})
    assert [tax.amount for tax in line.taxes] == [33]
    now = twin.v1.invoices.retrieve(invoice.id)
    assert (now.subtotal, now.total) == (2150, 2150 + 90 + 33)


def test_items_whole(twin: Twin, clock: Clock) -> None:
    v1, customer = twin.v1, clock.customer()
    price = twin.price(300, None)
    item = v1.invoice_items.create(
        {
            "customer": customer,
            "pricing": {"price": price},
            "quantity_decimal": "2.5",
            "period": {"start": JAN_1, "end": JAN_16},
            "discountable": False,
            "metadata": {"a": "b"},
        }
    )
    assert (item.amount, item.quantity, str(item.quantity_decimal)) == (750, 2, "2.5")
    changed = v1.invoice_items.update(item.id, {"quantity": 3, "description": "Three"})
    assert (changed.amount, changed.description, changed.discountable) == (900, "Three", False)
    unit = {"customer": customer, "unit_amount_decimal": "10.5", "quantity": 3, "currency": "usd"}
    assert v1.invoice_items.create(unit).amount == 32
    assert v1.customers.retrieve(customer).currency == "usd"
    listed = v1.invoice_items.list({"customer": customer, "pending": True, "created": {"gte": JAN_1}})
    assert [each.amount for each in listed.data] == [32, 900]
    invoice = draft(clock, customer, pending_invoice_items_behavior="include")
    assert amounts(invoice) == [900, 32]
    assert v1.invoice_items.delete(item.id).deleted
    assert amounts(v1.invoices.retrieve(invoice.id)) == [32]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "amount"),
        ({"amount": 1, "unit_amount_decimal": "1"}, "amount"),
        ({"amount": 1, "period": {"start": 2, "end": 1}}, "period[end]"),
        ({"unit_amount_decimal": "1", "quantity": -1}, "quantity"),
        ({"amount": 10**15}, "amount"),
        ({"amount": 1, "currency": "eur"}, None),
        ({"amount": 1, "invoice": "in_nope"}, "invoice"),
        ({"amount": 1, "subscription": "sub_nope"}, "subscription"),
        ({"amount": 1, "tax_rates": ["txr_nope"]}, "tax_rates[0]"),
        ({"pricing": {"price": "price_nope"}}, "pricing[price]"),
        (
            {"price_data": {"currency": "usd", "product": "prod_nope", "unit_amount": 1}},
            "price_data[product]",
        ),
    ],
)
def test_what_an_item_does_not_take(
    twin: Twin, clock: Clock, given: dict[str, Any], param: str | None
) -> None:
    customer = clock.customer()
    twin.v1.invoice_items.create({"customer": customer, "amount": 5, "currency": "usd"})
    error = refused(twin.v1.invoice_items.create, {"customer": customer, **given})
    assert error.get("param") == param
    assert len(twin.v1.invoice_items.list({"customer": customer}).data) == 1


def test_a_revision_takes_the_place_of_its_original(twin: Twin, clock: Clock) -> None:
    v1 = twin.v1.invoices
    original = v1.finalize_invoice(draft(clock, clock.customer(), 1000, 500, footer="Old").id)
    revision = v1.create({"from_invoice": {"action": "revision", "invoice": original.id}})
    assert (amounts(revision), revision.footer, revision.status) == ([1000, 500], "Old", "draft")
    assert revision.from_invoice.invoice == original.id
    assert v1.retrieve(original.id).latest_revision == revision.id
    again = {"from_invoice": {"action": "revision", "invoice": original.id}}
    assert refused(v1.create, again)["param"] == "from_invoice[invoice]"
    line = revision.lines.data[0].id
    v1.update_lines(revision.id, {"lines": [{"id": line, "amount": 800}]})
    assert v1.finalize_invoice(revision.id).total == 1300
    assert v1.retrieve(original.id).status == "void"


def test_a_draft_advances_when_it_is_told(twin: Twin, clock: Clock) -> None:
    at = JAN_1 + 5 * DAY
    invoice = draft(clock, clock.customer(), 1000, automatically_finalizes_at=at)
    assert (invoice.auto_advance, invoice.automatically_finalizes_at) == (True, at)
    off = twin.v1.invoices.update(invoice.id, {"auto_advance": False})
    assert off.automatically_finalizes_at is None
    on = twin.v1.invoices.update(invoice.id, {"auto_advance": True})
    assert on.automatically_finalizes_at == JAN_1 + HOUR
    clock.advance(JAN_16)
    assert twin.v1.invoices.retrieve(invoice.id).status == "paid"


def test_the_draft_hour_of_a_renewal_takes_items(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    given = {"customer": customer, "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(given)
    clock.advance(FEB_1)
    renewal = twin.v1.invoices.list({"subscription": subscription.id, "status": "draft"}).data[0]
    item = {"customer": customer, "amount": 300, "currency": "usd", "invoice": renewal.id}
    twin.v1.invoice_items.create(item)
    assert twin.v1.invoices.retrieve(renewal.id).total == 2300
    clock.advance(FEB_1 + HOUR)
    assert twin.v1.invoices.retrieve(renewal.id).amount_paid == 2300
