"""What is kept apart when a call is made in the name of an account?"""

from __future__ import annotations

import pytest
import stripe

from tests.engine.sandbox.connect.selling import acting, events, seller
from tests.engine.sandbox.twin_client import Twin, error_of


@pytest.mark.parametrize("name", ["acct_nobody", "cus_1"])
def test_an_account_that_is_not_ours(twin: Twin, name: str) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        twin.v1.customers.create({}, acting(name))
    error = error_of(refused.value)
    assert (refused.value.http_status, error["code"]) == (403, "account_invalid")
    assert f"does not have access to account '{name}' (or that account does not exist)" in error["message"]


def test_objects_lists_and_events_are_of_one_account(twin: Twin) -> None:
    one, other = seller(twin), seller(twin)
    customer = twin.v1.customers.create({"email": "c@example.com"}, acting(one))
    assert twin.v1.customers.retrieve(customer.id, {}, acting(one)) == customer
    assert [held.id for held in twin.v1.customers.list({}, acting(one)).data] == [customer.id]
    assert twin.v1.customers.list({}, acting(other)).data == []
    for elsewhere in ({}, acting(other)):
        with pytest.raises(stripe.InvalidRequestError, match=f"No such customer: '{customer.id}'"):
            twin.v1.customers.retrieve(customer.id, {}, elsewhere)
    told = twin.v1.events.list({"type": "customer.created"}, acting(one)).data[0]
    assert (told.account, told.data.object.id) == (one, customer.id)
    assert "customer.created" not in events(twin, other)
    here = twin.v1.events.list({"type": "customer.created", "limit": 100}).data
    assert customer.id not in [event.data.object.id for event in here]


def test_idempotency_keys_are_of_one_account(twin: Twin) -> None:
    one, other = seller(twin), seller(twin)
    made = [
        twin.v1.customers.create({"name": name}, {**acting(account), "idempotency_key": "connect-1"}).id
        for account, name in ((one, "A"), (other, "B"), (one, "A"))
    ]
    assert made[0] == made[2] != made[1]


def test_a_subscription_is_billed_in_its_account(twin: Twin) -> None:
    options = acting(seller(twin))
    v1 = twin.v1
    customer = v1.customers.create({"email": "c@example.com"}, options)
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}, options)
    v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}}, options)
    product = v1.products.create({"name": "Pro"}, options)
    price = v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}},
        options,
    )
    held = v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]}, options)
    assert held.status == "active"
    assert v1.invoices.retrieve(held.latest_invoice, {}, options).amount_paid == 1000
    assert v1.charges.list({}, options).data[0].amount == 1000


def test_endpoints_hear_of_their_own_account_or_of_all_connected_ones(twin: Twin) -> None:
    account = seller(twin)
    given = {"url": "http://127.0.0.1:9/nobody", "enabled_events": ["product.created"]}
    own = twin.v1.webhook_endpoints.create(given)
    connect = twin.v1.webhook_endpoints.create({**given, "connect": True})
    theirs = twin.v1.webhook_endpoints.create(given, acting(account))
    try:
        twin.v1.products.create({"name": "Here"})
        twin.v1.products.create({"name": "There"}, acting(account))
        here = twin.v1.events.list({"type": "product.created", "limit": 1}).data[0]
        there = twin.v1.events.list({"type": "product.created", "limit": 1}, acting(account)).data[0]
        assert "account" not in here
        assert there.account == account
        assert (here.pending_webhooks, there.pending_webhooks) == (1, 2)
    finally:
        twin.v1.webhook_endpoints.delete(own.id)
        twin.v1.webhook_endpoints.delete(connect.id)
        twin.v1.webhook_endpoints.delete(theirs.id, {}, acting(account))
