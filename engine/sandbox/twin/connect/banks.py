"""Which test bank account or debit card does what when money goes there? See Stripe docs: connect/testing."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sandbox.twin.core.errors import StripeError, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .blanks import CURRENCIES

_ROUTING = {"US": "110000000", "CA": "11000-000", "GB": "108800", "AU": "110000"}
_US_ROUTING = 9
_SHORTEST, _LONGEST = 4, 34
_WORKS = "000123456789"
_FAILS = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
_IBANS = ("2013001", "2013002", "2013003", "2013004", "2013005")
_IBAN_FAILS: dict[str, str] = dict(zip(_IBANS, _FAILS.values(), strict=True))
_US_NUMBERS = {_WORKS, "000999999991", *_FAILS}
_TOKENS = {
    "": _WORKS,
    "noAccount": "000111111116",
    "accountClosed": "000111111113",
    "insufficientFunds": "000222222227",
    "debitNotAuthorized": "000333333335",
    "invalidCurrency": "000444444440",
}
_DEBIT_CARDS = {
    "4000056655665556": ("Visa", None),
    "5200828282828210": ("MasterCard", None),
    "6011981111111113": ("Discover", None),
    "4000056655665564": ("Visa", "could_not_process"),
}
_CARD_TOKENS = {
    "tok_visa_debit": "4000056655665556",
    "tok_visa_debit_us_transferSuccess": "4000056655665556",
    "tok_visa_debit_us_transferFail": "4000056655665564",
    "tok_mastercard_debit": "5200828282828210",
    "tok_mastercard_debit_us_transferSuccess": "5200828282828210",
    "tok_discover_debit": "6011981111111113",
}
_WHERE = "external_account"
_FINGERPRINT_LENGTH = 16
_METHODS = ["standard", "instant"]
_EMPTY: Obj = {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


@dataclass(frozen=True, slots=True)
class _Bank:
    """A bank account as it was given."""

    country: str
    currency: str
    number: str
    routing: str | None
    holder: str | None = None
    holder_type: str | None = None


def new_external(world: World, account_id: str, given: Params | str) -> Obj:
    """A bank account or debit card from a test token or from its numbers, kept in the account."""
    with world.acting_as(account_id):
        if isinstance(given, str):
            made = _by_token(world, given)
        elif given["object"] == "bank_account":
            made = new_bank(world, _told_bank(given))
        else:
            made = _told_card(world, given)
    made["account"] = account_id
    return made


def _by_token(world: World, token: str) -> Obj:
    if token in _CARD_TOKENS:
        return _new_card(world, _CARD_TOKENS[token], {})
    kind, _, rest = token.partition("_")
    country, _, kind_of_bank = rest.partition("_")
    failure = kind_of_bank.removeprefix("verified").removeprefix("_")
    code = country.upper()
    if kind != "btok" or code not in CURRENCIES or failure not in _TOKENS:
        raise no_such("token", token, param=_WHERE, status=400)
    return new_bank(world, _Bank(code, CURRENCIES[code], _TOKENS[failure], _ROUTING.get(code)))


def working_number(country: str) -> str:
    """A number of a bank account in a country to which payouts succeed."""
    return _WORKS if country in _ROUTING else f"{country}89370400440532013000"


def _told_bank(given: Params) -> _Bank:
    for name in ("country", "account_number"):
        if not given.get(name):
            raise missing(f"{_WHERE}[{name}]")
    country, number = given["country"].upper(), given["account_number"].replace(" ", "")
    if country not in CURRENCIES:
        text = f"Bank accounts in {country} are not supported."
        raise invalid(text, param=f"{_WHERE}[country]", code="country_unsupported")
    currency = (given.get("currency") or CURRENCIES[country]).lower()
    if currency not in CURRENCIES.values():
        raise invalid(f"Invalid currency: {currency}.", param=f"{_WHERE}[currency]")
    routing = (given.get("routing_number") or "").replace("-", "") or None
    if country == "US":
        _check_us(number, routing)
    elif not _SHORTEST <= len(number) <= _LONGEST or not number.isalnum():
        raise _bad_number(f"Invalid account number: {number}.")
    return _Bank(
        country,
        currency,
        number,
        routing,
        given.get("account_holder_name"),
        given.get("account_holder_type"),
    )


def _check_us(number: str, routing: str | None) -> None:
    if routing is None:
        raise missing(f"{_WHERE}[routing_number]")
    if len(routing) != _US_ROUTING or not routing.isdigit():
        text = "Invalid routing number for US. The number must contain both the bank code and the branch code"
        raise invalid(
            f"{text}, and should be in the format xxxxxxxxx.", param=_WHERE, code="routing_number_invalid"
        )
    if number not in _US_NUMBERS:
        raise _bad_number(
            "You must use a test bank account number in test mode. Try 000123456789 or see more options at"
            " https://stripe.com/docs/connect/testing#account-numbers."
        )


def _bad_number(text: str) -> StripeError:
    return invalid(text, param=_WHERE, code="account_number_invalid")


def new_bank(world: World, bank: _Bank) -> Obj:
    """A bank account that can be paid out to, in the account in force."""
    made = world.new(
        "bank_account",
        "ba",
        {
            "account_holder_name": bank.holder,
            "account_holder_type": bank.holder_type,
            "account_type": None,
            "available_payout_methods": _METHODS if bank.country == "US" else _METHODS[:1],
            "bank_name": "STRIPE TEST BANK",
            "country": bank.country,
            "currency": bank.currency,
            "default_for_currency": False,
            "fingerprint": world.ids.token(_FINGERPRINT_LENGTH),
            "future_requirements": _EMPTY,
            "last4": bank.number[-4:],
            "metadata": {},
            "requirements": _EMPTY,
            "routing_number": bank.routing,
            "status": "new",
            "_fails": _FAILS.get(bank.number) or _IBAN_FAILS.get(bank.number[-7:]),
        },
    )
    del made["created"]
    return made


def platform_bank(world: World, id_: str) -> Obj:
    """The bank account of the platform itself, made when it is first needed."""
    held = world.shelf.take(id_)
    if held is None:
        made = new_bank(world, _Bank("US", "usd", _WORKS, _ROUTING["US"]))
        held = {**made, "id": id_, "default_for_currency": True}
        world.shelf.remove(made)
        world.shelf.add(held)
    return held


def _told_card(world: World, given: Params) -> Obj:
    token = given.get("token")
    if token is not None:
        if token not in _CARD_TOKENS:
            raise no_such("token", token, param=_WHERE, status=400)
        return _new_card(world, _CARD_TOKENS[token], given)
    for name in ("number", "exp_month", "exp_year"):
        if given.get(name) is None:
            raise missing(f"{_WHERE}[{name}]")
    given.ignore("cvc")
    return _new_card(world, given["number"].replace(" ", ""), given)


def _new_card(world: World, number: str, given: Obj) -> Obj:
    if number not in _DEBIT_CARDS:
        text = (
            "The card provided as an external account is not supported for payouts. Provide a non-prepaid"
            " debit card instead."
        )
        raise invalid(text, param=_WHERE, code="invalid_card_type")
    brand, failure = _DEBIT_CARDS[number]
    names = (
        "address_city",
        "address_country",
        "address_line1",
        "address_line2",
        "address_state",
        "address_zip",
    )
    made = world.new(
        "card",
        "card",
        {
            **{name: given.get(name) for name in (*names, "name")},
            "available_payout_methods": _METHODS,
            "brand": brand,
            "country": "US",
            "currency": (given.get("currency") or "usd").lower(),
            "cvc_check": None,
            "default_for_currency": False,
            "exp_month": given.get("exp_month", 12),
            "exp_year": given.get("exp_year", 2034),
            "fingerprint": world.ids.token(_FINGERPRINT_LENGTH),
            "funding": "debit",
            "last4": number[-4:],
            "metadata": clone(given.get("metadata") or {}),
            "regulated_status": "unregulated",
            "status": "new",
            "_fails": failure,
        },
    )
    del made["created"]
    return made
