"""What does an account look like once its owner filled the form in? Test data answer what was left empty."""

from __future__ import annotations

from engine.sandbox.twin.connect import banks, blanks, external_accounts, persons, standing
from engine.sandbox.twin.connect.accounts import request
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, inside

_ADDRESS = {
    "city": "San Francisco",
    "line1": "address_full_match",
    "postal_code": "94103",
    "state": "CA",
}
_PERSON: Obj = {
    "dob": {"day": 1, "month": 1, "year": 1901},
    "first_name": "Jenny",
    "last_name": "Rosen",
    "phone": "+10000000000",
    "ssn_last_4": "0000",
}
_DOCUMENT: Obj = {"front": "file_identity_document_success"}
_USUAL = ("card_payments", "transfers")
_TOS_ADDRESS = "192.0.2.1"


def submit(world: World, account: Obj, sent: dict[str, str]) -> None:
    """Answer what is still asked for with what the person sent, and with test data where it sent nothing."""
    with standing.changing(world, account):
        account["business_type"] = account["business_type"] or sent.get("business_type") or "individual"
        if not account["_capabilities"]:
            for name in _USUAL:
                request(world, account, name, requested=True)
        profile = account["business_profile"]
        profile["mcc"] = profile["mcc"] or "5734"
        profile["url"] = profile["url"] or sent.get("url") or "https://accessible.stripe.com"
        _answer_for_person(world, account, sent)
        if account["business_type"] != "individual":
            _answer_for_company(account, sent)
        account["tos_acceptance"].update({"date": world.now(), "ip": _TOS_ADDRESS})
        if not standing.externals_of(world, account):
            _answer_for_bank(world, account, sent)
        account["email"] = account["email"] or sent.get("email") or "jenny@example.com"
        account["details_submitted"] = True


def _address(country: str) -> Obj:
    return {**_ADDRESS, "country": country}


def _answer_for_person(world: World, account: Obj, sent: dict[str, str]) -> None:
    """The individual, or the representative of a company; what was told before stays."""
    found = [held for held in standing.persons_of(world, account) if held["relationship"]["representative"]]
    told: Obj = found[0] if found else {}
    answers: Obj = {**_PERSON, "email": sent.get("email") or account["email"] or "jenny@example.com"}
    answers |= {name: sent[name] for name in ("first_name", "last_name") if sent.get(name)}
    missing = {name: value for name, value in answers.items() if not told.get(name) or name == "dob"}
    if not inside(told, "address").get("line1"):
        missing["address"] = _address(account["country"])
    missing["verification"] = {"document": _DOCUMENT, "additional_document": _DOCUMENT}
    persons.write_individual(world, account, Params(missing))


def _answer_for_company(account: Obj, sent: dict[str, str]) -> None:
    company: Obj = account["company"]
    company["name"] = company["name"] or sent.get("company") or "Rosen & Company"
    company["phone"] = company["phone"] or _PERSON["phone"]
    company["address"] = {**blanks.ADDRESS, **_address(account["country"])}
    company["verification"]["document"]["front"] = _DOCUMENT["front"]
    company.update({"owners_provided": True, "tax_id_provided": True})


def _answer_for_bank(world: World, account: Obj, sent: dict[str, str]) -> None:
    code = account["country"]
    number = sent.get("account_number") or banks.working_number(code)
    given: Obj = {"object": "bank_account", "country": code, "account_number": number}
    if code == "US":
        given["routing_number"] = sent.get("routing_number") or "110000000"
    external_accounts.replace(world, account, Params(given))
