"""Which ways to pay does an intent offer? Those that the account switched on in its dashboard."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone

_CARD: Obj = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
_BANK: Obj = {
    "mandate_options": {},
    "transaction_purpose": "unspecified",
    "verification_method": "automatic",
}
_BANK_LOOKED_INTO: Obj = {
    **_BANK,
    "financial_connections": {"permissions": ["payment_method"], "prefetch": []},
}
_NO_MANDATE: Obj = {"interval_description": None, "payment_schedule": None, "transaction_type": None}
_OF_PAYMENTS: dict[str, Obj] = {
    "acss_debit": {"verification_method": "automatic"},
    "afterpay_clearpay": {"reference": None},
    "alipay": {},
    "card": _CARD,
    "cashapp": {},
    "klarna": {"preferred_locale": None},
    "link": {"persistent_token": None},
    "us_bank_account": _BANK_LOOKED_INTO,
    "wechat_pay": {"app_id": None, "client": None},
}
_OF_INVOICES = _OF_PAYMENTS | {
    "acss_debit": {"mandate_options": _NO_MANDATE, "verification_method": "automatic"},
    "us_bank_account": _BANK,
}
_OF_SETUPS: dict[str, Obj] = {
    "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"},
    "us_bank_account": {"mandate_options": {}, "verification_method": "automatic"},
}
_OF_SESSIONS: dict[str, Obj] = {
    "card": {"request_three_d_secure": "automatic"},
    "us_bank_account": {
        "financial_connections": {"permissions": ["payment_method"], "prefetch": []},
        "verification_method": "automatic",
    },
    "wechat_pay": {"app_id": None, "client": "web"},
}


def of_payment(types: list[str], *, invoiced: bool) -> Obj:
    """The options that a PaymentIntent shows for these ways to pay."""
    return _shown(_OF_INVOICES if invoiced else _OF_PAYMENTS, types)


def of_setup(types: list[str]) -> Obj:
    """The options that a SetupIntent shows for these ways to pay."""
    return _shown(_OF_SETUPS, types)


def show_on_session(world: World, session: Obj) -> None:
    """Write the ways to pay, and their options where the client gave none, onto a checkout session."""
    types = list(session["allowed_payment_method_types"] or world.settings.payment_method_types)
    session["payment_method_types"] = types
    with_options = ["card"] if session["mode"] == "subscription" else types
    session["payment_method_options"] = {
        **_shown(_OF_SESSIONS, with_options),
        **(session["payment_method_options"] or {}),
    }
    session["payment_method_configuration_details"] = configuration(world)


def automatically() -> Obj:
    """How an intent says that the dashboard chose its ways to pay."""
    return {"allow_redirects": "always", "enabled": True}


def configuration(world: World) -> Obj:
    """Where the dashboard's choice of ways to pay is written down."""
    account = world.account or "acct_platform"
    return {"id": f"pmc_{world.seed}_{account}", "parent": None}


def _shown(table: dict[str, Obj], types: list[str]) -> Obj:
    return {kind: clone(table[kind]) for kind in sorted(types) if kind in table}
