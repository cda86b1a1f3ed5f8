"""Which accounts are there, what do they have to tell, and what may they do?"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.connect.selling import BANK, CAPABILITIES, PERSON, acting, events, seller, told
from tests.engine.sandbox.twin_client import Twin, error_of, untyped


def test_a_custom_account_that_told_everything_may_charge(twin: Twin) -> None:
    account = twin.v1.accounts.create(told())
    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (True, True, True)
    assert account.requirements.currently_due == []
    assert account.requirements.disabled_reason is None
    assert account.capabilities.to_dict() == {"card_payments": "active", "transfers": "active"}
    assert account.controller.requirement_collection == "application"
    assert account.individual.verification.status == "verified"
    assert account.individual.ssn_last_4_provided is True
    assert account.external_accounts.data[0].last4 == "6789"
    assert twin.v1.accounts.retrieve(account.id) == account
    assert twin.v1.accounts.list({"limit": 1}).data == [account]
    assert events(twin, account.id) == [
        "account.external_account.created",
        "capability.updated",
        "capability.updated",
        "account.updated",
    ]


def test_requirements_go_as_they_are_told(twin: Twin) -> None:
    account = twin.v1.accounts.create({"type": "custom", "capabilities": CAPABILITIES})
    due = account.requirements.currently_due
    assert due == sorted(due)
    assert {"business_type", "external_account", "tos_acceptance.ip", "representative.first_name"} <= set(due)
    assert account.requirements.past_due == due
    assert account.requirements.disabled_reason == "requirements.past_due"
    assert (account.charges_enabled, account.details_submitted) == (False, False)
    everything = told()
    for name in ("business_type", "individual", "business_profile", "tos_acceptance", "external_account"):
        assert not account.charges_enabled
        account = twin.v1.accounts.update(account.id, {name: everything[name]})
        fewer = account.requirements.currently_due
        assert len(fewer) < len(due)
        due = fewer
    assert account.charges_enabled
    changed = twin.v1.events.list({"type": "account.updated", "limit": 1}, acting(account.id)).data[0]
    assert changed.account == account.id
    assert changed.data.previous_attributes["charges_enabled"] is False


def test_an_account_without_capabilities_may_nothing(twin: Twin) -> None:
    account = twin.v1.accounts.create({"type": "custom"})
    assert account.requirements.disabled_reason == "action_required.requested_capabilities"
    assert not account.charges_enabled
    assert not account.payouts_enabled


def test_a_company_has_a_representative(twin: Twin) -> None:
    account = twin.v1.accounts.create(
        told(
            business_type="company",
            individual={},
            company={
                "name": "Analytical Engines",
                "phone": "0000000000",
                "tax_id": "000000000",
                "owners_provided": True,
                "address": PERSON["address"],
            },
        )
        | {"individual": None}
    )
    assert "representative.first_name" in account.requirements.currently_due
    assert account.company.tax_id_provided is True
    person = twin.v1.accounts.persons.create(
        account.id, {"first_name": "Ada", "relationship": {"representative": True}}
    )
    due = twin.v1.accounts.retrieve(account.id).requirements.currently_due
    assert f"{person.id}.last_name" in due
    assert person.requirements.currently_due == [field.split(".", 1)[1] for field in due]
    twin.v1.accounts.persons.update(account.id, person.id, PERSON)
    assert twin.v1.accounts.retrieve(account.id).charges_enabled
    assert twin.v1.accounts.persons.retrieve(account.id, person.id).verification.status == "verified"
    owner = twin.v1.accounts.persons.create(
        account.id, {"relationship": {"owner": True, "percent_ownership": 40}}
    )
    found = twin.v1.accounts.persons.list(account.id, {"relationship": {"owner": True}}).data
    assert [held.id for held in found] == [owner.id]
    assert twin.v1.accounts.persons.delete(account.id, owner.id).deleted
    assert [held.id for held in twin.v1.accounts.persons.list(account.id).data] == [person.id]
    assert {"person.created", "person.updated", "person.deleted"} <= set(events(twin, account.id))


@pytest.mark.parametrize(
    ("change", "due", "code"),
    [
        (
            {"id_number": "111111111"},
            "individual.verification.document",
            "verification_failed_keyed_identity",
        ),
        (
            {"address": {"line1": "address_no_match"}},
            "individual.verification.additional_document",
            "verification_failed_residential_address",
        ),
    ],
)
def test_what_cannot_be_verified_needs_a_document(twin: Twin, change: Any, due: str, code: str) -> None:
    account = twin.v1.accounts.update(seller(twin), {"individual": change})
    assert account.requirements.currently_due == [due]
    assert account.requirements.errors[0].code == code
    assert not account.charges_enabled
    kind = due.rpartition(".")[2]
    shown = {"verification": {kind: {"front": "file_identity_document_success"}}}
    assert twin.v1.accounts.update(account.id, {"individual": shown}).charges_enabled


def test_capabilities_are_asked_for_and_given_back(twin: Twin) -> None:
    account = seller(twin)
    capabilities = twin.v1.accounts.capabilities
    assert [held.id for held in capabilities.list(account).data] == ["card_payments", "transfers"]
    assert capabilities.retrieve(account, "klarna_payments").status == "unrequested"
    asked = capabilities.update(account, "klarna_payments", {"requested": True})
    assert (asked.status, asked.requested) == ("active", True)
    assert twin.v1.accounts.retrieve(account).capabilities["klarna_payments"] == "active"
    back = capabilities.update(account, "klarna_payments", {"requested": False})
    assert (back.status, back.requested_at) == ("unrequested", None)
    with pytest.raises(stripe.InvalidRequestError, match="No such capability: 'flying'"):
        capabilities.retrieve(account, "flying")


def test_types_and_controllers(twin: Twin) -> None:
    express = twin.v1.accounts.create({"type": "express"})
    assert express.controller.fees.payer == "application_express"
    assert express.controller.stripe_dashboard.type == "express"
    assert twin.v1.accounts.create({}).type == "standard"
    held = {"losses": {"payments": "application"}, "fees": {"payer": "application"}}
    account = twin.v1.accounts.create({"controller": {**held, "stripe_dashboard": {"type": "express"}}})
    assert (account.type, account.controller.requirement_collection) == ("none", "stripe")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"type": "custom", "controller": {"fees": {"payer": "application"}}}, "type"),
        ({"controller": {"losses": {"payments": "application"}}}, "controller[fees][payer]"),
        ({"controller": {"requirement_collection": "application"}}, "controller[stripe_dashboard][type]"),
        ({"type": "custom", "country": "XX"}, "country"),
        ({"type": "express", "tos_acceptance": {"date": 1}}, "tos_acceptance[date]"),
        ({"type": "custom", "business_type": "company", "individual": {"first_name": "A"}}, "individual"),
        (
            {"type": "custom", "settings": {"payouts": {"schedule": {"interval": "weekly"}}}},
            "settings[payouts][schedule][weekly_anchor]",
        ),
        (
            {"type": "custom", "settings": {"payouts": {"schedule": {"monthly_anchor": 1}}}},
            "settings[payouts][schedule][monthly_anchor]",
        ),
        (
            {"type": "custom", "settings": {"payouts": {"schedule": {"delay_days": 1}}}},
            "settings[payouts][schedule][delay_days]",
        ),
        ({"type": "custom", "external_account": "btok_us_verified_nothing"}, "external_account"),
        (
            {
                "type": "custom",
                "external_account": {
                    "object": "card",
                    "number": "4242424242424242",
                    "exp_month": 1,
                    "exp_year": 2034,
                },
            },
            "external_account",
        ),
        ({"type": "custom", "external_account": {**BANK, "account_number": "12345"}}, "external_account"),
        ({"type": "custom", "external_account": {**BANK, "routing_number": "12"}}, "external_account"),
    ],
)
def test_what_cannot_be_told(twin: Twin, given: Any, param: str) -> None:
    before = len(twin.v1.accounts.list({"limit": 100}).data)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.accounts.create(given)
    assert untyped(refused.value).param == param
    assert len(twin.v1.accounts.list({"limit": 100}).data) == before


def test_the_settings_of_payouts(twin: Twin) -> None:
    schedule = {"interval": "weekly", "weekly_anchor": "friday", "delay_days": "minimum"}
    account = twin.v1.accounts.create(told(settings={"payouts": {"schedule": schedule}}))
    assert account.settings.payouts.schedule.to_dict() == {
        "delay_days": 2,
        "interval": "weekly",
        "weekly_anchor": "friday",
    }
    changed = twin.v1.accounts.update(
        account.id, {"settings": {"payouts": {"schedule": {"interval": "manual"}}}}
    )
    assert changed.settings.payouts.schedule.to_dict() == {"delay_days": 2, "interval": "manual"}


def test_rejecting_and_taking_it_back(twin: Twin) -> None:
    account = seller(twin)
    rejected = twin.v1.accounts.reject(account, {"reason": "fraud_other"})
    assert (rejected.charges_enabled, rejected.payouts_enabled) == (False, False)
    assert rejected.requirements.disabled_reason == "rejected.platform_fraud"
    client = untyped(twin.stripe)
    again = client.raw_request("post", f"/v1/accounts/{account}/unreject")
    assert client.deserialize(again, api_mode="V1").charges_enabled
    paid = client.raw_request("post", f"/v1/accounts/{account}/reject", reason="other", payouts_action="none")
    assert client.deserialize(paid, api_mode="V1").payouts_enabled
    standard = twin.v1.accounts.create({"type": "standard"}).id
    with pytest.raises(stripe.InvalidRequestError, match="liable"):
        twin.v1.accounts.reject(standard, {"reason": "other"})


def test_a_deleted_account_cannot_be_reached(twin: Twin) -> None:
    account = seller(twin)
    assert twin.v1.accounts.delete(account).deleted
    with pytest.raises(stripe.PermissionError) as refused:
        twin.v1.accounts.retrieve(account)
    assert (refused.value.http_status, error_of(refused.value)["code"]) == (403, "account_invalid")
    assert account not in [held.id for held in twin.v1.accounts.list({"limit": 100}).data]


def test_the_account_in_whose_name_we_act(twin: Twin) -> None:
    account = seller(twin)
    assert twin.v1.accounts.retrieve_current({}, acting(account)).id == account
    own = twin.v1.accounts.retrieve_current()
    assert own.charges_enabled
    assert twin.v1.accounts.retrieve(own.id) == own
    assert own.id not in [held.id for held in twin.v1.accounts.list({"limit": 100}).data]


def test_what_was_told_can_be_unset(twin: Twin) -> None:
    account = twin.v1.accounts.create(told(metadata={"a": "1"}))
    company = {
        "structure": "llc",
        "ownership_exemption_reason": "qualified_entity_exceeds_ownership_threshold",
    }
    assert twin.v1.accounts.update(account.id, {"company": company}).company.structure == "llc"
    emptied = twin.v1.accounts.update(
        account.id,
        {
            "company": dict.fromkeys(company, ""),
            "individual": {"dob": "", "full_name_aliases": ""},
            "metadata": "",
        },
    )
    assert "structure" not in emptied.company
    assert emptied.individual.dob.day is None
    assert emptied.metadata.to_dict() == {}
    assert "individual.dob.day" in emptied.requirements.currently_due
    details = {"us_cfpb_data": {"race_details": {"race": ["white"]}, "self_identified_gender": "x"}}
    person = twin.v1.accounts.persons.update(account.id, emptied.individual.id, details)
    assert person.us_cfpb_data.race_details.race_other is None
