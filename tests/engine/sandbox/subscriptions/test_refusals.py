"""What subscriptions and their items refuse; each call leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.engine.sandbox.laws.inside import JAN_1, Inside
from tests.engine.sandbox.subscriptions.steps import change, first_item, read, refusal, subscribe
from tests.engine.sandbox.twin_client import DAY, Clock, Twin

HELD = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}


@pytest.fixture
def inside() -> Iterator[Inside]:
    twin = Inside()
    yield twin
    twin.close()


def bought(inside: Inside, card: str = "pm_card_visa") -> tuple[str, str]:
    """A customer with a card, and a price of 20.00 a month."""
    customer = inside.made("POST", "/v1/customers")["id"]
    method = inside.made("POST", f"/v1/payment_methods/{card}/attach", {"customer": customer})["id"]
    default = {"invoice_settings": {"default_payment_method": method}}
    inside.made("POST", f"/v1/customers/{customer}", default)
    product = inside.made("POST", "/v1/products", {"name": "Pro"})["id"]
    price = {"product": product, "currency": "usd", "unit_amount": 2000, "recurring": {"interval": "month"}}
    return customer, inside.made("POST", "/v1/prices", price)["id"]


def test_one_price_twice(twin: Twin, clock: Clock) -> None:
    """On create, on update and by an item call; reference, issue of refusals."""
    customer, price, other = clock.customer(), twin.price(2000), twin.price(1000)
    subscription = subscribe(clock, customer, price, other)
    second = subscription.items.data[1].id
    v1 = twin.v1
    for call in (
        partial(subscribe, clock, customer, price, price),
        partial(change, twin, subscription, items=[{"price": price}]),
        partial(change, twin, subscription, items=[{"id": second, "price": price}]),
        partial(v1.subscription_items.create, {"subscription": subscription.id, "price": price}),
        partial(v1.subscription_items.update, second, {"price": price}),
    ):
        assert (
            refusal(call)["message"] == f"Cannot add multiple subscription items with the same plan: {price}"
        )
    assert [item.price.id for item in read(twin, subscription).items.data] == [price, other]


def test_the_last_item_stays(twin: Twin, clock: Clock) -> None:
    """Deleting a subscription's last item is refused, by either call."""
    subscription = subscribe(clock, clock.customer(), twin.price(2000))
    items = first_item(subscription, deleted=True)
    last = subscription.items.data[0].id
    for call in (
        partial(change, twin, subscription, items=items),
        partial(twin.v1.subscription_items.delete, last),
    ):
        assert "at least one active plan" in refusal(call)["message"]
    assert len(read(twin, subscription).items.data) == 1


def test_currencies_are_not_mixed(twin: Twin, clock: Clock) -> None:
    """Neither on a subscription nor on a customer."""
    customer, dollars, euros = clock.customer(), twin.price(2000), twin.price(1000, currency="eur")
    one_time = twin.price(100, None, currency="eur")
    refusal(lambda: subscribe(clock, customer, dollars, euros))
    assert refusal(lambda: subscribe(clock, customer, dollars, currency="eur"))["param"] == "items[0][price]"
    subscription = subscribe(clock, customer, dollars)
    once = [{"price": one_time}]
    for call in (
        partial(change, twin, subscription, items=[{"price": euros}]),
        partial(change, twin, subscription, items=first_item(subscription, price=euros)),
        partial(change, twin, subscription, add_invoice_items=once),
        partial(twin.v1.subscription_items.create, {"subscription": subscription.id, "price": euros}),
    ):
        assert "This doesn't match the expected currency: `usd`" in refusal(call)["message"]
    assert "combine currencies" in refusal(lambda: subscribe(clock, customer, euros))["message"]


@pytest.mark.parametrize(
    "given",
    [
        {"items": [{"price": "price_x"}]},
        {"cancel_at_period_end": True},
        {"billing_cycle_anchor": {"type": "now"}},
        {"trial_end": JAN_1 + 9 * DAY},
        {"collection_method": "send_invoice", "days_until_due": 3},
        {"discounts": [{"coupon": "x"}]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_an_incomplete_one_takes_little(twin: Twin, clock: Clock, given: dict[str, Any]) -> None:
    """Only what makes no invoice: metadata, description, default payment method; docs collection-method."""
    customer = clock.customer()
    subscription = subscribe(clock, customer, twin.price(2000), payment_behavior="default_incomplete")
    assert "incomplete" in refusal(lambda: change(twin, subscription, **given))["message"]
    method = clock.give_card(customer, "pm_card_mastercard")
    kept = change(twin, subscription, description="D", metadata={"a": "b"}, default_payment_method=method)
    assert (kept.status, kept.description, kept.default_payment_method) == ("incomplete", "D", method)


@pytest.mark.parametrize(
    "given", [{"quantity": -1}, {"quantity": 10**13}, {"price": "price_none"}, {"price": ""}]
)
def test_items_out_of_range(twin: Twin, clock: Clock, given: dict[str, Any]) -> None:
    customer, price = clock.customer(), twin.price(2000)
    subscription = subscribe(clock, customer, price)
    item = subscription.items.data[0].id
    create = {"items": [{"price": price, **given}]}
    where = next(iter(given))
    assert refusal(lambda: subscribe(clock, customer, **create))["param"] == f"items[0][{where}]"
    refusal(lambda: twin.v1.subscription_items.update(item, given))
    assert read(twin, subscription).items.data[0].to_dict() == subscription.items.data[0].to_dict()


def test_items_of_others(twin: Twin, clock: Clock) -> None:
    """An item is found by its own id only, and belongs to one subscription."""
    customer, price = clock.customer(), twin.price(2000)
    mine, other = subscribe(clock, customer, price), subscribe(clock, customer, price)
    items = first_item(other, quantity=2)
    assert refusal(lambda: change(twin, mine, items=items))["param"] == "items[0][id]"
    for id_ in ("si_none", mine.id, customer):
        refusal(partial(twin.v1.subscription_items.retrieve, id_), status=404)
    deleted = [{"deleted": True}]
    assert refusal(lambda: change(twin, mine, items=deleted))["param"] == "items[0][id]"


def test_a_subscription_without_what_it_needs(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    create = twin.v1.subscriptions.create
    assert refusal(lambda: create({"items": [{"price": "price_x"}]}))["param"] == "customer"
    assert refusal(lambda: create({"customer": customer}))["param"] == "items"
    assert refusal(lambda: create({"customer": "cus_none"}))["code"] == "resource_missing"
    refusal(lambda: twin.v1.subscriptions.retrieve("sub_none"), status=404)
    refusal(lambda: twin.v1.subscriptions.update("sub_none", {}), status=404)


def test_at_most_500_subscriptions(inside: Inside) -> None:
    """Active or scheduled ones of a customer (SDK comment of create); one that ended makes room."""
    customer, price = bought(inside)
    given = {"customer": customer, "items": [{"price": price}], "trial_end": JAN_1 + 9 * DAY}
    made = [inside.made("POST", "/v1/subscriptions", given)["id"] for _ in range(500)]
    refused = inside.call("POST", "/v1/subscriptions", given)
    assert (refused.status, refused.body["error"]["code"]) == (400, "customer_max_subscriptions")
    inside.made("DELETE", f"/v1/subscriptions/{made[0]}")
    inside.made("POST", "/v1/subscriptions", given)


def test_metadata_waits_with_its_update(inside: Inside) -> None:
    """Pending updates take metadata since 2026-05-27.dahlia (changelog)."""
    customer, price = bought(inside)
    made = inside.made("POST", "/v1/subscriptions", {"customer": customer, "items": [{"price": price}]})
    inside.move(JAN_1 + 9 * DAY)
    card = "/v1/payment_methods/pm_card_chargeCustomerFail/attach"
    method = inside.made("POST", card, {"customer": customer})["id"]
    inside.made("POST", f"/v1/customers/{customer}", {"invoice_settings": {"default_payment_method": method}})
    items = [{"id": made["items"]["data"][0]["id"], "quantity": 3}]
    path = f"/v1/subscriptions/{made['id']}"
    held = inside.made("POST", path, {"items": items, "metadata": {"plan": "big"}, **HELD})
    assert (held["metadata"], held["pending_update"]["metadata"]) == ({}, {"plan": "big"})
    visa = inside.made("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": customer})["id"]
    inside.made("POST", f"/v1/invoices/{held['latest_invoice']}/pay", {"payment_method": visa})
    done = inside.made("GET", path)
    assert (done["metadata"], done["pending_update"]) == ({"plan": "big"}, None)
