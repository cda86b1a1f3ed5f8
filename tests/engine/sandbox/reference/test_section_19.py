"""Section 19: idempotency, errors, limits and paging."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, unix

from .shop import DECLINING, Shop


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({f"k{n}": "v" for n in range(51)}, "up to 50 keys"),
        ({"k" * 41: "v"}, "keys can have up to 40 characters"),
        ({"k": "v" * 501}, "values can have up to 500 characters"),
    ],
    ids=["51 keys", "a key of 41 characters", "a value of 501 characters"],
)
def test_metadata_has_limits(shop: Shop, given: dict[str, str], about: str) -> None:
    """Metadata: 50 keys of 40 characters with values of 500; more is refused and changes nothing."""
    error = shop.refused("customers", metadata=given)
    assert error["param"] == "metadata"
    assert about in error["message"]
    assert shop.get("customers")["data"] == []


def test_metadata_up_to_the_limits_is_kept_and_cannot_grow(shop: Shop) -> None:
    """Fifty keys fit; one more by an update does not, unless another goes."""
    full = {"k" * 40: "v" * 500, **{str(n): "v" for n in range(49)}}
    made = shop.post("customers", metadata=full)
    assert made["metadata"] == full
    assert shop.refused(f"customers/{made['id']}", metadata={"more": "v"})["param"] == "metadata"
    changed = shop.post(f"customers/{made['id']}", metadata={"more": "v", "0": ""})
    assert changed["metadata"] == {name: value for name, value in full.items() if name != "0"} | {"more": "v"}


def test_metadata_names_may_be_numbers(shop: Shop) -> None:
    """A hash whose names are the client's own is never a list."""
    assert shop.post("customers", metadata={"7": "a", "0": "b"})["metadata"] == {"7": "a", "0": "b"}


def test_an_empty_value_unsets(shop: Shop) -> None:
    """In forms an empty value unsets a field, a key of metadata, or all of them."""
    made = shop.post("customers", name="A", metadata={"a": "1", "b": "2"})["id"]
    changed = shop.post(f"customers/{made}", name="", metadata={"a": ""})
    assert (changed["name"], changed["metadata"]) == (None, {"b": "2"})
    assert shop.post(f"customers/{made}", metadata="")["metadata"] == {}


@pytest.mark.parametrize(
    "spelling", ["items[0][price]={0}&items[1][price]={1}", "items[][price]={0}&items[][price]={1}"]
)
def test_both_spellings_of_a_list(shop: Shop, spelling: str) -> None:
    """Lists are sent with and without index."""
    prices = shop.price(1000), shop.price(500)
    form = f"customer={shop.customer()}&{spelling.format(*prices)}"
    said = shop.inside.send("POST", "/v1/subscriptions", form)
    assert [item["price"]["id"] for item in said.body["items"]["data"]] == list(prices)


@pytest.mark.parametrize(
    "path", ["nope", "status", "created", "livemode", "latest_invoice.status", "items.data.quantity"]
)
def test_what_is_no_object_cannot_be_expanded(shop: Shop, path: str) -> None:
    """An unknown path, or one that names no object, answers 400."""
    subscription = shop.subscribe(shop.customer(), shop.price())
    error = shop.refused(f"subscriptions/{subscription['id']}", method="GET", expand=[path])
    assert error["message"] == f"This property cannot be expanded ({path})."


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("latest_invoice.payments.data.payment.payment_intent", 200),
        ("latest_invoice.payments.data.payment.payment_intent.latest_charge", 400),
        ("customer.invoice_settings.default_payment_method", 200),
    ],
)
def test_four_levels_are_expanded(shop: Shop, path: str, status: int) -> None:
    """Up to four levels; `data` of a list is none."""
    subscription = shop.subscribe(shop.customer(), shop.price())
    said = shop.inside.call("GET", f"/v1/subscriptions/{subscription['id']}", {"expand": [path]})
    assert said.status == status


def test_paths_in_lists_start_with_data(shop: Shop) -> None:
    """In a list what is expanded is below `data`."""
    shop.subscribe(shop.customer(), shop.price())
    assert shop.get("subscriptions", expand=["data.customer"])["data"][0]["customer"]["object"] == "customer"
    assert shop.refused("subscriptions", method="GET", expand=["customer"])["param"] == "expand[]"


def test_pages(shop: Shop) -> None:
    """Newest first, ten unless told, with `has_more`, the url and both cursors."""
    made = [shop.post("customers", name=str(n))["id"] for n in range(12)][::-1]
    page = shop.get("customers")
    assert [one["id"] for one in page["data"]] == made[:10]
    assert (page["has_more"], page["url"], page["object"]) == (True, "/v1/customers", "list")
    after = shop.get("customers", limit=3, starting_after=made[8])
    assert ([one["id"] for one in after["data"]], after["has_more"]) == (made[9:], False)
    before = shop.get("customers", limit=2, ending_before=made[5])
    assert ([one["id"] for one in before["data"]], before["has_more"]) == (made[3:5], True)


@pytest.mark.parametrize(("limit", "status"), [(0, 400), (1, 200), (100, 200), (101, 400)])
def test_a_page_has_1_to_100(shop: Shop, limit: int, status: int) -> None:
    """Limits outside 1 to 100 are refused with `parameter_invalid_integer`."""
    said = shop.inside.call("GET", "/v1/customers", {"limit": limit})
    assert said.status == status
    assert status == 200 or said.body["error"]["code"] == "parameter_invalid_integer"


def test_what_was_deleted(shop: Shop) -> None:
    """GET of a deleted customer shows a stub; to change it, or to get another deleted thing, is 404."""
    gone = shop.customer()
    shop.delete(f"customers/{gone}")
    assert shop.get(f"customers/{gone}") == {"id": gone, "object": "customer", "deleted": True}
    for method in ("POST", "DELETE"):
        error = shop.refused(f"customers/{gone}", method=method, status=404)
        assert (error["code"], error["param"]) == ("resource_missing", "id")
    product = shop.post("products", name="P")["id"]
    shop.delete(f"products/{product}")
    assert shop.refused(f"products/{product}", method="GET", status=404)["code"] == "resource_missing"


def test_ids_that_name_nothing(shop: Shop) -> None:
    """404 for the object that is addressed, 400 for one in the body, with the path of the parameter."""
    error = shop.refused("customers/cus_x", method="GET", status=404)
    assert (error["code"], error["param"], error["message"]) == (
        "resource_missing",
        "id",
        "No such customer: 'cus_x'",
    )
    error = shop.refused("subscriptions", customer=shop.customer(), items=[{"price": "invalid"}])
    assert (error["code"], error["param"]) == ("resource_missing", "items[0][price]")
    assert error["message"] == "No such price: 'invalid'"


def test_codes_of_refused_parameters(shop: Shop) -> None:
    """Unknown, missing, excluding and too small parameters have codes of their own."""
    unknown = shop.refused("customers", x="1")
    assert (unknown["code"], unknown["message"]) == ("parameter_unknown", "Received unknown parameter: x")
    missing = shop.refused("subscriptions", items=[])
    assert (missing["code"], missing["message"]) == (
        "parameter_missing",
        "Missing required param: customer.",
    )
    both = shop.refused("prices", currency="usd", unit_amount=1, product="x", product_data={"name": "y"})
    assert both["code"] == "parameters_exclusive"
    assert shop.refused("payment_intents", amount=-1, currency="usd")["code"] == "parameter_invalid_integer"


def test_codes_of_things_that_are_there_or_over(shop: Shop) -> None:
    """An id that is taken, an expired coupon, an archived price and a product that is not sold any more."""
    shop.post("coupons", id="C", percent_off=5, duration="once", redeem_by=unix("2026-01-01") + 60)
    assert (
        shop.refused("coupons", id="C", percent_off=5, duration="once")["code"] == "resource_already_exists"
    )
    shop.until("2026-01-02")
    buyer, price = shop.customer(), shop.price()

    def refused(**more: Any) -> Any:
        return shop.refused("subscriptions", customer=buyer, items=[{"price": price}], **more)

    assert refused(discounts=[{"coupon": "C"}])["code"] == "coupon_expired"
    product = shop.get(f"prices/{price}")["product"]
    running = shop.subscribe(buyer, price)
    shop.post(f"products/{product}", active=False)
    assert (refused()["code"], refused()["param"]) == ("product_inactive", "items[0][price]")
    shop.until("2026-02-02T02:00")
    assert shop.read(running)["latest_invoice"]["billing_reason"] == "subscription_cycle"


def test_an_invoice_is_edited_paid_and_voided_in_its_time(shop: Shop) -> None:
    """A finalized invoice is not editable, a paid one neither paid again nor voided."""
    invoice = shop.subscribe(shop.customer(), shop.price())["latest_invoice"]["id"]
    assert shop.refused(f"invoices/{invoice}", description="x")["code"] == "invoice_not_editable"
    assert shop.refused(f"invoices/{invoice}/void")["code"] == "status_transition_invalid"
    assert shop.refused(f"invoices/{invoice}/pay")["code"] == "invoice_already_paid"


def test_nothing_comes_next(shop: Shop) -> None:
    """What ends has no next invoice: `invoice_upcoming_none`. A customer alone is not enough (section 1)."""
    buyer = shop.customer()
    ending = shop.subscribe(buyer, shop.price(700))["id"]
    assert shop.post("invoices/create_preview", subscription=ending)["total"] == 700
    shop.post(f"subscriptions/{ending}", cancel_at_period_end=True)
    error = shop.refused("invoices/create_preview", subscription=ending, status=404)
    assert error["code"] == "invoice_upcoming_none"
    assert shop.refused("invoices/create_preview", customer=buyer)["code"] == "parameter_missing"


def test_a_trial_does_not_end_after_the_anchor(shop: Shop) -> None:
    """Neither on create nor, with a code of its own, on update."""
    buyer, price = shop.customer(), shop.price()
    start = unix("2026-01-01")
    error = shop.refused(
        "subscriptions",
        customer=buyer,
        items=[{"price": price}],
        trial_end=start + 9 * DAY,
        billing_cycle_anchor=start + 5 * DAY,
    )
    assert "`trial_end` cannot be after" in error["message"]
    running = shop.subscribe(buyer, price)
    error = shop.refused(
        f"subscriptions/{running['id']}",
        trial_end=start + 9 * DAY,
        billing_cycle_anchor={"type": "now"},
    )
    assert error["code"] == "subscription_update_trial_after_billing_cycle_anchor"


def test_too_little_money(shop: Shop) -> None:
    """A payout of more than there is answers `balance_insufficient`."""
    assert shop.refused("payouts", amount=100, currency="usd")["code"] == "balance_insufficient"


def test_a_declined_card(shop: Shop) -> None:
    """402 `card_error` with the codes of the decline, the charge and the intent."""
    buyer = shop.customer(DECLINING)
    method = shop.get(f"customers/{buyer}")["invoice_settings"]["default_payment_method"]
    error = shop.refused(
        "payment_intents",
        status=402,
        amount=500,
        currency="usd",
        customer=buyer,
        payment_method=method,
        confirm=True,
        return_url="https://shop.example",
    )
    assert (error["type"], error["code"]) == ("card_error", "card_declined")
    assert (error["decline_code"], error["advice_code"]) == ("generic_decline", "try_again_later")
    assert error["payment_intent"]["last_payment_error"]["charge"] == error["charge"]
    assert error["request_log_url"].startswith("https://dashboard.stripe.com/")
