"""A year of a shop: the twin's double-entry ledger says what the exported traffic alone says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.sandbox.twin.books import ledger
from tests.engine.sandbox.laws.draws import buyer
from tests.engine.sandbox.laws.inside import JAN_1, Inside
from tests.engine.sandbox.laws.recomputed import export, objects, sums

DAY = 86400


@pytest.fixture(scope="module")
def shop() -> Iterator[Inside]:
    twin = Inside()
    _year(twin)
    export(twin)
    yield twin
    twin.close()


def _year(twin: Inside) -> None:
    """Renewals, an upgrade, a decline that is paid late, refunds, notes, a cancel, a dispute, a void."""
    month, team = _price(twin, 2000), _price(twin, 5000)
    steady, growing, failing, leaving = (buyer(twin) for _ in range(4))
    for customer in (steady, failing, leaving):
        _subscribe(twin, customer, month)
    grown = _subscribe(twin, growing, month)
    twin.move(JAN_1 + 15 * DAY)
    item = {"id": grown["items"]["data"][0]["id"], "price": team}
    how = {"proration_behavior": "always_invoice"}
    twin.made("POST", f"/v1/subscriptions/{grown['id']}", {"items": [item], **how})
    bad = twin.made("POST", "/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": failing})
    _use(twin, failing, bad["id"])
    twin.move(JAN_1 + 100 * DAY)
    good = twin.made("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": failing})
    _use(twin, failing, good["id"])
    late, lost = twin.made("GET", "/v1/invoices", {"customer": failing, "status": "open"})["data"][:2]
    twin.made("POST", f"/v1/invoices/{late['id']}/pay")
    twin.made("POST", f"/v1/invoices/{lost['id']}/void")
    held = twin.made("GET", "/v1/subscriptions", {"customer": leaving})["data"][0]
    twin.made("DELETE", f"/v1/subscriptions/{held['id']}", {"prorate": True, "invoice_now": True})
    _single_payments(twin, steady)
    twin.move(JAN_1 + 366 * DAY)


def _single_payments(twin: Inside, customer: str) -> None:
    charge = twin.made("GET", "/v1/charges", {"customer": customer})["data"][0]
    twin.made("POST", "/v1/refunds", {"charge": charge["id"], "amount": 700})
    paid = twin.made("GET", "/v1/invoices", {"customer": customer, "status": "paid"})["data"][1]
    note = {"invoice": paid["id"], "amount": 300, "credit_amount": 300}
    twin.made("POST", "/v1/credit_notes", note)
    back = {"invoice": paid["id"], "amount": 400, "refund_amount": 400}
    twin.made("POST", "/v1/credit_notes", back)
    once = {"amount": 1200, "currency": "usd", "customer": customer, "confirm": True, "off_session": True}
    for card in ("pm_card_visa", "pm_card_createDispute"):
        twin.made("POST", "/v1/payment_intents", {**once, "payment_method": card})
    twin.made("POST", f"/v1/customers/{customer}/balance_transactions", {"amount": -250, "currency": "usd"})


def _price(twin: Inside, amount: int) -> str:
    given = {"currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
    return str(twin.made("POST", "/v1/prices", {**given, "product_data": {"name": "Plan"}})["id"])


def _subscribe(twin: Inside, customer: str, price: str) -> Any:
    return twin.made("POST", "/v1/subscriptions", {"customer": customer, "items": [{"price": price}]})


def _use(twin: Inside, customer: str, card: str) -> None:
    chosen = {"invoice_settings": {"default_payment_method": card}}
    twin.made("POST", f"/v1/customers/{customer}", chosen)


def test_the_ledger_says_what_the_traffic_says(shop: Inside) -> None:
    booked = ledger.export(shop.world)
    assert {sum(leg["amount"] for leg in entry["legs"]) for entry in booked["entries"]} == {0}
    held = {account: amount for account, amount in booked["accounts"]["usd"].items() if amount}
    assert held == sums(shop.traffic.getvalue().splitlines())


def test_the_year_had_something_of_each(shop: Inside) -> None:
    found = objects(shop.traffic.getvalue().splitlines())
    assert {bill["status"] for bill in found["invoice"]} >= {"paid", "open", "void"}
    assert len(found["invoice"]) > 30
    assert found["refund"]
    assert found["dispute"]
    assert found["credit_note"]


def test_bills_add_up_in_the_traffic_alone(shop: Inside) -> None:
    found = objects(shop.traffic.getvalue().splitlines())
    paid: dict[str, int] = {}
    for payment in found["invoice_payment"]:
        if payment["status"] == "paid":
            paid[payment["invoice"]] = paid.get(payment["invoice"], 0) + payment["amount_paid"]
    for bill in found["invoice"]:
        lines = bill["lines"]["data"]
        assert bill["subtotal"] == sum(line["amount"] for line in lines)
        discounts: list[dict[str, Any]] = bill["total_discount_amounts"] or []
        assert bill["total"] == bill["subtotal"] - sum(part["amount"] for part in discounts)
        assert bill["amount_paid"] == paid.get(bill["id"], 0)
