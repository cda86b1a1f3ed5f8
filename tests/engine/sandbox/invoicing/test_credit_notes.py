"""Credit notes: parts of lines with their discounts and taxes, shipping, previews, refunds, voiding."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Clock, Twin, error_of


def open_invoice(clock: Clock, *lines: Any, **more: Any) -> Any:
    """A finalized invoice with lines; a number is a custom amount."""
    v1 = clock.twin.v1.invoices
    invoice = v1.create({"customer": clock.customer(), **more})
    given = [{"amount": line, "description": "Line"} if isinstance(line, int) else line for line in lines]
    v1.add_lines(invoice.id, {"lines": given})
    return v1.finalize_invoice(invoice.id)


def taxed(clock: Clock, *, inclusive: bool = False) -> Any:
    """An invoice of 2 x 10.00 with half off and a tax of 10 percent."""
    twin = clock.twin
    rate = twin.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": inclusive})
    coupon = twin.v1.coupons.create({"percent_off": 50})
    line = {"pricing": {"price": twin.price(1000, None)}, "quantity": 2}
    given = {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    return open_invoice(clock, line, **given)


def test_a_part_of_a_line_carries_its_discount_and_tax(twin: Twin, clock: Clock) -> None:
    invoice = taxed(clock)
    assert invoice.total == 1100
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "quantity": 1}
    told = twin.v1.credit_notes.preview({"invoice": invoice.id, "lines": [line]})
    assert (told.subtotal, told.discount_amount, told.total_excluding_tax, told.total) == (
        1000,
        500,
        500,
        550,
    )
    listed = twin.v1.credit_notes.preview_lines.list({"invoice": invoice.id, "lines": [line]})
    assert [(each.amount, each.taxes[0].amount) for each in listed.data] == [(1000, 50)]
    assert not twin.v1.credit_notes.list({"invoice": invoice.id}).data
    note = twin.v1.credit_notes.create({"invoice": invoice.id, "lines": [line], "amount": 550})
    assert (note.type, note.pre_payment_amount, note.total_taxes[0].amount) == ("pre_payment", 550, 50)
    assert note.lines.data[0].tax_rates[0].percentage == 10
    assert twin.v1.invoices.retrieve(invoice.id).amount_remaining == 550
    voided = twin.v1.credit_notes.void_credit_note(note.id)
    assert voided.status == "void"
    assert twin.v1.invoices.retrieve(invoice.id).amount_remaining == 1100
    assert twin.v1.invoices.pay(invoice.id).amount_paid == 1100


def test_inclusive_tax_lies_within_the_credit(twin: Twin, clock: Clock) -> None:
    invoice = taxed(clock, inclusive=True)
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 1000}
    note = twin.v1.credit_notes.create({"invoice": invoice.id, "lines": [line]})
    assert (note.total, note.total_excluding_tax, note.total_taxes[0].amount) == (500, 455, 45)


def test_shipping_and_lines_of_its_own(twin: Twin, clock: Clock) -> None:
    data = {"display_name": "Post", "fixed_amount": {"amount": 700, "currency": "usd"}}
    invoice = open_invoice(clock, 1000, shipping_cost={"shipping_rate_data": data})
    paid = twin.v1.invoices.pay(invoice.id)
    assert paid.amount_paid == 1700
    own = {"type": "custom_line_item", "description": "Sorry", "unit_amount": 50, "quantity": 2}
    note = twin.v1.credit_notes.create(
        {
            "invoice": invoice.id,
            "lines": [own],
            "shipping_cost": {"shipping_rate": paid.shipping_cost.shipping_rate},
            "refund_amount": 700,
            "out_of_band_amount": 100,
        }
    )
    assert (note.amount, note.amount_shipping, note.out_of_band_amount) == (800, 700, 100)
    assert (note.type, note.refunds[0].amount_refunded, note.lines.data[0].unit_amount) == (
        "post_payment",
        700,
        50,
    )
    assert twin.v1.refunds.retrieve(note.refunds[0].refund).amount == 700


def test_a_refund_that_exists_is_linked(twin: Twin, clock: Clock) -> None:
    invoice = open_invoice(clock, 1000)
    twin.v1.invoices.pay(invoice.id)
    payment = twin.v1.invoice_payments.list({"invoice": invoice.id}).data[0].payment
    refund = twin.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 400})
    given = {"invoice": invoice.id, "amount": 400, "refunds": [{"refund": refund.id}]}
    note = twin.v1.credit_notes.create(given)
    assert [(each.refund, each.amount_refunded) for each in note.refunds] == [(refund.id, 400)]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "amount"),
        ({"amount": 1001}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10, "refund_amount": 10}, "refund_amount"),
        ({"lines": [{"type": "invoice_line_item"}]}, "lines[0][invoice_line_item]"),
        (
            {"lines": [{"type": "invoice_line_item", "invoice_line_item": "il_x"}]},
            "lines[0][invoice_line_item]",
        ),
        ({"lines": [{"type": "custom_line_item", "unit_amount": 1}]}, "lines[0][description]"),
        ({"lines": [{"type": "custom_line_item", "description": "x"}]}, "lines[0][unit_amount]"),
        ({"shipping_cost": {"shipping_rate": "shr_x"}}, "shipping_cost[shipping_rate]"),
    ],
)
def test_what_a_credit_note_does_not_take(twin: Twin, clock: Clock, given: Any, param: str) -> None:
    invoice = open_invoice(clock, 1000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.credit_notes.create({"invoice": invoice.id, **given})
    assert error_of(refused.value)["param"] == param
    assert twin.v1.invoices.retrieve(invoice.id).amount_remaining == 1000
