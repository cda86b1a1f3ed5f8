"""Connected accounts as the tests of Connect need them."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.twin_client import DAY, Twin

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


def buyer(twin: Twin, options: dict[str, Any]) -> str:
    """A customer with a card that works."""
    customer = twin.v1.customers.create({"email": "c@example.com"}, options)
    method = twin.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}, options)
    settings = {"invoice_settings": {"default_payment_method": method.id}}
    twin.v1.customers.update(customer.id, settings, options)
    return str(customer.id)


def paid_invoice(twin: Twin, amount: int, options: dict[str, Any], **more: Any) -> Any:
    """An invoice of one line, paid; its charge is in the pending balance."""
    v1 = twin.v1
    customer = buyer(twin, options)
    invoice = v1.invoices.create({"customer": customer, "auto_advance": False, **more}, options)
    item = {"customer": customer, "invoice": invoice.id, "amount": amount, "currency": "usd"}
    v1.invoice_items.create(item, options)
    return v1.invoices.pay(invoice.id, {}, options)


def last_charge(twin: Twin, options: dict[str, Any]) -> Any:
    """The newest charge of the account."""
    return twin.v1.charges.list({"limit": 1}, options).data[0]


def move_on(twin: Twin, days: int) -> None:
    """Let days go by on the live clock."""
    now = twin.get("/_twin/clock")["now"]
    twin.post_json("/_twin/clock", {"now": now + days * DAY})


def funds(twin: Twin, options: dict[str, Any] | None = None) -> tuple[int, int]:
    """What is available and pending in dollars."""
    balance = twin.v1.balance.retrieve({}, options or {})
    dollars = [
        next(held.amount for held in part if held.currency == "usd")
        for part in (balance.available, balance.pending)
    ]
    return dollars[0], dollars[1]


def audit_sides(twin: Twin, *accounts: str) -> None:
    """Balances are the sums of balance transactions and agree with the ledger, for the platform and these."""
    ledger = twin.get("/_twin/ledger")["accounts"].get("usd", {})
    assert sum(ledger.values()) == 0
    for account in ("platform", *accounts):
        options = {} if account == "platform" else acting(account)
        made = list(twin.v1.balance_transactions.list({"limit": 100}, options).auto_paging_iter())
        assert all(entry.net == entry.amount - entry.fee for entry in made)
        assert all(entry.fee == sum(part.amount for part in entry.fee_details) for entry in made)
        sums = [sum(entry.net for entry in made if entry.status == name) for name in ("available", "pending")]
        assert (sums[0], sums[1]) == funds(twin, options)
        assert ledger.get(f"stripe_balance:{account}", 0) == sum(sums)
