"""What does an account still have to tell, and what may it do? Requirements, capabilities, enabled or not.

Sources: Stripe docs, connect/required-verification-information, connect/handling-api-verification and
connect/testing; which fields are asked for is an assumption (docs/twin-assumptions.md).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from engine.sandbox.twin.core.render import listing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, as_obj, clone, public

from .blanks import REQUIREMENTS

_ALWAYS = ("business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip")
_OF_COMPANY = (
    "address.city",
    "address.line1",
    "address.postal_code",
    "address.state",
    "name",
    "owners_provided",
    "phone",
    "tax_id",
)
_OF_PERSON = (
    "address.city",
    "address.line1",
    "address.postal_code",
    "address.state",
    "dob.day",
    "dob.month",
    "dob.year",
    "email",
    "first_name",
    "last_name",
    "phone",
    "ssn_last_4",
)
_ONLY_IN_US = {"address.state", "ssn_last_4"}
_WITHOUT_WEBSITE = {"transfers", "tax_reporting_us_1099_k", "tax_reporting_us_1099_misc"}
_NO_MATCH = "111111111"
_FAILURES = (
    ("_id_number", _NO_MATCH, "verification.document", "verification_failed_keyed_identity"),
    ("_tax_id", _NO_MATCH, "verification.document", "verification_failed_keyed_match"),
    (
        "address.line1",
        "address_no_match",
        "verification.additional_document",
        "verification_failed_residential_address",
    ),
)
_REASONS = {
    "verification_failed_keyed_identity": "The person's keyed-in identity information could not be verified.",
    "verification_failed_keyed_match": "The company's keyed-in information could not be verified.",
    "verification_failed_residential_address": "The person's residential address could not be verified.",
}


def told(obj: Obj, path: str) -> Any:
    """The value under a dotted path; nothing where a level is missing."""
    value: Any = obj
    for name in path.split("."):
        value = (as_obj(value) or {}).get(name)
    return value


def _lacks(obj: Obj, field: str) -> bool:
    if field == "ssn_last_4":
        return not (obj.get("ssn_last_4_provided") or obj.get("id_number_provided"))
    if field == "tax_id":
        return not obj.get("tax_id_provided")
    return told(obj, field) in {None, "", False}


def _wanted(country: str, fields: tuple[str, ...]) -> list[str]:
    return [field for field in fields if country == "US" or field not in _ONLY_IN_US]


def _errors(obj: Obj, prefix: str) -> Objs:
    """What Stripe's test values make fail, until a document is there."""
    return [
        {"code": code, "reason": _REASONS[code], "requirement": f"{prefix}.{needed}"}
        for field, value, needed, code in _FAILURES
        if told(obj, field) == value and not told(obj, f"{needed}.front")
    ]


def persons_of(world: World, account: Obj) -> Objs:
    """The persons of an account, oldest first."""
    with world.acting_as(account["id"]):
        return world.shelf.find("person")


def externals_of(world: World, account: Obj) -> Objs:
    """The bank accounts and cards to which an account is paid out, oldest first."""
    with world.acting_as(account["id"]):
        found = [*world.shelf.find("bank_account"), *world.shelf.find("card")]
    return sorted(found, key=lambda held: int(held["_n"]))


def _about_people(account: Obj, persons: Objs) -> tuple[list[str], Objs]:
    """What is due about the one person, or about the company and its representative, and what failed."""
    country = account["country"]
    acting = next((held for held in persons if held["relationship"]["representative"]), None)
    individual = account["business_type"] == "individual"
    prefix = "individual" if individual else acting["id"] if acting else "representative"
    about: Obj = acting or {}
    due = [f"{prefix}.{field}" for field in _wanted(country, _OF_PERSON) if _lacks(about, field)]
    errors = _errors(about, prefix)
    if account["business_type"] not in {None, "individual"}:
        company: Obj = account["company"]
        due += [f"company.{field}" for field in _wanted(country, _OF_COMPANY) if _lacks(company, field)]
        errors += _errors(company, "company")
    return due + [error["requirement"] for error in errors], errors


def _due(world: World, account: Obj) -> tuple[list[str], Objs]:
    """What an account with a requested capability has to tell now, sorted as Stripe sorts it."""
    requested = {name for name, held in account["_capabilities"].items() if held["requested"]}
    if not requested:
        return [], []
    there: Obj = {**account, "external_account": bool(externals_of(world, account))}
    due = [field for field in _ALWAYS if _lacks(there, field)]
    profile = account["business_profile"]
    if requested - _WITHOUT_WEBSITE:
        due += [] if profile["mcc"] else ["business_profile.mcc"]
        due += [] if profile["url"] or profile["product_description"] else ["business_profile.url"]
    about, errors = _about_people(account, persons_of(world, account))
    return sorted(due + about), errors


def _disabled_reason(account: Obj, due: list[str]) -> str | None:
    if account.get("_rejected"):
        return str(account["_rejected"])
    if due:
        return "requirements.past_due"
    capable = any(held["requested"] for held in account["_capabilities"].values())
    return None if capable else "action_required.requested_capabilities"


def refresh(world: World, account: Obj) -> None:
    """Work out anew what follows from what was told: requirements, capabilities, what is enabled."""
    due, errors = _due(world, account)
    reason = _disabled_reason(account, due)
    account["requirements"] = {
        **clone(REQUIREMENTS),
        "currently_due": due,
        "disabled_reason": reason,
        "errors": errors,
        "eventually_due": list(due),
        "past_due": list(due),
    }
    requested = [name for name, held in account["_capabilities"].items() if held["requested"]]
    status = "inactive" if reason else "active"
    account["capabilities"] = dict.fromkeys(sorted(requested), status)
    account["charges_enabled"] = reason is None
    paused = account.get("_rejected") and account["_payouts_paused"]
    account["payouts_enabled"] = bool(requested) and not due and not paused
    if account["controller"]["requirement_collection"] == "application":
        account["details_submitted"] = bool(requested) and not due
    externals = externals_of(world, account)
    url = f"/v1/accounts/{account['id']}/external_accounts"
    account["external_accounts"] = listing(url, map(public, externals))
    _show_individual(world, account)


def _show_individual(world: World, account: Obj) -> None:
    account.pop("individual", None)
    for person in persons_of(world, account):
        _verify(account, person)
        if account["business_type"] == "individual" and person["relationship"]["representative"]:
            account["individual"] = public(person)


def _verify(account: Obj, person: Obj) -> None:
    """What is due about one person, in the words of the person."""
    prefix = "individual" if account["business_type"] == "individual" else person["id"]
    marks = account["requirements"]
    due = [field.split(".", 1)[1] for field in marks["currently_due"] if field.startswith(f"{prefix}.")]
    errors = [
        {**error, "requirement": error["requirement"].split(".", 1)[1]}
        for error in marks["errors"]
        if error["requirement"].startswith(f"{prefix}.")
    ]
    lists: Obj = {"currently_due": due, "errors": errors, "eventually_due": list(due), "past_due": list(due)}
    person["requirements"].update(lists)
    person["verification"]["status"] = "unverified" if due else "verified"


def capability(account: Obj, name: str) -> Obj:
    """A capability as an object; it is kept with its account."""
    held = account["_capabilities"].get(name, {"requested": False, "requested_at": None})
    marks = account["requirements"]
    due = list(marks["currently_due"]) if held["requested"] else []
    return {
        "id": name,
        "object": "capability",
        "account": account["id"],
        "future_requirements": clone(REQUIREMENTS),
        "requested": held["requested"],
        "requested_at": held["requested_at"],
        "requirements": {
            **clone(marks),
            "currently_due": due,
            "disabled_reason": "requirements.fields_needed" if due else None,
            "eventually_due": due,
            "past_due": due,
        },
        "status": account["capabilities"].get(name, "unrequested"),
        "_account": account["id"],
        "_clock": None,
    }


@contextmanager
def changing(world: World, account: Obj, *, always: bool = False) -> Generator[None]:
    """Change an account inside the block; afterwards it is judged anew and its events are written."""
    before: Obj = clone(account)
    before_caps = {name: capability(account, name) for name in before["_capabilities"]}
    yield
    refresh(world, account)
    for name in account["_capabilities"]:
        now, then = capability(account, name), before_caps.get(name)
        if then is None or then["status"] != now["status"]:
            world.emit("capability.updated", now, before=then or {**now, "status": "unrequested"})
    if always or public(before) != public(account):
        tell(world, "account.updated", account, before)


def tell(world: World, type_: str, account: Obj, before: Obj | None = None) -> None:
    """Write an event about an account down: it happens in that account, not in the platform."""
    world.emit(type_, {**account, "_account": account["id"]}, before=before)
