"""Section 1 of the reference: where do fields live in the newest version?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import Shop
from tests.engine.sandbox.twin_client import unix


@pytest.fixture
def sold(shop: Shop) -> Any:
    """A paid subscription of 25.00 a month."""
    return shop.subscribe(shop.customer(), shop.price(2500), metadata={"a": "b"})


def test_periods_are_on_items(sold: Any) -> None:
    """1, table: the period is on each item, and gone from the subscription, with plan and quantity."""
    item = sold["items"]["data"][0]
    period = (item["current_period_start"], item["current_period_end"])
    assert period == (unix("2026-01-01"), unix("2026-02-01"))
    assert not {"current_period_start", "current_period_end", "plan", "quantity", "discount"} & set(sold)
    assert "total_count" not in sold["items"]


def test_a_renewal_tells_the_former_periods(shop: Shop, sold: Any) -> None:
    """1, table: `previous_attributes.items` of the renewal's event has the former period."""
    shop.forget()
    shop.until("2026-02-01")
    before = shop.events()[0]["data"]["previous_attributes"]["items"]["data"][0]
    assert before["id"] == sold["items"]["data"][0]["id"]
    assert before["current_period_end"] == unix("2026-02-01")


def test_an_invoice_names_its_subscription_under_parent(shop: Shop, sold: Any) -> None:
    """1, table: `invoice.parent`, with a copy of the metadata as it was; null for an invoice by hand."""
    shop.change(sold, metadata={"a": "later"})
    parent = shop.latest(sold)["parent"]
    assert parent["type"] == "subscription_details"
    assert parent["subscription_details"] == {"metadata": {"a": "b"}, "subscription": sold["id"]}
    assert shop.post("invoices", customer=sold["customer"])["parent"] is None


def test_a_preview_tells_the_proration_date(shop: Shop, sold: Any) -> None:
    """1, table: `subscription_proration_date`, only where a preview has prorations."""
    shop.until("2026-01-16")
    items = shop.other_price(sold, shop.price(5000))
    details = {"items": items, "proration_behavior": "always_invoice"}
    at = "subscription_proration_date"
    for given, expected in (({}, "2026-01-16"), ({"proration_date": unix("2026-01-10")}, "2026-01-10")):
        wanted = {**details, **given}
        shown = shop.post("invoices/create_preview", subscription=sold["id"], subscription_details=wanted)
        assert shown["parent"]["subscription_details"][at] == unix(expected)
    plain = shop.post("invoices/create_preview", subscription=sold["id"])
    assert at not in plain["parent"]["subscription_details"]


def test_payments_of_an_invoice(shop: Shop, sold: Any) -> None:
    """1, table: payments and confirmation secret only when asked for; the rest is gone."""
    invoice = sold["latest_invoice"]
    gone = {"subscription", "payment_intent", "charge", "paid", "tax", "payments", "confirmation_secret"}
    assert not gone & set(invoice)
    wanted = ["payments", "confirmation_secret"]
    shown = shop.get(f"invoices/{invoice['id']}", expand=wanted)
    payment = shown["payments"]["data"][0]
    assert (payment["status"], payment["is_default"], payment["amount_paid"]) == ("paid", True, 2500)
    intent = payment["payment"]["payment_intent"]
    assert shown["confirmation_secret"]["type"] == "payment_intent"
    assert shown["confirmation_secret"]["client_secret"].startswith(intent)
    by_intent = {"type": "payment_intent", "payment_intent": intent}
    assert shop.get("invoice_payments", payment=by_intent)["data"][0]["invoice"] == invoice["id"]
    found = shop.get(f"payment_intents/{intent}", expand=["latest_charge"])
    assert "invoice" not in found
    assert "invoice" not in found["latest_charge"]


def test_lines_have_pricing_and_parent(sold: Any) -> None:
    """1, table: what a line says of price and origin."""
    line = sold["latest_invoice"]["lines"]["data"][0]
    price = sold["items"]["data"][0]["price"]
    named = {"price": price["id"], "product": price["product"]}
    assert line["pricing"] == {
        "type": "price_details",
        "price_details": named,
        "unit_amount_decimal": "2500",
    }
    assert line["parent"]["type"] == "subscription_item_details"
    assert line["parent"]["subscription_item_details"] == {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": sold["id"],
        "subscription_item": sold["items"]["data"][0]["id"],
    }
    assert not {"price", "plan", "proration", "subscription_item", "type", "tax_amounts"} & set(line)


OLD: list[tuple[str, dict[str, Any], str]] = [
    ("subscriptions/{}", {"coupon": "x"}, "coupon"),
    ("subscriptions/{}", {"promotion_code": "x"}, "promotion_code"),
    ("subscriptions/{}", {"billing_mode": {"type": "classic"}}, "billing_mode"),
    ("subscriptions/{}", {"billing_cycle_anchor": "now"}, "billing_cycle_anchor"),
    ("subscriptions/{}", {"billing_cycle_anchor": unix("2026-02-02")}, "billing_cycle_anchor"),
    ("subscriptions/{}", {"billing_cycle_anchor": {"type": "timestamp"}}, "billing_cycle_anchor[type]"),
    ("invoiceitems", {"price": "price_x"}, "price"),
    ("checkout/sessions", {"mode": "setup", "payment_method_types": ["card"]}, "payment_method_types"),
    ("payment_intents", {"payment_method_types": ["card"]}, "payment_method_types"),
    ("setup_intents", {"payment_method_types": ["card"]}, "payment_method_types"),
    ("subscriptions/{}/migrate", {"billing_mode": {"type": "classic"}}, "billing_mode[type]"),
]


@pytest.mark.parametrize(("path", "given", "param"), OLD)
def test_parameters_of_old(shop: Shop, sold: Any, path: str, given: dict[str, Any], param: str) -> None:
    """1, table and endive: what older versions took is refused, a timestamp as anchor of an update too."""
    assert shop.refused(path.format(sold["id"]), **given)["param"] == param


def test_usage_records_are_gone(shop: Shop, sold: Any) -> None:
    """1, table: no usage records, and no upcoming invoice to read."""
    item = sold["items"]["data"][0]["id"]
    told = shop.refused(f"subscription_items/{item}/usage_records", status=404, quantity=1)
    assert told["message"].startswith("Unrecognized request URL")
    assert shop.refused("invoices/upcoming", method="GET", status=404)["code"] == "resource_missing"
    assert shop.refused("invoices/create_preview", customer=sold["customer"])["code"] == "parameter_missing"


def test_discounts_are_ids_with_a_source(shop: Shop) -> None:
    """1, table: `discounts` holds ids until expanded; the coupon is under `source` and `promotion`."""
    coupon = shop.post("coupons", percent_off=10, duration="forever")["id"]
    code = shop.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon})
    assert code["promotion"] == {"type": "coupon", "coupon": coupon}
    sold = shop.subscribe(shop.customer(), shop.price(2500), discounts=[{"promotion_code": code["id"]}])
    (id_,) = sold["discounts"]
    shown = shop.get(f"subscriptions/{sold['id']}", expand=["discounts"])["discounts"][0]
    assert (shown["id"], shown["source"]) == (id_, {"type": "coupon", "coupon": coupon})
    invoice = sold["latest_invoice"]
    assert (invoice["subtotal"], invoice["total"]) == (2500, 2250)
    assert invoice["lines"]["data"][0]["discount_amounts"] == [{"amount": 250, "discount": id_}]


def test_what_a_subscription_always_has(sold: Any) -> None:
    """1, after the table: fields that are there from the start, flexible billing by default."""
    assert sold["billing_mode"]["type"] == "flexible"
    assert sold["billing_schedules"] == []
    for name in ("customer_account", "managed_payments", "pending_update", "pending_setup_intent"):
        assert sold[name] is None
    assert set(sold["trial_settings"]["end_behavior"]) == {"missing_payment_method", "billing_cycle_anchor"}
    assert set(sold["cancellation_details"]) == {"comment", "feedback", "feedback_option", "reason"}
    item = sold["items"]["data"][0]
    assert (item["current_trial"], item["tax_rates"], item["discounts"]) == (None, [], [])
    assert item["plan"]["id"] == item["price"]["id"]


def test_a_schedule_inherits_the_billing_mode(shop: Shop) -> None:
    """1, billing_mode: taken over from the subscription, and never said there."""
    classic = {"type": "classic"}
    sold = shop.subscribe(shop.customer(), shop.price(), billing_mode=classic)
    given = {"from_subscription": sold["id"], "billing_mode": {"type": "flexible"}}
    assert shop.refused("subscription_schedules", **given)["param"] == "billing_mode"
    schedule = shop.post("subscription_schedules", from_subscription=sold["id"])
    assert schedule["billing_mode"]["type"] == "classic"


def test_limits(shop: Shop) -> None:
    """1, limits: 20 items and 20 one-time items a request, 250 items an invoice."""
    customer, price = shop.customer(), shop.price()
    many = [{"price": shop.price(1)} for _ in range(21)]
    assert shop.refused("subscriptions", customer=customer, items=many)["param"] == "items"
    once = [{"price": shop.price(1, None)} for _ in range(21)]
    given = {"customer": customer, "items": [{"price": price}], "add_invoice_items": once}
    assert shop.refused("subscriptions", **given)["param"] == "add_invoice_items"
    entry = {"customer": customer, "amount": 1, "currency": "usd"}
    entry["invoice"] = shop.post("invoices", customer=customer)["id"]
    for _ in range(250):
        shop.post("invoiceitems", **entry)
    assert shop.refused("invoiceitems", **entry)["param"] == "invoice"
