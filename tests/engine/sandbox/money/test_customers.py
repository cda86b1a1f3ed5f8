"""Who pays? Customers with everything that hangs on them: balances, tax ids, old sources, set up cards."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.money.books import accounts
from tests.engine.sandbox.twin_client import Clock, Twin, error_of


def test_everything_that_can_be_said(twin: Twin) -> None:
    given = {
        "name": "Ada",
        "business_name": "Engines",
        "email": "ada@example.com",
        "phone": "+44",
        "description": "first",
        "address": {"line1": "1 Way", "country": "GB"},
        "shipping": {"name": "Ada", "address": {"line1": "2 Way"}},
        "preferred_locales": ["en-GB"],
        "invoice_prefix": "ADA1",
        "next_invoice_sequence": 7,
        "tax_exempt": "reverse",
        "invoice_settings": {
            "custom_fields": [{"name": "PO", "value": "7"}],
            "footer": "Thanks",
            "rendering_options": {"amount_tax_display": "exclude_tax"},
        },
        "tax": {"ip_address": "10.0.0.1"},
        "tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}],
        "balance": -500,
        "source": "tok_visa",
        "cash_balance": {"settings": {"reconciliation_mode": "manual"}},
        "metadata": {"a": "b"},
        "expand": ["tax_ids", "sources", "tax", "cash_balance"],
    }
    made = twin.v1.customers.create(given)
    assert (made.address.line1, made.address.city, made.shipping.address.line1) == ("1 Way", None, "2 Way")
    assert (made.invoice_prefix, made.next_invoice_sequence, made.balance) == ("ADA1", 7, -500)
    assert (made.invoice_settings.custom_fields[0].value, made.invoice_settings.footer) == ("7", "Thanks")
    assert (made.tax.ip_address, made.tax_ids.data[0].value) == ("10.0.0.1", "DE123456789")
    assert (made.default_source, made.sources.data[0].brand) == (made.sources.data[0].id, "Visa")
    assert made.cash_balance.settings.reconciliation_mode == "manual"
    changed = twin.v1.customers.update(
        made.id, {"address": "", "business_name": "", "tax_exempt": "", "invoice_settings": {"footer": ""}}
    )
    assert (changed.address, changed.tax_exempt, changed.invoice_settings.footer) == (None, "none", None)
    assert "business_name" not in changed
    assert (changed.name, changed.business_name if "business_name" in changed else None) == ("Ada", None)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"invoice_prefix": "low"}, "invoice_prefix"),
        ({"next_invoice_sequence": 0}, "next_invoice_sequence"),
        ({"balance": 10**13}, "balance"),
        ({"email": "x" * 513}, "email"),
        ({"source": "tok_nope"}, "source"),
        ({"payment_method": "pm_nope"}, "payment_method"),
        ({"tax": {"validate_location": "immediately"}}, "tax[validate_location]"),
        ({"test_clock": "clock_nope"}, "test_clock"),
        ({"tax_id_data": [{"type": "eu_vat", "value": ""}]}, "tax_id_data[0][value]"),
    ],
)
def test_what_is_refused(twin: Twin, given: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        twin.v1.customers.create(given)
    assert (error.value.http_status, error_of(error.value)["param"]) == (400, param)


def test_tax_ids_of_customers_and_of_the_account(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    calls = twin.v1.customers.tax_ids
    mark = clock.mark()
    made = calls.create(customer, {"type": "eu_vat", "value": "DE000000000"})
    assert (made.country, made.owner.type, made.verification.status) == ("DE", "customer", "verified")
    pending = twin.v1.tax_ids.create(
        {"type": "gb_vat", "value": "GB222222222", "owner": {"type": "customer", "customer": customer}}
    )
    assert (pending.customer, pending.verification.status) == (customer, "pending")
    assert [held.id for held in calls.list(customer).data] == [pending.id, made.id]
    assert calls.retrieve(customer, made.id).value == "DE000000000"
    assert calls.delete(customer, made.id).deleted
    assert twin.v1.tax_ids.delete(pending.id).deleted
    assert clock.types(mark) == [
        "customer.tax_id.created",
        "customer.tax_id.created",
        "customer.tax_id.deleted",
        "customer.tax_id.deleted",
    ]
    own = twin.v1.tax_ids.create({"type": "us_ein", "value": "12-3456789"})
    assert (own.customer, own.owner.type) == (None, "self")
    assert [held.id for held in twin.v1.tax_ids.list().data] == [own.id]
    with pytest.raises(stripe.InvalidRequestError, match="No such tax_id"):
        calls.retrieve(customer, own.id)


def test_the_balance_of_a_customer_moves(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    calls = twin.v1.customers.balance_transactions
    made = calls.create(customer, {"amount": -700, "currency": "usd", "description": "gift"})
    assert (made.ending_balance, made.type, made.description) == (-700, "adjustment", "gift")
    twin.v1.customers.update(customer, {"balance": -200})
    assert [moved.amount for moved in calls.list(customer).data] == [500, -700]
    assert calls.update(customer, made.id, {"metadata": {"a": "b"}}).metadata.a == "b"
    assert calls.retrieve(customer, made.id).metadata.a == "b"
    for wrong in ({"amount": 0, "currency": "usd"}, {"amount": 5, "currency": "eur"}):
        with pytest.raises(stripe.InvalidRequestError):
            calls.create(customer, wrong)
    assert accounts(twin, customer) == {
        f"customer_balance:{customer}": -200,
        "balance_adjustments:platform": 200,
    }


def test_there_is_no_cash(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    calls = twin.v1.customers
    cash = calls.cash_balance.retrieve(customer)
    assert (cash.available, cash.settings.using_merchant_default) == (None, True)
    changed = calls.cash_balance.update(customer, {"settings": {"reconciliation_mode": "manual"}})
    assert changed.settings.reconciliation_mode == "manual"
    assert calls.cash_balance_transactions.list(customer).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        calls.cash_balance_transactions.retrieve(customer, "ccsbtxn_1")
    asked = {
        "bank_transfer": {"type": "us_bank_transfer"},
        "currency": "usd",
        "funding_type": "bank_transfer",
    }
    with pytest.raises(stripe.InvalidRequestError, match="not activated"):
        calls.funding_instructions.create(customer, asked)


def test_sources_of_old_are_paid_with(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    calls = twin.v1.customers.payment_sources
    first = calls.create(customer, {"source": "tok_visa", "metadata": {"a": "b"}})
    second = calls.create(customer, {"source": "tok_amex"})
    assert (first.object, second.brand) == ("card", "American Express")
    assert twin.v1.customers.retrieve(customer).default_source == first.id
    twin.v1.customers.update(customer, {"default_source": second.id})
    made = twin.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": twin.price(2000)}],
            "expand": ["latest_invoice.payments.data.payment.payment_intent"],
        }
    )
    assert made.status == "active"
    changed = calls.update(customer, first.id, {"name": "Ada", "exp_month": "3", "address_zip": "1"})
    assert (changed.name, changed.exp_month, changed.address_zip) == ("Ada", 3, "1")
    assert [card.id for card in calls.list(customer, {"object": "card"}).data] == [second.id, first.id]
    assert calls.list(customer, {"object": "bank_account"}).data == []
    assert calls.delete(customer, second.id).deleted
    assert twin.v1.customers.retrieve(customer).default_source == first.id
    with pytest.raises(stripe.InvalidRequestError, match="Only a bank account"):
        calls.verify(customer, first.id, {"amounts": [1, 2]})
    with pytest.raises(stripe.CardError):
        calls.create(customer, {"source": "tok_chargeDeclined"})


def test_a_setup_intent_from_start_to_end(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    calls = twin.v1.setup_intents
    made = calls.create({"customer": customer, "usage": "on_session", "description": "A"})
    assert (made.status, made.usage) == ("requires_payment_method", "on_session")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        calls.confirm(made.id)
    with pytest.raises(stripe.CardError) as declined:
        calls.confirm(made.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert error_of(declined.value)["setup_intent"]["last_setup_error"]["code"] == "card_declined"
    assert calls.update(made.id, {"payment_method": "pm_card_visa"}).status == "requires_confirmation"
    done = calls.confirm(made.id, {"expand": ["latest_attempt"]})
    assert (done.status, done.last_setup_error, done.latest_attempt.status) == (
        "succeeded",
        None,
        "succeeded",
    )
    assert twin.v1.payment_methods.retrieve(done.payment_method).customer == customer
    for refuse in (calls.confirm, calls.cancel, calls.verify_microdeposits):
        with pytest.raises(stripe.InvalidRequestError) as error:
            refuse(made.id)
        assert error_of(error.value)["code"] == "setup_intent_unexpected_state"
    other = calls.create({"customer": customer})
    assert calls.cancel(other.id, {"cancellation_reason": "abandoned"}).cancellation_reason == "abandoned"
    assert [held.id for held in calls.list({"customer": customer}).data] == [other.id, made.id]


def test_a_payment_method_is_changed_and_listed(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    card = {"number": "5555 5555 5555 4444", "exp_month": 3, "exp_year": 2031, "cvc": "123"}
    made = twin.v1.payment_methods.create({"type": "card", "card": card, "allow_redisplay": "always"})
    assert (made.card.brand, made.card.last4, made.card.exp_year) == ("mastercard", "4444", 2031)
    twin.v1.payment_methods.attach(made.id, {"customer": customer})
    changed = twin.v1.payment_methods.update(
        made.id, {"card": {"exp_month": 4}, "billing_details": {"address": {"city": "Paris"}}}
    )
    assert (changed.card.exp_month, changed.billing_details.address.city) == (4, "Paris")
    found = twin.v1.customers.payment_methods.list(customer, {"allow_redisplay": "always"})
    assert [method.id for method in found.data] == [made.id]
    twin.v1.payment_methods.detach(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        twin.v1.payment_methods.attach(made.id, {"customer": customer})
