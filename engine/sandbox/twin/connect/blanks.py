"""What does an account look like before anything was told? Stripe's empty values."""

from __future__ import annotations

from engine.sandbox.twin.values.types import Obj, clone

ADDRESS: Obj = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_JAPAN: Obj = {**ADDRESS, "town": None}
DOCUMENT: Obj = dict.fromkeys(("back", "details", "details_code", "front"))
_DECLARATION: Obj = dict.fromkeys(("date", "ip", "user_agent"))
RELATIONSHIP: Obj = {
    **dict.fromkeys(
        ("authorizer", "director", "executive", "legal_guardian", "owner", "representative"), False
    ),
    "percent_ownership": None,
    "title": None,
}
SHAPES: dict[str, Obj] = {
    "account": _DECLARATION,
    "address": ADDRESS,
    "address_kana": _JAPAN,
    "address_kanji": _JAPAN,
    "additional_document": DOCUMENT,
    "administrative_address": ADDRESS,
    "annual_revenue": dict.fromkeys(("amount", "currency", "fiscal_year_end")),
    "directorship_declaration": _DECLARATION,
    "dob": dict.fromkeys(("day", "month", "year")),
    "document": DOCUMENT,
    "ethnicity_details": dict.fromkeys(("ethnicity", "ethnicity_other")),
    "in_development": {"username": None},
    "race_details": dict.fromkeys(("race", "race_other")),
    "ownership_declaration": _DECLARATION,
    "physical_address": ADDRESS,
    "principal_place_of_business": ADDRESS,
    "registered_address": ADDRESS,
    "registration_date": dict.fromkeys(("day", "month", "year")),
    "relationship": RELATIONSHIP,
    "representative_declaration": _DECLARATION,
    "support_address": ADDRESS,
    "us_cfpb_data": dict.fromkeys(("ethnicity_details", "race_details", "self_identified_gender")),
    "verification": {"document": DOCUMENT},
}
"""Hashes that are shown with all their fields as soon as one of them was given."""

REQUIREMENTS: Obj = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}
CURRENCIES = {
    "US": "usd",
    "GB": "gbp",
    "CA": "cad",
    "AU": "aud",
    "NZ": "nzd",
    "JP": "jpy",
    "CH": "chf",
    "SE": "sek",
    "NO": "nok",
    "DK": "dkk",
    "PL": "pln",
    "CZ": "czk",
    "HU": "huf",
    "RO": "ron",
    "SG": "sgd",
    "HK": "hkd",
    "MX": "mxn",
    "BR": "brl",
    "MY": "myr",
    "TH": "thb",
    "AE": "aed",
    **dict.fromkeys(
        ("AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV"),
        "eur",
    ),
    **dict.fromkeys(("MT", "NL", "PT", "SI", "SK"), "eur"),
}
"""Countries in which an account may be, and their currency."""


def account(country: str, *, debits_negative: bool) -> Obj:
    """The fields of an account of which nothing is known."""
    fields: Obj = {
        "business_profile": _business_profile(),
        "business_type": None,
        "capabilities": {},
        "company": {
            "address": ADDRESS,
            "directors_provided": False,
            "executives_provided": False,
            "name": None,
            "owners_provided": False,
            "phone": None,
            "tax_id_provided": False,
            "verification": {"document": DOCUMENT},
        },
        "country": country,
        "default_currency": CURRENCIES[country],
        "future_requirements": REQUIREMENTS,
        "metadata": {},
        "requirements": REQUIREMENTS,
        "settings": _settings(debits_negative=debits_negative),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
    }
    copied: Obj = clone(fields)
    return copied


def _business_profile() -> Obj:
    names = (
        "annual_revenue",
        "estimated_worker_count",
        "mcc",
        "minority_owned_business_designation",
        "name",
        "product_description",
        "specified_commercial_transactions_act_url",
        "support_address",
        "support_email",
        "support_phone",
        "support_url",
        "url",
    )
    return dict.fromkeys(names)


def _settings(*, debits_negative: bool) -> Obj:
    scripts = ("_kana", "_kanji")
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            **{f"statement_descriptor_prefix{script}": None for script in scripts},
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": None,
            **{f"statement_descriptor{script}": None for script in scripts},
            **{f"statement_descriptor_prefix{script}": None for script in scripts},
        },
        "payouts": {
            "debit_negative_balances": debits_negative,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def person() -> Obj:
    """The fields of a person of whom nothing is known."""
    fields: Obj = {
        "address": ADDRESS,
        "dob": SHAPES["dob"],
        "email": None,
        "first_name": None,
        "future_requirements": _of_person(),
        "id_number_provided": False,
        "last_name": None,
        "metadata": {},
        "phone": None,
        "relationship": RELATIONSHIP,
        "requirements": _of_person(),
        "ssn_last_4_provided": False,
        "verification": {
            "additional_document": DOCUMENT,
            "details": None,
            "details_code": None,
            "document": DOCUMENT,
            "status": "unverified",
        },
    }
    copied: Obj = clone(fields)
    return copied


def _of_person() -> Obj:
    left_out = {"current_deadline", "disabled_reason"}
    return {name: value for name, value in REQUIREMENTS.items() if name not in left_out}
