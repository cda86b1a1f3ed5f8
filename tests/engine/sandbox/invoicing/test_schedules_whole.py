"""Phases with everything that they set, backdated starts, lists, and previews of schedules."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import (
    DAY,
    FEB_1,
    HOUR,
    JAN_1,
    JAN_16,
    MAR_1,
    Clock,
    Twin,
    amounts,
    error_of,
)


def schedule(clock: Clock, *phases: Any, **more: Any) -> Any:
    """A schedule that starts now."""
    given = {"customer": clock.customer(), "start_date": "now", "phases": list(phases), **more}
    return clock.twin.v1.subscription_schedules.create(given)


def month(price: str, **more: Any) -> Any:
    """A phase of a month with one price."""
    return {"items": [{"price": price}], "duration": {"interval": "month"}, **more}


def test_a_phase_sets_what_it_says(twin: Twin, clock: Clock) -> None:
    v1, price = twin.v1, twin.price(2000)
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    coupon = v1.coupons.create({"percent_off": 50, "duration": "forever"})
    fee = {"currency": "usd", "product": v1.products.create({"name": "Setup"}).id, "unit_amount": 500}
    first = month(
        price,
        default_tax_rates=[rate.id],
        discounts=[{"coupon": coupon.id}],
        description="First month",
        metadata={"phase": "one"},
        add_invoice_items=[{"price_data": fee}],
        collection_method="send_invoice",
        invoice_settings={"days_until_due": 9},
    )
    made = schedule(clock, first, month(price, metadata={"phase": ""}))
    assert made.phases[0].default_tax_rates[0].id == rate.id
    assert made.phases[0].discounts[0].coupon == coupon.id
    held = v1.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]})
    assert (held.description, held.metadata.phase, held.days_until_due) == ("First month", "one", 9)
    assert (held.latest_invoice.subtotal, held.latest_invoice.total) == (2500, 1375)
    clock.advance(FEB_1)
    held = v1.subscriptions.retrieve(made.subscription)
    assert ("phase" in held.metadata, held.collection_method) == (False, "charge_automatically")


def test_a_schedule_is_announced_a_week_before_its_end(twin: Twin, clock: Clock) -> None:
    made = schedule(clock, month(twin.price(2000)))
    mark = clock.mark()
    clock.advance(FEB_1)
    told = [event for event in clock.events(mark) if event.type.startswith("subscription_schedule.")]
    assert [event.type.split(".")[1] for event in told] == ["expiring", "released"]
    assert told[0].created == FEB_1 - 7 * DAY
    found = twin.v1.subscription_schedules.list({"customer": made.customer, "released_at": {"gte": FEB_1}})
    assert [each.id for each in found.data] == [made.id]


def test_a_schedule_that_began_in_the_past(twin: Twin) -> None:
    clock = twin.clock(JAN_16)
    made = schedule(clock, month(twin.price(2000)), start_date=JAN_1)
    assert (made.status, made.current_phase.start_date, made.current_phase.end_date) == (
        "active",
        JAN_1,
        FEB_1,
    )
    assert twin.v1.subscriptions.retrieve(made.subscription).start_date == JAN_1


@pytest.mark.parametrize(
    ("phase", "param"),
    [
        ({"items": [{"price": "price_nope"}]}, "phases[0][items][0][price]"),
        ({"items": [{"price": "P"}, {"price": "P"}]}, "phases[0][items][1][price]"),
        ({"items": [{"price": "P", "quantity": -1}]}, "phases[0][items][0][quantity]"),
        ({"items": [{"price": "P"}], "end_date": JAN_1 - 1}, "phases[0][end_date]"),
        (
            {"items": [{"price": "P"}], "end_date": FEB_1, "duration": {"interval": "day"}},
            "phases[0][end_date]",
        ),
        (
            {"items": [{"price": "P"}], "duration": {"interval": "year", "interval_count": 10**6}},
            "phases[0][duration][interval_count]",
        ),
        ({"items": [{"price": "P"}], "trial": True, "trial_end": JAN_16}, "phases[0][trial]"),
        ({"items": [{"price": "P"}], "trial_end": MAR_1}, "phases[0][trial_end]"),
        ({"items": [{"price": "P"}], "discounts": [{"coupon": "nope"}]}, "phases[0][discounts][0][coupon]"),
        (
            {"items": [{"price": "P"}], "collection_method": "send_invoice"},
            "phases[0][invoice_settings][days_until_due]",
        ),
        ({"items": [{"price": "P"}], "application_fee_percent": 101}, "phases[0][application_fee_percent]"),
        ({"items": [{"price": "P"}], "default_tax_rates": ["txr_x"]}, "phases[0][default_tax_rates][0]"),
        ({"items": [{"price": "P"}], "currency": "eur"}, "phases[0][items][0][price]"),
    ],
)
def test_what_a_phase_does_not_take(twin: Twin, clock: Clock, phase: Any, param: str) -> None:
    price = twin.price(2000)
    items = [{**item, "price": item["price"].replace("P", price)} for item in phase["items"]]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        schedule(clock, {**phase, "items": items})
    assert (refused.value.http_status, error_of(refused.value)["param"]) == (400, param)


def test_more_than_ten_phases(twin: Twin, clock: Clock) -> None:
    price = twin.price(2000)
    with pytest.raises(stripe.InvalidRequestError, match="up to 10"):
        schedule(clock, *[month(price) for _ in range(11)])


def test_a_schedule_ends_with_a_subscription_that_nobody_pays(twin: Twin, clock: Clock) -> None:
    twin.post_json("/_twin/settings", {"retry_days": [1], "after_last_retry": "cancel"})
    made = schedule(clock, month(twin.price(2000)), month(twin.price(3000)))
    clock.advance(JAN_16)
    clock.give_card(made.customer, "pm_card_chargeCustomerFail")
    mark = clock.mark()
    clock.advance(FEB_1 + 2 * DAY)
    twin.post_json("/_twin/settings", {"retry_days": [3, 5, 7], "after_last_retry": "past_due"})
    assert "subscription_schedule.aborted" in clock.types(mark)
    assert twin.v1.subscription_schedules.retrieve(made.id).status == "canceled"


def test_previews_of_schedules(twin: Twin, clock: Clock) -> None:
    v1, price, dearer = twin.v1, twin.price(2000), twin.price(5000)
    customer = clock.customer()
    preview = v1.invoices.create_preview
    described = preview({"customer": customer, "schedule_details": {"phases": [month(price)]}})
    assert (described.total, described.billing_reason) == (2000, "upcoming")
    given = {"customer": customer, "start_date": FEB_1, "phases": [month(price), month(dearer)]}
    made = v1.subscription_schedules.create(given)
    assert preview({"schedule": made.id}).total == 2000
    clock.advance(FEB_1 + HOUR)
    assert preview({"schedule": made.id}).total == 5000
    changed = [{**month(price), "start_date": FEB_1}, month(price, proration_behavior="none")]
    assert preview({"schedule": made.id, "schedule_details": {"phases": changed}}).total == 2000
    held = v1.subscription_schedules.retrieve(made.id)
    assert (held.status, held.phases[1]["items"][0].price) == ("active", dearer)
    assert amounts(v1.invoices.retrieve(v1.subscriptions.retrieve(held.subscription).latest_invoice)) == [
        2000
    ]


def test_an_invoice_is_paid_in_parts(twin: Twin, clock: Clock) -> None:
    v1, customer = twin.v1, clock.customer()
    invoice = v1.invoices.create({"customer": customer})
    v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000, "description": "Line"}]})
    v1.invoices.finalize_invoice(invoice.id)
    paid = {"customer": customer, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    paid["return_url"] = "https://example.test"
    first = v1.payment_intents.create({**paid, "amount": 400})
    part = v1.invoices.attach_payment(invoice.id, {"payment_intent": first.id})
    assert (part.status, part.amount_paid, part.amount_remaining) == ("open", 400, 600)
    later = v1.payment_intents.create({"customer": customer, "currency": "usd", "amount": 700})
    v1.invoices.attach_payment(invoice.id, {"payment_intent": later.id})
    given = {"payment_method": "pm_card_visa", "return_url": "https://example.test"}
    v1.payment_intents.confirm(later.id, given)
    whole = v1.invoices.retrieve(invoice.id)
    assert (whole.status, whole.amount_paid, whole.amount_overpaid) == ("paid", 1000, 100)
    assert v1.customers.retrieve(customer).balance == -100
    listed = v1.invoice_payments.list({"invoice": invoice.id}).data
    assert sorted((each.status, each.amount_paid or 0) for each in listed) == [
        ("canceled", 0),
        ("paid", 400),
        ("paid", 700),
    ]
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.attach_payment(invoice.id, {"payment_intent": first.id})
