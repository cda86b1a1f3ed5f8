"""Invoices by hand: lines, totals, the balance, paying, voiding, credit notes, refunds."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import JAN_1, JAN_16, Clock, Twin, amounts, error_of


def draft(clock: Clock, customer: str, *lines: Any, **more: Any) -> Any:
    """A manual draft with lines; a number is a custom amount."""
    v1 = clock.twin.v1
    invoice = v1.invoices.create({"customer": customer, "auto_advance": False, **more})
    given = [{"amount": line, "description": "Line"} if isinstance(line, int) else line for line in lines]
    return v1.invoices.add_lines(invoice.id, {"lines": given}) if given else invoice


def finalize(twin: Twin, invoice: Any) -> Any:
    return twin.v1.invoices.finalize_invoice(invoice.id)


def test_custom_and_priced_lines(twin: Twin, clock: Clock) -> None:
    price = twin.price(250, None, name="Seat")
    period = {"start": JAN_1, "end": JAN_16}
    invoice = draft(
        clock,
        clock.customer(),
        {"amount": 5000, "description": "Charge", "period": period, "metadata": {"line": "1"}},
        {"amount": -1032, "description": "Credit", "period": period},
        {"pricing": {"price": price}, "quantity": 3},
        metadata={"attach": "att_1"},
    )
    assert amounts(invoice) == [5000, -1032, 750]
    assert (invoice.subtotal, invoice.total, invoice.status) == (4718, 4718, "draft")
    first, second, third = invoice.lines.data
    assert (first.period.start, first.period.end, first.metadata.line) == (JAN_1, JAN_16, "1")
    assert second.description == "Credit"
    assert (third.quantity, third.pricing.price_details.price) == (3, price)
    assert invoice.metadata.attach == "att_1"
    assert invoice.parent is None
    opened = finalize(twin, invoice)
    assert (opened.status, opened.amount_due, opened.auto_advance) == ("open", 4718, False)
    assert opened.number.endswith("-0001")
    paid = twin.v1.invoices.pay(opened.id, {"off_session": False})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 4718, 0)


def test_lines_are_changed_and_removed(twin: Twin, clock: Clock) -> None:
    invoice = draft(clock, clock.customer(), 1000, 2000)
    first, second = invoice.lines.data
    given = {"lines": [{"id": first.id, "amount": 1500, "description": "More"}]}
    assert amounts(twin.v1.invoices.update_lines(invoice.id, given)) == [1500, 2000]
    given = {"lines": [{"id": second.id, "behavior": "unassign"}]}
    assert amounts(twin.v1.invoices.remove_lines(invoice.id, given)) == [1500]
    pending = twin.v1.invoice_items.list({"customer": invoice.customer, "pending": True}).data
    assert [item.amount for item in pending] == [2000]
    finalize(twin, invoice)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1, "description": "late"}]})
    assert refused.value.code == "invoice_not_editable"


def test_pending_items_stay_out_unless_asked(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    twin.v1.invoice_items.create({"customer": customer, "amount": 900, "currency": "usd"})
    assert amounts(draft(clock, customer)) == []
    assert amounts(draft(clock, customer, pending_invoice_items_behavior="include")) == [900]


def test_more_lines_than_are_shown(twin: Twin, clock: Clock) -> None:
    invoice = draft(clock, clock.customer(), *range(1, 13))
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    listed = twin.v1.invoices.line_items.list(invoice.id, {"limit": 100})
    assert [line.amount for line in listed.data] == list(range(1, 13))


def test_a_negative_invoice_becomes_credit_and_is_used(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    mark = clock.mark()
    negative = finalize(twin, draft(clock, customer, -1549))
    assert (negative.status, negative.amount_due, negative.total) == ("paid", 0, -1549)
    assert (negative.starting_balance, negative.ending_balance) == (0, -1549)
    assert "payment_intent.created" not in clock.types(mark)
    assert "invoice.paid" in clock.types(mark)
    assert twin.v1.customers.retrieve(customer).balance == -1549
    second = finalize(twin, draft(clock, customer, 2000))
    assert (second.amount_due, second.starting_balance, second.ending_balance) == (451, -1549, 0)
    moved = twin.v1.customers.balance_transactions.list(customer).data
    assert [(entry.type, entry.amount) for entry in moved] == [
        ("applied_to_invoice", 1549),
        ("applied_to_invoice", -1549),
    ]
    twin.v1.invoices.void_invoice(second.id)
    assert twin.v1.customers.retrieve(customer).balance == -1549


def test_credit_may_cover_everything(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    twin.v1.customers.update(customer, {"balance": -5000})
    paid = finalize(twin, draft(clock, customer, 2000))
    assert (paid.status, paid.amount_due, paid.ending_balance) == ("paid", 0, -3000)


def test_too_little_to_charge_is_carried(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    small = finalize(twin, draft(clock, customer, 49))
    assert (small.status, small.amount_due, small.ending_balance) == ("paid", 0, 49)
    large = finalize(twin, draft(clock, customer, 50))
    assert (large.status, large.amount_due, large.starting_balance) == ("open", 99, 49)


def test_a_declined_payment(twin: Twin, clock: Clock) -> None:
    customer = clock.customer("pm_card_chargeCustomerFail")
    invoice = finalize(twin, draft(clock, customer, 2000))
    with pytest.raises(stripe.CardError) as refused:
        twin.v1.invoices.pay(invoice.id)
    error = error_of(refused.value)
    assert (refused.value.http_status, error["code"], error["decline_code"]) == (
        402,
        "card_declined",
        "generic_decline",
    )
    charge = twin.v1.charges.retrieve(error["charge"])
    assert (charge.status, charge.paid, charge.amount) == ("failed", False, 2000)
    held = twin.v1.invoices.retrieve(invoice.id)
    assert (held.status, held.attempted, held.next_payment_attempt) == ("open", True, None)
    other = twin.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    paid = twin.v1.invoices.pay(invoice.id, {"payment_method": other.id})
    assert paid.status == "paid"
    charged = twin.v1.charges.list({"customer": customer}).data
    assert [each.status for each in charged] == ["succeeded", "failed"]
    assert charged[0].payment_method == other.id


def test_a_payment_that_needs_the_buyer(twin: Twin, clock: Clock) -> None:
    customer = clock.customer("pm_card_authenticationRequired")
    invoice = finalize(twin, draft(clock, customer, 2000))
    with pytest.raises(stripe.CardError) as refused:
        twin.v1.invoices.pay(invoice.id, {"off_session": False})
    assert refused.value.code == "invoice_payment_intent_requires_action"
    assert twin.post_form(f"/i/{invoice.id}", {"payment_method": "default"})[0] == 402
    status, body = twin.post_form(f"/i/{invoice.id}", {"payment_method": "default", "confirm_3ds": "yes"})
    assert (status, body["invoice"]["status"]) == (200, "paid")
    payment = twin.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", 2000, True)


def test_another_customers_card(twin: Twin, clock: Clock) -> None:
    stranger = twin.v1.customers.create({})
    method = twin.v1.payment_methods.attach("pm_card_visa", {"customer": stranger.id})
    invoice = finalize(twin, draft(clock, clock.customer(), 2000))
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.invoices.pay(invoice.id, {"payment_method": method.id})


def test_what_an_invoice_may_become(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    v1 = twin.v1
    assert v1.invoices.delete(draft(clock, customer, 100).id).deleted is True
    opened = finalize(twin, draft(clock, customer, 2000))
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.delete(opened.id)
    assert v1.invoices.mark_uncollectible(opened.id).status == "uncollectible"
    assert v1.invoices.pay(opened.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.void_invoice(opened.id)
    void = finalize(twin, draft(clock, customer, 2000))
    assert v1.invoices.void_invoice(void.id).status == "void"
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.pay(void.id)
    assert finalize(twin, draft(clock, customer)).status == "paid"  # nothing on it, nothing due


def test_a_sent_invoice_has_a_due_date(twin: Twin, clock: Clock) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        draft(clock, clock.customer(), collection_method="send_invoice")
    customer = clock.customer(card=None)
    invoice = draft(clock, customer, 2000, collection_method="send_invoice", days_until_due=14)
    sent = twin.v1.invoices.send_invoice(invoice.id)
    assert (sent.status, sent.due_date) == ("open", JAN_1 + 14 * 86400)


def test_an_automatic_invoice_is_collected_after_an_hour(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    invoice = twin.v1.invoices.create({"customer": customer, "auto_advance": True})
    twin.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 2000, "description": "x"}]})
    clock.advance(JAN_1 + 3600)
    assert twin.v1.invoices.retrieve(invoice.id).status == "paid"


@pytest.mark.parametrize(
    ("given", "total"),
    [({"percent_off": 10}, 4500), ({"amount_off": 700, "currency": "usd"}, 4300)],
)
def test_coupons_on_an_invoice(twin: Twin, clock: Clock, given: dict[str, Any], total: int) -> None:
    coupon = twin.v1.coupons.create({"duration": "once", **given})
    invoice = draft(clock, clock.customer(), 5000, discounts=[{"coupon": coupon.id}])
    assert (invoice.subtotal, invoice.total) == (5000, total)
    assert invoice.total_discount_amounts[0].amount == 5000 - total


def test_a_coupon_for_once_and_one_for_ever(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    coupon = twin.v1.coupons.create({"percent_off": 50, "duration": "once"})
    code = twin.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    given = {
        "customer": customer,
        "items": [{"price": twin.price(2000)}],
        "discounts": [{"promotion_code": code.id}],
        "expand": ["latest_invoice"],
    }
    subscription = twin.v1.subscriptions.create(given)
    assert subscription.latest_invoice.total == 1000
    clock.advance(JAN_1 + 31 * 86400)
    renewed = twin.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert renewed.latest_invoice.total == 2000
    assert twin.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_refunds(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    invoice = twin.v1.invoices.pay(finalize(twin, draft(clock, customer, 2000)).id)
    payment = twin.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    refund = twin.v1.refunds.create({"payment_intent": payment.payment.payment_intent, "amount": 500})
    assert (refund.status, refund.amount) == ("succeeded", 500)
    charge = twin.v1.charges.retrieve(refund.charge)
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        twin.v1.refunds.create({"charge": charge.id, "amount": 1501})
    twin.v1.refunds.create({"charge": charge.id})
    assert twin.v1.charges.retrieve(charge.id).refunded is True


def test_credit_notes(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    opened = finalize(twin, draft(clock, customer, 2000))
    twin.v1.credit_notes.create({"invoice": opened.id, "amount": 500})
    held = twin.v1.invoices.retrieve(opened.id)
    assert (held.amount_due, held.amount_remaining, held.pre_payment_credit_notes_amount) == (1500, 1500, 500)
    paid = twin.v1.invoices.pay(opened.id)
    assert paid.amount_paid == 1500
    given = {"invoice": opened.id, "amount": 700, "refund_amount": 300, "credit_amount": 400}
    note = twin.v1.credit_notes.create(given)
    assert (note.type, note.post_payment_amount) == ("post_payment", 700)
    assert twin.v1.customers.retrieve(customer).balance == -400
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.credit_notes.create({"invoice": opened.id, "amount": 5000, "refund_amount": 5000})


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [
        ("graduated", 15, 10 * 100 + 5 * 80),
        ("volume", 15, 15 * 80),
        ("graduated", 10, 1000),
        ("volume", 10, 1000),
    ],
)
def test_tiers(twin: Twin, clock: Clock, mode: str, quantity: int, amount: int) -> None:
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 80}]
    price = twin.price(0, tiers=tiers, tiers_mode=mode, billing_scheme="tiered")
    given = {"customer": clock.customer(), "items": [{"price": price, "quantity": quantity}]}
    subscription = twin.v1.subscriptions.create({**given, "expand": ["latest_invoice"]})
    assert subscription.latest_invoice.total == amount
    assert twin.v1.prices.retrieve(price, {"expand": ["tiers"]}).tiers[0].up_to == 10


def test_packages_and_fractions_of_a_cent(twin: Twin, clock: Clock) -> None:
    pack = twin.price(500, None, transform_quantity={"divide_by": 100, "round": "up"})
    product = twin.v1.products.create({"name": "Call"}).id
    given = {"product": product, "currency": "usd", "unit_amount_decimal": "0.5"}
    fine = twin.v1.prices.create(given)
    assert (fine.unit_amount, str(fine.unit_amount_decimal)) == (None, "0.5")
    lines = [{"pricing": {"price": pack}, "quantity": 101}, {"pricing": {"price": fine.id}, "quantity": 3}]
    assert amounts(draft(clock, clock.customer(), *lines)) == [1000, 2]
