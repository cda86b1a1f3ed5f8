"""Section 21: Connect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, JAN_1

from .shop import Shop

ADDRESS = {"line1": "1 Main St", "city": "San Francisco", "postal_code": "94111", "state": "CA"}
PERSON = {
    "first_name": "Ada",
    "last_name": "L",
    "dob": {"day": 1, "month": 1, "year": 1990},
    "address": ADDRESS,
    "email": "ada@example.com",
    "phone": "+15555550123",
    "ssn_last_4": "0000",
}
BANK = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
WISHES = {"transfers": {"requested": True}, "card_payments": {"requested": True}}


@pytest.fixture
def seller(shop: Shop) -> str:
    """An account that may charge and be paid out."""
    made = shop.post(
        "accounts",
        type="custom",
        country="US",
        business_type="individual",
        business_profile={"mcc": "5734", "url": "https://seller.example"},
        tos_acceptance={"date": JAN_1 - DAY, "ip": "192.0.2.1"},
        external_account=BANK,
        individual=PERSON,
        capabilities=WISHES,
    )
    assert (made["charges_enabled"], made["payouts_enabled"]) == (True, True)
    assert made["requirements"]["currently_due"] == []
    return str(made["id"])


def charge(shop: Shop, card: str = "pm_card_bypassPending") -> str:
    """A charge of 100 dollars of the platform."""
    given = {"payment_method": card, "confirm": True, "return_url": "https://shop.example"}
    return str(shop.post("payment_intents", amount=10_000, currency="usd", **given)["latest_charge"])


def test_an_account_that_told_nothing_may_do_nothing(shop: Shop) -> None:
    """It is not ready while something is due."""
    made = shop.post("accounts", type="express", capabilities=WISHES)
    assert (made["charges_enabled"], made["payouts_enabled"], made["details_submitted"]) == (
        False,
        False,
        False,
    )
    assert made["requirements"]["currently_due"]


def test_a_link_is_short_lived(shop: Shop) -> None:
    """It has a url, and ends within minutes; both addresses are needed."""
    account = shop.post("accounts", type="express")["id"]
    given: dict[str, Any] = {
        "account": account,
        "type": "account_onboarding",
        "refresh_url": "https://a.example/again",
    }
    assert shop.refused("account_links", **given)["param"] == "return_url"
    made = shop.post("account_links", **given, return_url="https://a.example/back")
    assert 0 < made["expires_at"] - made["created"] <= 600


def test_transfers_need_money(shop: Shop, seller: str) -> None:
    """`balance_insufficient`, unless it comes from a charge that is not available yet."""
    given: dict[str, Any] = {"amount": 3000, "currency": "usd", "destination": seller}
    assert shop.refused("transfers", **given)["code"] == "balance_insufficient"
    pending = charge(shop, "pm_card_visa")
    assert shop.refused("transfers", **given)["code"] == "balance_insufficient"
    made = shop.post("transfers", **given, source_transaction=pending, transfer_group="g")
    assert (made["source_transaction"], made["transfer_group"]) == (pending, "g")


def test_transfers_are_reversed(shop: Shop, seller: str) -> None:
    """In parts, up to the whole; created, updated and reversed are told."""
    charge(shop)
    shop.forget()
    made = shop.post("transfers", amount=3000, currency="usd", destination=seller)["id"]
    assert shop.post(f"transfers/{made}/reversals", amount=1000)["amount"] == 1000
    assert shop.get(f"transfers/{made}")["reversed"] is False
    assert shop.post(f"transfers/{made}/reversals")["amount"] == 2000
    assert shop.get(f"transfers/{made}")["reversed"] is True
    shop.refused(f"transfers/{made}/reversals", amount=1)
    shop.post(f"transfers/{made}", metadata={"a": "b"})
    told = [type_ for type_ in shop.told() if type_.startswith("transfer.")]
    assert told == ["transfer.created", "transfer.reversed", "transfer.reversed", "transfer.updated"]


def test_payouts_of_an_account(shop: Shop, seller: str) -> None:
    """Pending, then in transit, then paid; only a pending one is canceled; events name the account."""
    charge(shop)
    shop.post("transfers", amount=5000, currency="usd", destination=seller)

    def call(path: str, **given: Any) -> Any:
        return shop.inside.call("POST", f"/v1/{path}", given, account=seller)

    assert call("payouts", amount=6000, currency="usd").body["error"]["code"] == "balance_insufficient"
    canceled = call("payouts", amount=1000, currency="usd").body
    assert (canceled["status"], canceled["method"], canceled["automatic"]) == ("pending", "standard", False)
    assert call(f"payouts/{canceled['id']}/cancel").body["status"] == "canceled"
    sent = call("payouts", amount=1000, currency="usd").body["id"]
    seen: list[str] = []
    for day in (1, 2):
        shop.until(JAN_1 + day * DAY)
        seen.append(shop.inside.made("GET", f"/v1/payouts/{sent}", account=seller)["status"])
        assert call(f"payouts/{sent}/cancel").status == 400
    assert seen == ["in_transit", "paid"]
    events = shop.inside.made("GET", "/v1/events", {"type": "payout.*"}, account=seller)["data"]
    assert {event["account"] for event in events} == {seller}


def test_subscriptions_share(shop: Shop, seller: str) -> None:
    """A part is transferred, or all of it but a fee."""
    buyer = shop.customer()
    shop.subscribe(buyer, shop.price(), transfer_data={"destination": seller, "amount_percent": 50})
    assert [made["amount"] for made in shop.get("transfers", destination=seller)["data"]] == [500]
    shop.subscribe(
        buyer,
        shop.price(),
        transfer_data={"destination": seller},
        application_fee_percent=10,
        on_behalf_of=seller,
    )
    assert [fee["amount"] for fee in shop.get("application_fees")["data"]] == [100]
    items = [{"price": shop.price()}]
    error = shop.refused("subscriptions", customer=buyer, items=items, application_fee_percent=10)
    assert error["param"] == "application_fee_percent"


def test_an_account_sees_its_own_only(shop: Shop, seller: str) -> None:
    """Direct charges with `Stripe-Account` live in the account."""
    made = shop.inside.made("POST", "/v1/customers", {"name": "A"}, account=seller)["id"]
    assert shop.inside.call("GET", f"/v1/customers/{made}", account=seller).status == 200
    shop.refused(f"customers/{made}", method="GET", status=404)
    (event,) = shop.inside.made("GET", "/v1/events", {"type": "customer.created"}, account=seller)["data"]
    assert event["account"] == seller
