"""Does every page answer, and does it show what is there? Without a browser."""

from __future__ import annotations

import pytest

from tests.engine.sandbox.twin_client import DAY, FEB_1, JAN_1, Clock, Twin

from .looking import links, look, seen, words

_LISTS = (
    "/",
    "/inside/customers",
    "/inside/subscriptions",
    "/inside/invoices",
    "/inside/events",
    "/inside/requests",
    "/inside/clocks",
    "/inside/clocks/live",
    "/inside/faults",
    "/inside/uncovered",
    "/inside/ledger",
    "/inside/accounts",
)
_HOSTILE = '"><script>alert(1)</script><b>'


@pytest.mark.parametrize("path", _LISTS)
def test_each_list_answers_and_loads_nothing_from_elsewhere(twin: Twin, path: str) -> None:
    text = seen(twin, path)
    assert '<link rel="stylesheet" href="/inside/style.css">' in text
    assert '<link rel="icon" href="data:,">' in text  # so that no browser asks the API for one
    assert not [found for found in links(text) if not found.startswith("/")]
    assert "<script" not in text


@pytest.mark.parametrize(
    "kind",
    [
        "customers",
        "subscriptions",
        "invoices",
        "events",
        "requests",
        "clocks",
        "accounts",
        "objects",
        "nothing",
    ],
)
def test_an_unknown_id_is_a_page_that_says_so(twin: Twin, kind: str) -> None:
    status, text = look(twin, f"/inside/{kind}/none_such")
    assert status == 404
    assert "Not found" in text


def test_an_id_of_another_kind_is_not_found_there(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    assert look(twin, f"/inside/invoices/{customer}")[0] == 404
    assert look(twin, f"/inside/customers/{customer}")[0] == 200


def test_every_link_from_a_customer_leads_somewhere(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    given = {"customer": customer, "items": [{"price": twin.price(2000)}], "trial_period_days": 3}
    twin.v1.subscriptions.create(given)
    clock.advance(FEB_1)
    twin.v1.customers.balance_transactions.create(customer, {"amount": -500, "currency": "usd"})
    to_see, known = [f"/inside/customers/{customer}"], set[str]()
    for _ in range(2):
        to_see = [found for path in to_see for found in links(seen(twin, path)) if found not in known]
        known.update(to_see)
    assert any(path.startswith("/inside/objects/pm_") for path in known)


def test_hostile_names_are_escaped(twin: Twin) -> None:
    customer = twin.v1.customers.create({"name": _HOSTILE, "metadata": {_HOSTILE: _HOSTILE}})
    account = twin.v1.accounts.create(
        {"type": "express", "country": "US", "business_profile": {"name": _HOSTILE}}
    )
    product = twin.v1.products.create({"name": _HOSTILE})
    with_it = [
        "/inside/customers",
        f"/inside/customers/{customer.id}",
        f"/inside/objects/{product.id}",
        f"/inside/accounts/{account.id}",
        "/inside/search?id=%22%3E%3Cscript%3E",
        "/inside/customers?q=%22%3E%3Cscript%3E",
        "/inside/requests?path=%22%3E%3Cscript%3E&page=%22%3E%3Cscript%3E",
        "/inside/%22%3E%3Cscript%3E",
    ]
    for path in with_it:
        text = look(twin, path)[1]
        assert "<script" not in text, path
        assert "<b>" not in text.replace("<b>GET", "").replace("<b>POST", ""), path


def test_an_id_with_a_slash_has_a_page(twin: Twin) -> None:
    coupon = twin.v1.coupons.create({"id": "half/off #1", "percent_off": 50, "duration": "once"})
    status, text = look(twin, "/inside/search?id=half%2Foff%20%231")
    assert status == 200
    assert coupon.id in words(text)


def test_a_long_list_is_shown_in_pages_of_fifty(twin: Twin) -> None:
    for number in range(51):
        twin.v1.customers.create({"name": f"Paged {number:02}"})
    first, second = (words(seen(twin, f"/inside/customers?q=paged&page={page}")) for page in (1, 2))
    assert "Paged 50" in first
    assert "Paged 00" not in first
    assert "51 in all, page 2 of 2" in second
    assert "Paged 00" in second
    for strange in ("0", "-1", "99999999999999999999", "x", "%C2%B2"):
        assert "in all" in words(seen(twin, f"/inside/customers?q=paged&page={strange}"))


def test_search_leads_to_what_has_the_id(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    assert f"<h1>{'buyer@example.com'}" in seen(twin, f"/inside/search?id={customer}")
    assert "Nothing is called" in words(seen(twin, "/inside/search?id=zzz_none"))
    assert "Test clock" in words(seen(twin, f"/inside/search?id={clock.id}"))


def test_a_zero_decimal_amount_has_no_cents(twin: Twin) -> None:
    price = twin.v1.prices.create({"currency": "jpy", "unit_amount": 1500, "product_data": {"name": "Yen"}})
    customer = twin.v1.customers.create({"email": "yen@example.com"})
    twin.v1.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}})
    invoice = twin.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert "1,500 JPY" in words(seen(twin, f"/inside/invoices/{invoice.id}"))


def test_what_comes_next_ends_with_the_end(twin: Twin, clock: Clock) -> None:
    given = {"customer": clock.customer(), "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(given)
    assert "renews" in words(seen(twin, f"/inside/subscriptions/{subscription.id}"))
    twin.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    text = words(seen(twin, f"/inside/subscriptions/{subscription.id}"))
    assert "ends as told" in text
    assert "renews" not in text
    clock.advance(JAN_1 + 40 * DAY)
    assert "Nothing." in words(seen(twin, f"/inside/subscriptions/{subscription.id}"))
