"""Connected accounts as the tests of Connect need them."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.twin_client import Twin

ADDRESS = {"line1": "address_full_match", "city": "San Francisco", "state": "CA", "postal_code": "94103"}
PERSON: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1901},
    "address": ADDRESS,
    "ssn_last_4": "0000",
}
BANK: dict[str, Any] = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
CAPABILITIES = {"card_payments": {"requested": True}, "transfers": {"requested": True}}


def told(**more: Any) -> dict[str, Any]:
    """All that Stripe wants to know of an individual whose requirements the platform collects."""
    return {
        "type": "custom",
        "country": "US",
        "email": "ada@example.com",
        "business_type": "individual",
        "individual": PERSON,
        "business_profile": {"mcc": "5734", "url": "https://accessible.stripe.com"},
        "tos_acceptance": {"date": 1767225600, "ip": "192.0.2.1"},
        "external_account": BANK,
        "capabilities": CAPABILITIES,
        **more,
    }


def seller(twin: Twin, **more: Any) -> str:
    """A connected account that may charge and is paid out."""
    account = twin.v1.accounts.create(told(**more))
    assert account.charges_enabled
    return str(account.id)


def acting(account: str) -> dict[str, Any]:
    """The options of a call in the name of an account."""
    return {"stripe_account": account}


def events(twin: Twin, account: str) -> list[str]:
    """The types of the events of an account, oldest first."""
    found = twin.v1.events.list({"limit": 100}, acting(account))
    return [event.type for event in reversed(found.data)]
