"""Tax rates by hand: what they add to lines, credits, credit notes and renewals."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import FEB_1, HOUR, JAN_16, Clock, Twin, amounts, error_of


def rate(twin: Twin, percentage: float, *, inclusive: bool = False, **more: Any) -> Any:
    given = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive, **more}
    return twin.v1.tax_rates.create(given)


def taxes(holder: Any) -> list[tuple[int, int]]:
    """Amount and taxable amount of each tax of an invoice, a line or a credit note."""
    found = holder.total_taxes if "total_taxes" in holder else holder.taxes
    return [(tax.amount, tax.taxable_amount) for tax in found]


def test_a_tax_rate_is_made_told_apart_and_put_away(twin: Twin) -> None:
    made = rate(twin, 8.25, country="US", state="CA", tax_type="sales_tax", metadata={"a": "b"})
    assert (made.percentage, made.effective_percentage, made.active) == (8.25, 8.25, True)
    changed = twin.v1.tax_rates.update(made.id, {"active": False, "display_name": "Sales"})
    assert (changed.active, changed.display_name, changed.percentage) == (False, "Sales", 8.25)
    assert twin.v1.tax_rates.retrieve(made.id).state == "CA"
    assert made.id in [each.id for each in twin.v1.tax_rates.list({"active": False}).data]
    assert made.id not in [each.id for each in twin.v1.tax_rates.list({"inclusive": True}).data]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rate(twin, 101)
    assert error_of(refused.value)["param"] == "percentage"


def test_an_archived_rate_is_not_taken(twin: Twin, clock: Clock) -> None:
    old = rate(twin, 10, active=False)
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.invoices.create({"customer": clock.customer(), "default_tax_rates": [old.id]})


def test_exclusive_and_inclusive_taxes_of_an_invoice(twin: Twin, clock: Clock) -> None:
    on_top, within = rate(twin, 10), rate(twin, 20, inclusive=True)
    invoice = twin.v1.invoices.create({"customer": clock.customer(), "default_tax_rates": [on_top.id]})
    lines = [
        {"amount": 1005, "description": "On top"},
        {"amount": 1000, "description": "Within", "tax_rates": [within.id]},
        {"amount": -333, "description": "Credit"},
    ]
    invoice = twin.v1.invoices.add_lines(invoice.id, {"lines": lines})
    first, second, third = invoice.lines.data
    assert [taxes(line) for line in (first, second, third)] == [[(101, 1005)], [(167, 833)], [(-33, -333)]]
    assert first.taxes[0].tax_behavior == "exclusive"
    assert second.taxes[0].tax_rate_details.tax_rate == within.id
    assert taxes(invoice) == [(68, 672), (167, 833)]
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (1672, 1505)
    assert (invoice.total, invoice.total_excluding_tax) == (1740, 1505)
    assert invoice.default_tax_rates[0].id == on_top.id
    paid = twin.v1.invoices.pay(invoice.id)
    assert (paid.amount_paid, paid.status) == (1740, "paid")


def test_a_discount_comes_before_tax(twin: Twin, clock: Clock) -> None:
    coupon = twin.v1.coupons.create({"percent_off": 50, "duration": "once"})
    given = {"default_tax_rates": [rate(twin, 10).id], "discounts": [{"coupon": coupon.id}]}
    invoice = twin.v1.invoices.create({"customer": clock.customer(), **given})
    invoice = twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000, "description": "Line"}]})
    assert (invoice.subtotal, invoice.total_excluding_tax, invoice.total) == (1000, 500, 550)


def test_an_exempt_customer_pays_no_tax(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    twin.v1.customers.update(customer, {"tax_exempt": "reverse"})
    invoice = twin.v1.invoices.create({"customer": customer, "default_tax_rates": [rate(twin, 10).id]})
    invoice = twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000, "description": "Line"}]})
    assert (invoice.total, invoice.total_taxes[0].taxability_reason) == (1000, "reverse_charge")


def test_a_subscription_its_prorations_and_its_renewal_carry_tax(twin: Twin, clock: Clock) -> None:
    usual, reduced = rate(twin, 20), rate(twin, 5)
    small, large = twin.price(2000), twin.price(5000)
    subscription = twin.v1.subscriptions.create(
        {
            "customer": clock.customer(),
            "items": [{"price": small}, {"price": twin.price(1000), "tax_rates": [reduced.id]}],
            "default_tax_rates": [usual.id],
            "expand": ["latest_invoice"],
        }
    )
    assert subscription.default_tax_rates[0].id == usual.id
    assert subscription.latest_invoice.total == 2000 + 400 + 1000 + 50
    clock.advance(JAN_16)
    item = subscription["items"].data[0]
    given = {"items": [{"id": item.id, "price": large}], "proration_behavior": "always_invoice"}
    changed = twin.v1.subscriptions.update(subscription.id, {**given, "expand": ["latest_invoice"]})
    invoice = changed.latest_invoice
    assert amounts(invoice) == [-1032, 2581]
    assert [taxes(line) for line in invoice.lines.data] == [[(-206, -1032)], [(516, 2581)]]
    assert invoice.total == 2581 - 1032 + 310
    clock.advance(FEB_1 + 2 * HOUR)
    renewed = twin.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]
    assert (renewed.subtotal, renewed.total, renewed.status) == (6000, 7050, "paid")
