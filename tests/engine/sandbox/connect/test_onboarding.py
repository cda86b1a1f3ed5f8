"""How does an account come to be onboarded? Links that are good for one visit, and the page behind them."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.connect.selling import CAPABILITIES, events, seller
from tests.engine.sandbox.twin_client import Twin, untyped


def _express(twin: Twin) -> str:
    return str(twin.v1.accounts.create({"type": "express", "capabilities": CAPABILITIES}).id)


def _link(twin: Twin, account: str, **more: Any) -> str:
    given = {
        "account": account,
        "type": "account_onboarding",
        "refresh_url": f"{twin.base}/_twin/health?refresh",
        "return_url": f"{twin.base}/_twin/health?return",
        **more,
    }
    return str(twin.v1.account_links.create(given).url)


def _where(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own twin
        return str(answer.url)


def test_a_person_completes_the_onboarding(twin: Twin, browser: Browser) -> None:
    account = _express(twin)
    url = _link(twin, account)
    with browser.page() as page:
        page.goto(url)
        assert "individual.first_name" in page.content() or "representative.first_name" in page.content()
        page.get_by_label("First name").fill("Grace")
        page.get_by_role("button", name="Agree and submit").click()
        page.wait_for_url("**/health?return")
    held = twin.v1.accounts.retrieve(account)
    assert (held.charges_enabled, held.payouts_enabled, held.details_submitted) == (True, True, True)
    assert held.requirements.currently_due == []
    assert held.individual.first_name == "Grace"
    assert {"account.updated", "capability.updated"} <= set(events(twin, account))


def test_a_person_leaves_it_incomplete_and_the_link_is_used_up(twin: Twin, browser: Browser) -> None:
    account = _express(twin)
    url = _link(twin, account)
    with browser.page() as page:
        page.goto(url)
        page.get_by_role("button", name="Leave incomplete").click()
        page.wait_for_url("**/health?return")
        page.goto(url)
        assert page.url.endswith("/_twin/health?refresh")
    assert twin.v1.accounts.retrieve(account).details_submitted is False


def test_a_wrong_number_is_told_on_the_page(twin: Twin, browser: Browser) -> None:
    account = _express(twin)
    with browser.page() as page:
        page.goto(_link(twin, account))
        page.get_by_label("Bank account number").fill("12")
        page.get_by_role("button", name="Agree and submit").click()
        assert "test bank account number" in page.get_by_role("alert").inner_text()
        page.get_by_role("button", name="Agree and submit").click()
        page.wait_for_url("**/health?return")
    assert twin.v1.accounts.retrieve(account).charges_enabled


def test_a_form_without_its_visit_changes_nothing(twin: Twin) -> None:
    account = _express(twin)
    path = _link(twin, account).removeprefix(twin.base)
    twin.post_form(path, {"session": "", "do": "submit"})
    twin.post_form(path, {"session": "left", "do": "submit"})
    assert not twin.v1.accounts.retrieve(account).details_submitted
    assert _where(twin.base + path).endswith(path)
    twin.post_form(path, {"session": "guessed", "do": "submit"})
    assert not twin.v1.accounts.retrieve(account).details_submitted


def test_what_the_owner_told_stays_with_stripe(twin: Twin) -> None:
    account = _express(twin)
    twin.v1.accounts.update(account, {"individual": {"first_name": "Ada"}, "business_type": "individual"})
    _link(twin, account)
    with pytest.raises(stripe.PermissionError, match="required permissions for the parameter 'individual'"):
        twin.v1.accounts.update(account, {"individual": {"first_name": "Eve"}})
    assert twin.v1.accounts.update(account, {"metadata": {"seen": "yes"}}).metadata["seen"] == "yes"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"type": "account_update"}, "type"),
        ({"return_url": ""}, "return_url"),
        ({"refresh_url": "nowhere"}, "refresh_url"),
        ({"type": "something"}, "type"),
    ],
)
def test_links_that_are_refused(twin: Twin, more: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _link(twin, _express(twin), **more)
    assert untyped(refused.value).param == param


def test_accounts_whose_platform_collects_can_be_updated_by_link(twin: Twin) -> None:
    assert _where(_link(twin, seller(twin), type="account_update"))


def test_the_express_dashboard_is_open_after_the_onboarding(twin: Twin) -> None:
    account = _express(twin)
    with pytest.raises(stripe.InvalidRequestError, match="has not completed onboarding"):
        twin.v1.accounts.login_links.create(account)
    url = _link(twin, account)
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own twin
        session = answer.read().decode().partition('name="session" value="')[2].partition('"')[0]
    twin.post_form(
        url.removeprefix(twin.base), {"session": session, "do": "submit", "business_type": "company"}
    )
    assert twin.v1.accounts.retrieve(account).charges_enabled
    assert _where(twin.v1.accounts.login_links.create(account).url)
    with pytest.raises(stripe.InvalidRequestError, match="not an Express account"):
        twin.v1.accounts.login_links.create(seller(twin))


def test_a_link_of_nobody(twin: Twin) -> None:
    assert twin.post_form("/connect/setup/acct_1/none", {}, accept="text/html")[0] == 404


def test_a_link_is_good_for_minutes(still: Twin) -> None:
    url = _link(still, _express(still))
    now = still.get("/_twin/clock")["now"]
    still.post_json("/_twin/clock", {"now": now + 299})
    other = _link(still, _express(still))
    still.post_json("/_twin/clock", {"now": now + 300})
    assert _where(url).endswith("?refresh")
    assert _where(other) == other
