"""What does a payment method that is no card show? What was told about it, and what its bank would add."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

_FINGERPRINT_LENGTH = 16
_LAST = 4
_BICS = {"abn_amro": "ABNANL2A", "asn_bank": "ASNBNL21", "ing": "INGBNL2A", "rabobank": "RABONL2U"}
_FIELDS: dict[str, tuple[str, ...]] = {
    "acss_debit": ("bank_name", "fingerprint", "institution_number", "last4", "transit_number"),
    "au_becs_debit": ("bsb_number", "fingerprint", "last4"),
    "bacs_debit": ("fingerprint", "last4", "sort_code"),
    "boleto": ("tax_id",),
    "cashapp": ("buyer_id", "cashtag"),
    "eps": ("bank",),
    "fpx": ("account_holder_type", "bank"),
    "ideal": ("bank", "bic"),
    "klarna": ("dob",),
    "p24": ("bank",),
    "paypal": ("country", "payer_email", "payer_id"),
    "payto": ("bsb_number", "last4", "pay_id"),
    "sepa_debit": ("bank_code", "branch_code", "country", "fingerprint", "generated_from", "last4"),
    "sofort": ("country",),
    "us_bank_account": (
        "account_holder_type",
        "account_type",
        "bank_name",
        "financial_connections_account",
        "fingerprint",
        "last4",
        "networks",
        "routing_number",
        "status_details",
    ),
}
_UNLIKE_STRIPE = frozenset({"custom", "kr_card", "link", "naver_pay", "nz_bank_account", "upi"})
"""Kinds of which the twin could only invent what they show."""


def new_details(world: World, params: Params) -> tuple[str, Obj]:
    """The kind of a payment method to be made and what it has under that name; refuses what is incomplete."""
    kind: str = params["type"]
    if kind in _UNLIKE_STRIPE:
        raise invalid(_not_activated(kind), param="type")
    known = _FIELDS.get(kind, ())
    given = params.whole(kind)
    if given is None and kind in {"acss_debit", "boleto", "fpx", "sepa_debit", "sofort", "us_bank_account"}:
        raise missing(kind)
    told = _told(world, given or {})
    return kind, {name: told.get(name) for name in known}


def _told(world: World, given: Obj) -> Obj:
    number = str(given.get("iban") or given.get("account_number") or "")
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "bank_code": number[4:8],
        "bic": _BICS.get(str(given.get("bank"))),
        "branch_code": "",
        "country": number[:2] or None,
        "fingerprint": world.ids.token(_FINGERPRINT_LENGTH),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": number[-_LAST:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "status_details": {},
        **_without_numbers(given),
    }


def _without_numbers(given: Obj) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in {"iban", "account_number"}}


def refuse_to_pay(method: Obj) -> None:
    """Raise unless it is a card: nothing else is switched on for payments."""
    if method["type"] != "card":
        raise invalid(_not_activated(method["type"]), param="payment_method")


def _not_activated(kind: str) -> str:
    return (
        f'The payment method type "{kind}" is invalid. Please ensure the provided type is activated in your'
        " dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for"
        " any preview features that you are trying to use."
    )
