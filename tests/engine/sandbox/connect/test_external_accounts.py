"""Where is an account paid out to?"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.connect.selling import BANK, events, seller
from tests.engine.sandbox.twin_client import Twin, error_of


def test_bank_accounts_and_cards_are_added_and_changed(twin: Twin) -> None:
    account = seller(twin)
    externals = twin.v1.accounts.external_accounts
    first = externals.list(account).data[0]
    assert (first.default_for_currency, first.bank_name) == (True, "STRIPE TEST BANK")
    token = externals.create(account, {"external_account": "btok_us_verified", "metadata": {"n": "1"}})
    assert (token.default_for_currency, token.metadata["n"]) == (False, "1")
    euros = externals.create(account, {"external_account": "btok_de"})
    assert (euros.currency, euros.country, euros.default_for_currency) == ("eur", "DE", True)
    card = externals.create(
        account,
        {
            "external_account": {
                "object": "card",
                "number": "4000056655665556",
                "exp_month": 9,
                "exp_year": 2033,
            }
        },
    )
    assert (card.object, card.funding, card.last4) == ("card", "debit", "5556")
    assert [held.id for held in externals.list(account).data] == [card.id, euros.id, token.id, first.id]
    assert externals.list(account, {"object": "card"}).data == [card]
    assert externals.retrieve(account, card.id) == card
    changed = externals.update(
        account, token.id, {"default_for_currency": True, "account_holder_name": "Ada"}
    )
    assert (changed.default_for_currency, changed.account_holder_name) == (True, "Ada")
    assert externals.retrieve(account, first.id).default_for_currency is False
    assert externals.update(account, card.id, {"exp_year": "2040"}).exp_year == 2040
    assert externals.delete(account, first.id).deleted
    assert twin.v1.accounts.retrieve(account).external_accounts.data[0].id != first.id
    told = events(twin, account)
    for happened in ("created", "updated", "deleted"):
        assert f"account.external_account.{happened}" in told


def test_a_new_external_account_of_the_account_replaces_the_default(twin: Twin) -> None:
    account = seller(twin)
    old = twin.v1.accounts.retrieve(account).external_accounts.data[0].id
    changed = twin.v1.accounts.update(account, {"external_account": "btok_us_verified_noAccount"})
    assert [held.id == old for held in changed.external_accounts.data] == [False]


def test_the_default_stays(twin: Twin) -> None:
    account = seller(twin)
    held = twin.v1.accounts.retrieve(account).external_accounts.data[0].id
    with pytest.raises(stripe.InvalidRequestError, match="cannot delete the default external account"):
        twin.v1.accounts.external_accounts.delete(account, held)


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ("btok_us_verified_nonsense", "resource_missing", "external_account"),
        ("tok_visa", "resource_missing", "external_account"),
        ({**BANK, "account_number": "1"}, "account_number_invalid", "external_account"),
        ({**BANK, "routing_number": "1100"}, "routing_number_invalid", "external_account"),
        (
            {"object": "bank_account", "country": "US"},
            "parameter_missing",
            "external_account[account_number]",
        ),
        ({"object": "bank_account", "account_number": "1"}, "parameter_missing", "external_account[country]"),
        ({**BANK, "country": "QQ"}, "country_unsupported", "external_account[country]"),
        ({**BANK, "currency": "zzz"}, None, "external_account[currency]"),
        ({**BANK, "country": "DE", "account_number": "12-!"}, "account_number_invalid", "external_account"),
        (
            {"object": "card", "number": "4000056655665556"},
            "parameter_missing",
            "external_account[exp_month]",
        ),
        (
            {"object": "card", "number": "4242424242424242", "exp_month": 1, "exp_year": 2033},
            "invalid_card_type",
            "external_account",
        ),
    ],
)
def test_external_accounts_that_are_refused(twin: Twin, given: Any, code: str, param: str) -> None:
    account = seller(twin)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.accounts.external_accounts.create(account, {"external_account": given})
    assert (refused.value.code, error_of(refused.value)["param"]) == (code, param)
    assert len(twin.v1.accounts.external_accounts.list(account).data) == 1


def test_one_of_another_account_is_not_found(twin: Twin) -> None:
    one, other = seller(twin), seller(twin)
    held = twin.v1.accounts.external_accounts.list(one).data[0].id
    with pytest.raises(stripe.InvalidRequestError, match="No such external account"):
        twin.v1.accounts.external_accounts.retrieve(other, held)
    card = twin.v1.accounts.external_accounts.create(one, {"external_account": "tok_visa_debit"})
    with pytest.raises(stripe.InvalidRequestError, match="expiration month"):
        twin.v1.accounts.external_accounts.update(one, card.id, {"exp_month": "13"})
