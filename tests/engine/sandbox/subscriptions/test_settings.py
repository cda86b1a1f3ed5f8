"""What is set on a subscription without billing anything, shown by every answer and handed to invoices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.subscriptions.steps import change, pending, read, refusal, subscribe
from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_1, JAN_16, MAR_1, Clock, Twin, amounts

OPTIONS = {"card": {"request_three_d_secure": "any"}}


def test_settings_are_shown_and_handed_on(twin: Twin, clock: Clock) -> None:
    """Invoice and payment settings are passed to the subscription's invoices (SDK comments)."""
    fields = [{"name": "PO", "value": "17"}]
    given: dict[str, Any] = {
        "description": "Everything",
        "invoice_settings": {"description": "Thanks", "footer": "Bye", "custom_fields": fields},
        "payment_settings": {
            "payment_method_types": ["card"],
            "payment_method_options": OPTIONS,
            "save_default_payment_method": "on_subscription",
        },
        "metadata": {"a": "1", "b": "2"},
        "off_session": True,
        "automatic_tax": {"enabled": False},
    }
    subscription = subscribe(clock, clock.customer(), twin.price(2000), **given)
    assert (subscription.description, subscription.invoice_settings.footer) == ("Everything", "Bye")
    assert subscription.payment_settings.payment_method_options.card.request_three_d_secure == "any"
    assert subscription.default_payment_method is not None
    invoice = subscription.latest_invoice
    assert (invoice.description, invoice.footer, invoice.custom_fields[0].value) == ("Thanks", "Bye", "17")
    assert invoice.payment_settings.payment_method_types == ["card"]


def test_settings_are_changed_and_unset(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000), description="A", metadata={"a": "1"})
    method = clock.give_card(customer, "pm_card_mastercard")
    mark = clock.mark()
    held = change(
        twin,
        subscription,
        description="",
        metadata={"a": "", "b": "2"},
        default_payment_method=method,
        invoice_settings={"footer": "F"},
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
        payment_settings={"save_default_payment_method": "on_subscription", "payment_method_types": ""},
    )
    assert (held.description, held.metadata.to_dict(), held.default_payment_method) == (
        None,
        {"b": "2"},
        method,
    )
    assert held.trial_settings.end_behavior.missing_payment_method == "pause"
    assert clock.types(mark) == ["customer.subscription.updated"]
    assert change(twin, subscription, default_payment_method="").default_payment_method is None
    assert change(twin, subscription, invoice_settings={"footer": ""}).invoice_settings.footer is None


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"application_fee_percent": 101}, "application_fee_percent"),
        ({"application_fee_percent": 1.234}, "application_fee_percent"),
        ({"transfer_data": {"destination": "acct_none"}}, "transfer_data[destination]"),
        ({"on_behalf_of": "acct_none"}, "on_behalf_of"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"default_source": "src_none"}, "default_source"),
        ({"default_tax_rates": ["txr_none"]}, "default_tax_rates[0]"),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"collection_method": "send_invoice", "days_until_due": -1}, "days_until_due"),
        ({"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]"),
        ({"billing_thresholds": {"amount_gte": 5000}}, "billing_thresholds"),
        (
            {"invoice_settings": {"custom_fields": [{"name": "a", "value": "b"}] * 5}},
            "invoice_settings[custom_fields]",
        ),
        (
            {"invoice_settings": {"issuer": {"type": "account", "account": "acct_none"}}},
            "invoice_settings[issuer][account]",
        ),
        (
            {"pending_invoice_item_interval": {"interval": "week", "interval_count": 53}},
            "pending_invoice_item_interval[interval_count]",
        ),
        ({"trial_settings": {"end_behavior": {"missing_payment_method": "ask"}}}, None),
    ],
)
def test_settings_that_do_not_hold(
    twin: Twin, clock: Clock, given: dict[str, Any], param: str | None
) -> None:
    """Refused on create and on update alike, and nothing is changed."""
    customer, price = clock.customer(), twin.price(2000)
    subscription = subscribe(clock, customer, price)
    for refused in (
        refusal(lambda: subscribe(clock, customer, price, **given)),
        refusal(lambda: change(twin, subscription, **given)),
    ):
        assert param in {None, refused["param"]}
    assert read(twin, subscription).to_dict() == subscription.to_dict()
    assert len(twin.v1.subscriptions.list({"customer": customer}).data) == 1


def test_the_collection_method_changes(twin: Twin, clock: Clock) -> None:
    """A sent invoice has days to be paid, a charged one has none (SDK comments)."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    sent = change(twin, subscription, collection_method="send_invoice", days_until_due=7)
    assert (sent.collection_method, sent.days_until_due) == ("send_invoice", 7)
    clock.advance(FEB_1 + 2 * HOUR)
    invoice = read(twin, subscription).latest_invoice
    assert (invoice.status, invoice.due_date) == ("open", FEB_1 + HOUR + 7 * DAY)
    charged = change(twin, subscription, collection_method="charge_automatically")
    assert (charged.collection_method, charged.days_until_due) == ("charge_automatically", None)


def test_pending_items_are_billed_at_an_interval(twin: Twin, clock: Clock) -> None:
    """As if an invoice were created for the subscription that often (SDK comment)."""
    customer = clock.customer()
    every = {"interval": "week"}
    subscription = subscribe(clock, customer, twin.price(2000), pending_invoice_item_interval=every)
    assert subscription.next_pending_invoice_item_invoice == JAN_1 + 7 * DAY
    assert subscription.pending_invoice_item_interval.interval_count == 1
    item = {"customer": customer, "amount": 700, "currency": "usd", "subscription": subscription.id}
    twin.v1.invoice_items.create(item)
    clock.advance(JAN_1 + 7 * DAY + 2 * HOUR)
    billed = read(twin, subscription)
    assert billed.latest_invoice.billing_reason == "automatic_pending_invoice_item_invoice"
    assert (amounts(billed.latest_invoice), billed.latest_invoice.status) == ([700], "paid")
    assert billed.next_pending_invoice_item_invoice == JAN_1 + 14 * DAY
    assert pending(twin, customer) == []
    clock.advance(JAN_1 + 14 * DAY + 2 * HOUR)
    assert read(twin, subscription).latest_invoice.id == billed.latest_invoice.id
    none = change(twin, subscription, pending_invoice_item_interval="")
    assert (none.pending_invoice_item_interval, none.next_pending_invoice_item_invoice) == (None, None)


def test_discounts_of_items(twin: Twin, clock: Clock) -> None:
    """An item's own discount comes before the subscription's (SDK comment of `discounts`)."""
    half = twin.v1.coupons.create({"percent_off": 50, "duration": "forever"}).id
    tenth = twin.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    items = [{"price": twin.price(2000), "discounts": [{"coupon": half}]}, {"price": twin.price(1000)}]
    given: dict[str, Any] = {"items": items, "discounts": [{"coupon": tenth}]}
    subscription = subscribe(clock, clock.customer(), **given)
    assert subscription.latest_invoice.total == 1900 - 100
    first = subscription.items.data[0]
    assert len(first.discounts) == 1
    kept = change(twin, subscription, items=[{"id": first.id, "discounts": []}], discounts=[])
    assert (len(kept.items.data[0].discounts), len(kept.discounts)) == (1, 1)
    gone = change(twin, subscription, items=[{"id": first.id, "discounts": ""}], discounts="")
    assert (gone.items.data[0].discounts, gone.discounts) == ([], [])


def test_lists_by_what_they_have(twin: Twin, clock: Clock) -> None:
    customer, price = clock.customer(), twin.price(2000)
    first = subscribe(clock, customer, price)
    second = subscribe(
        clock, customer, twin.price(1000, "year"), collection_method="send_invoice", days_until_due=1
    )
    third = subscribe(clock, customer, twin.price(10), trial_end=JAN_16)
    twin.v1.subscriptions.cancel(third.id)

    def found(**given: Any) -> list[str]:
        return [held.id for held in twin.v1.subscriptions.list({"customer": customer, **given}).data]

    assert found() == [second.id, first.id]
    assert found(status="ended") == found(status="canceled") == [third.id]
    assert found(status="all", limit=2) == [third.id, second.id]
    assert found(price=price) == found(plan=price) == [first.id]
    assert found(collection_method="send_invoice") == [second.id]
    assert found(current_period_end={"lte": FEB_1}) == [first.id]
    assert found(current_period_start={"gt": JAN_1}) == []
    assert found(automatic_tax={"enabled": True}) == []
    assert found(created={"lt": JAN_1}) == []
    assert found(current_period_end=MAR_1) == []
