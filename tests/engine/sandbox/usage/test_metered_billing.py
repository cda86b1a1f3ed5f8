"""What is used comes onto invoices in arrears: every figure here is worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_1, JAN_16, MAR_1, Clock, Twin, amounts

from .metering import meter, metered_price, report


@pytest.fixture
def held(twin: Twin) -> Any:
    return meter(twin)


def _subscribe(twin: Twin, customer: str, *prices: str, **more: Any) -> Any:
    given = {"customer": customer, "items": [{"price": price} for price in prices], **more}
    return twin.v1.subscriptions.create(given)


def _latest(twin: Twin, subscription: str) -> Any:
    found = twin.v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]})
    return found.latest_invoice


def _shown(invoice: Any) -> list[tuple[str, int, int | None]]:
    return [(line.description, line.amount, line.quantity) for line in invoice.lines.data]


def test_a_metered_start_bills_nothing(twin: Twin, clock: Clock, held: Any) -> None:
    made = _subscribe(twin, clock.customer(), metered_price(twin, held))
    (item,) = made.to_dict()["items"]["data"]
    assert (made.status, made.latest_invoice) == ("active", None)
    assert "quantity" not in item
    assert (item["plan"]["usage_type"], item["plan"]["meter"], item["price"]["recurring"]["meter"]) == (
        "metered", held.id, held.id
    )  # fmt: skip
    with pytest.raises(stripe.InvalidRequestError, match="Remove quantity from `items\\[0\\]`"):
        twin.v1.subscriptions.create(
            {"customer": made.customer, "items": [{"price": metered_price(twin, held), "quantity": 2}]}
        )


def test_usage_is_on_the_renewal(twin: Twin, clock: Clock, held: Any) -> None:
    """7 calls in January at 1.00 beside 20.00 for February; calls of February 1st are February's."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held, 100), twin.price(2000))
    assert amounts(_latest(twin, made.id)) == [2000]
    clock.advance(JAN_16)
    report(twin, held, buyer, 5, JAN_1)
    report(twin, held, buyer, 2)
    report(twin, held, clock.customer(), 50)
    clock.advance(FEB_1)
    report(twin, held, buyer, 40, FEB_1)
    draft = _latest(twin, made.id)
    assert (draft.status, sorted(amounts(draft))) == ("draft", [700, 2000])
    clock.advance(FEB_1 + HOUR)
    invoice = _latest(twin, made.id)
    assert (invoice.status, invoice.total) == ("paid", 2700)
    usage = next(line for line in invoice.lines.data if line.amount == 700)
    assert (usage.description, usage.quantity) == ("7 \u00d7 Calls (at $1.00 / month)", 7)
    assert (usage.period.start, usage.period.end) == (JAN_1, FEB_1)
    clock.advance(MAR_1 + HOUR)
    assert sorted(amounts(_latest(twin, made.id))) == [2000, 4000]


def test_a_draft_follows_what_is_reported_late(twin: Twin, clock: Clock, held: Any) -> None:
    """3 calls reported in January and 4 more in the draft's hour, with January's time: 7.00."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    report(twin, held, buyer, 3)
    clock.advance(FEB_1)
    assert amounts(_latest(twin, made.id)) == [300]
    report(twin, held, buyer, 4, FEB_1 - 60)
    clock.advance(FEB_1 + HOUR)
    assert amounts(_latest(twin, made.id)) == [700]
    report(twin, held, buyer, 9, FEB_1 - 60)
    assert amounts(_latest(twin, made.id)) == [700]


def test_nothing_used_is_a_line_of_nothing(twin: Twin, clock: Clock, held: Any) -> None:
    made = _subscribe(twin, clock.customer(), metered_price(twin, held))
    clock.advance(FEB_1 + HOUR)
    invoice = _latest(twin, made.id)
    assert (invoice.status, _shown(invoice)) == ("paid", [("0 \u00d7 Calls (at $1.00 / month)", 0, 0)])


_GRADUATED = {
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "tiers": [{"up_to": 10, "unit_amount": 100, "flat_amount": 500}, {"up_to": "inf", "unit_amount": 50}],
}
_VOLUME = {
    "billing_scheme": "tiered",
    "tiers_mode": "volume",
    "tiers": [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50, "flat_amount": 30}],
}


@pytest.mark.parametrize(
    ("price", "used", "due"),
    [
        ({"unit_amount_decimal": "0.25"}, [10], 3),  # 2.5 cents, half a cent goes up
        ({"unit_amount_decimal": "0.25"}, ["1.5", "0.5"], 1),  # 0.5 cents
        ({}, [3, -5], 0),  # a period below zero is a period of none
        (_GRADUATED, [25], 500 + 10 * 100 + 15 * 50),
        (_GRADUATED, [], 500),  # the first tier's flat amount is due even for none
        (_GRADUATED, ["10.5"], 500 + 10 * 100 + 25),
        (_VOLUME, [10], 1000),
        (_VOLUME, [11], 11 * 50 + 30),
        ({"transform_quantity": {"divide_by": 1000, "round": "up"}}, [1001], 200),
        ({"transform_quantity": {"divide_by": 1000, "round": "down"}}, [1999], 100),
    ],
)
def test_prices_of_usage(
    twin: Twin, clock: Clock, held: Any, price: dict[str, Any], used: list[Any], due: int
) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held, 100, **price))
    for value in used:
        report(twin, held, buyer, value)
    clock.advance(FEB_1 + HOUR)
    assert amounts(_latest(twin, made.id)) == [due]


@pytest.mark.parametrize(("formula", "due"), [("sum", 900), ("count", 200), ("last", 400)])
def test_a_meter_decides_how_usage_adds_up(twin: Twin, clock: Clock, formula: str, due: int) -> None:
    held, buyer = meter(twin, formula), clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    for value in (5, 4):
        report(twin, held, buyer, value)
    clock.advance(FEB_1 + HOUR)
    assert amounts(_latest(twin, made.id)) == [due]


def test_a_trial_is_free(twin: Twin, clock: Clock, held: Any) -> None:
    """100 calls in the trial up to January 16th, 2 after it: February's invoice has the 2."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held), twin.price(2000), trial_end=JAN_16)
    report(twin, held, buyer, 100)
    clock.advance(JAN_16 + 2 * HOUR)
    assert amounts(_latest(twin, made.id)) == [2000]
    report(twin, held, buyer, 2)
    clock.advance(JAN_16 + 31 * DAY + 2 * HOUR)
    assert sorted(amounts(_latest(twin, made.id))) == [200, 2000]


def test_a_preview_shows_what_was_used_until_now(twin: Twin, clock: Clock, held: Any) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held), twin.price(2000))
    report(twin, held, buyer, 4)
    preview = twin.v1.invoices.create_preview({"subscription": made.id})
    assert sorted(amounts(preview)) == [400, 2000]


@pytest.mark.parametrize(
    ("behavior", "pending", "billed"),
    [("create_prorations", [600], 0), ("always_invoice", [], 600), ("none", [], 0)],
)
def test_a_removed_item_is_billed_by_the_proration_behavior(
    twin: Twin, clock: Clock, held: Any, behavior: str, pending: list[int], billed: int
) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held), twin.price(2000))
    first = made.latest_invoice
    report(twin, held, buyer, 6)
    clock.advance(JAN_16)
    metered = made.to_dict()["items"]["data"][0]["id"]
    changed = twin.v1.subscriptions.update(
        made.id, {"items": [{"id": metered, "deleted": True}], "proration_behavior": behavior}
    )
    waiting = twin.v1.invoice_items.list({"customer": buyer, "pending": True}).data
    assert [item.amount for item in waiting] == pending
    if billed:
        assert amounts(_latest(twin, made.id)) == [billed]
    else:
        assert changed.latest_invoice == first
    clock.advance(FEB_1 + HOUR)
    assert sorted(amounts(_latest(twin, made.id))) == [*pending, 2000]


def test_classic_mode_loses_the_usage_of_a_removed_item(twin: Twin, clock: Clock, held: Any) -> None:
    buyer = clock.customer()
    mode = {"billing_mode": {"type": "classic"}}
    made = _subscribe(twin, buyer, metered_price(twin, held), twin.price(2000), **mode)
    assert sorted(amounts(_latest(twin, made.id))) == [0, 2000]
    report(twin, held, buyer, 6)
    metered = made.to_dict()["items"]["data"][0]["id"]
    twin.v1.subscriptions.update(
        made.id, {"items": [{"id": metered, "deleted": True}], "proration_behavior": "always_invoice"}
    )
    assert twin.v1.invoice_items.list({"customer": buyer, "pending": True}).data == []
    assert _latest(twin, made.id).id == made.latest_invoice


def test_a_new_price_bills_what_was_used_at_the_old_one(twin: Twin, clock: Clock, held: Any) -> None:
    """6 calls at 1.00 until January 16th, 3 at 2.00 after it."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held, 100))
    report(twin, held, buyer, 6)
    clock.advance(JAN_16)
    item = made.to_dict()["items"]["data"][0]["id"]
    twin.v1.subscriptions.update(made.id, {"items": [{"id": item, "price": metered_price(twin, held, 200)}]})
    report(twin, held, buyer, 3)
    clock.advance(FEB_1 + HOUR)
    assert sorted(amounts(_latest(twin, made.id))) == [600, 600]


def test_an_item_counts_from_when_it_was_added(twin: Twin, clock: Clock, held: Any) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, twin.price(2000))
    report(twin, held, buyer, 50)
    clock.advance(JAN_16)
    added = twin.v1.subscription_items.create({"subscription": made.id, "price": metered_price(twin, held)})
    assert "quantity" not in added.to_dict()
    report(twin, held, buyer, 5)
    clock.advance(FEB_1 + HOUR)
    assert sorted(amounts(_latest(twin, made.id))) == [500, 2000]


@pytest.mark.parametrize("invoice_now", [True, False])
def test_a_cancel_bills_usage_only_when_asked(
    twin: Twin, clock: Clock, held: Any, *, invoice_now: bool
) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    report(twin, held, buyer, 8)
    clock.advance(JAN_16)
    twin.v1.subscriptions.cancel(made.id, {"invoice_now": invoice_now})
    found = twin.v1.invoices.list({"customer": buyer}).data
    assert [(invoice.total, invoice.status) for invoice in found] == ([(800, "paid")] if invoice_now else [])


def test_the_last_invoice_has_the_last_usage(twin: Twin, clock: Clock, held: Any) -> None:
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    twin.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    report(twin, held, buyer, 8)
    clock.advance(FEB_1 + 2 * HOUR)
    found = twin.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.latest_invoice.total, found.latest_invoice.status) == (
        "canceled",
        800,
        "paid",
    )


def test_a_new_anchor_bills_what_was_used_until_it(twin: Twin, clock: Clock, held: Any) -> None:
    """4 calls until January 16th are billed there, 5 after it on February 16th."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    report(twin, held, buyer, 4)
    clock.advance(JAN_16)
    twin.v1.subscriptions.update(made.id, {"billing_cycle_anchor": {"type": "now"}})
    assert amounts(_latest(twin, made.id)) == [400]
    report(twin, held, buyer, 5)
    clock.advance(JAN_16 + 31 * DAY + 2 * HOUR)
    assert amounts(_latest(twin, made.id)) == [500]


def test_a_schedule_has_metered_items_without_quantity(twin: Twin, clock: Clock, held: Any) -> None:
    buyer = clock.customer()
    price = metered_price(twin, held)
    month = {"interval": "month", "interval_count": 1}
    schedule = twin.v1.subscription_schedules.create(
        {
            "customer": buyer,
            "start_date": "now",
            "phases": [
                {"items": [{"price": price}], "duration": month},
                {"items": [{"price": price}, {"price": twin.price(2000)}], "duration": month},
            ],
        }
    )
    assert "quantity" not in schedule.to_dict()["phases"][0]["items"][0]
    report(twin, held, buyer, 3)
    clock.advance(FEB_1 + 2 * HOUR)
    assert sorted(amounts(_latest(twin, schedule.subscription))) == [300, 2000]


def test_a_discount_is_taken_off_usage(twin: Twin, clock: Clock, held: Any) -> None:
    """30 % off 10.00."""
    coupon = twin.v1.coupons.create({"percent_off": 30, "duration": "forever"})
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held), discounts=[{"coupon": coupon.id}])
    report(twin, held, buyer, 10)
    clock.advance(FEB_1 + HOUR)
    invoice = _latest(twin, made.id)
    assert (invoice.subtotal, invoice.total) == (1000, 700)


@pytest.mark.parametrize(("through", "due"), [("now", [400]), ("none", [])])
def test_a_pause_bills_usage_through_now(
    twin: Twin, clock: Clock, held: Any, through: str, due: list[int]
) -> None:
    """4 calls before the pause, 7 while it lasts, 2 after it."""
    buyer = clock.customer()
    made = _subscribe(twin, buyer, metered_price(twin, held))
    report(twin, held, buyer, 4)
    clock.advance(JAN_16)
    bill_for = {"outstanding_usage_through": {"type": through}}
    twin.v1.subscriptions.pause(
        made.id, {"type": "subscription", "bill_for": bill_for, "invoicing_behavior": "invoice"}
    )
    assert [invoice.total for invoice in twin.v1.invoices.list({"customer": buyer}).data] == due
    report(twin, held, buyer, 7)
    clock.advance(JAN_16 + DAY)
    resumed = twin.v1.subscriptions.resume(made.id, {"billing_cycle_anchor": {"type": "now"}})
    assert resumed.status == "active"
    report(twin, held, buyer, 2)
    clock.advance(JAN_16 + 32 * DAY + 2 * HOUR)
    assert amounts(_latest(twin, made.id)) == [200]
