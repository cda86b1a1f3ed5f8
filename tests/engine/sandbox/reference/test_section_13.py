"""Section 13: Checkout Sessions and the portal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, HOUR, JAN_1

from .shop import Shop

HOME = "https://shop.example/done"
SESSIONS = "checkout/sessions"


def asked(shop: Shop, **more: Any) -> dict[str, Any]:
    """The parameters of a session that sells one subscription."""
    lines = [{"price": shop.price(), "quantity": 1}]
    given = {"mode": "subscription", "line_items": lines, "success_url": HOME, **more}
    return {name: value for name, value in given.items() if value is not None}


def session(shop: Shop, **more: Any) -> Any:
    return shop.post(SESSIONS, **asked(shop, **more))


def lines(shop: Shop, recurring: int, once: int) -> list[dict[str, Any]]:
    prices = [shop.price() for _ in range(recurring)] + [shop.price(5, None) for _ in range(once)]
    return [{"price": price, "quantity": 1} for price in prices]


def test_a_new_session(shop: Shop) -> None:
    """It is open and unpaid on the hosted page for a day; subscription and invoice come with the payment."""
    made = session(shop)
    assert (made["status"], made["payment_status"], made["ui_mode"]) == ("open", "unpaid", "hosted_page")
    assert (made["subscription"], made["invoice"], made["payment_method_collection"]) == (
        None,
        None,
        "always",
    )
    assert made["expires_at"] - made["created"] == DAY
    assert "line_items" not in made
    path = f"{SESSIONS}/{made['id']}"
    assert len(shop.get(path, expand=["line_items"])["line_items"]["data"]) == 1


@pytest.mark.parametrize(
    ("mode", "success", "back", "status"),
    [
        ("hosted_page", HOME, None, 200),
        ("hosted_page", None, None, 400),
        ("hosted_page", None, HOME, 400),
        ("embedded_page", None, HOME, 200),
        ("embedded_page", HOME, None, 400),
        ("elements", None, HOME, 200),
        ("elements", HOME, None, 400),
    ],
)
def test_where_the_buyer_goes(shop: Shop, mode: str, success: Any, back: Any, status: int) -> None:
    """`success_url` for the hosted page, `return_url` for pages of one's own."""
    given = asked(shop, ui_mode=mode, success_url=success, return_url=back)
    assert shop.inside.call("POST", f"/v1/{SESSIONS}", given).status == status


@pytest.mark.parametrize(
    ("recurring", "once", "status"), [(20, 20, 200), (21, 0, 400), (1, 21, 400), (0, 1, 400)]
)
def test_how_many_lines(shop: Shop, recurring: int, once: int, status: int) -> None:
    """Twenty recurring and twenty one-time lines, at least one of them recurring."""
    given = asked(shop, line_items=lines(shop, recurring, once))
    assert shop.inside.call("POST", f"/v1/{SESSIONS}", given).status == status


@pytest.mark.parametrize(
    ("ahead", "status"), [(30 * 60 - 1, 400), (30 * 60, 200), (24 * HOUR, 200), (24 * HOUR + 1, 400)]
)
def test_how_long_a_session_lives(shop: Shop, ahead: int, status: int) -> None:
    """Thirty minutes to a day."""
    given = asked(shop, expires_at=JAN_1 + ahead)
    assert shop.inside.call("POST", f"/v1/{SESSIONS}", given).status == status


def test_an_open_session_is_expired_once(shop: Shop) -> None:
    """By hand while it is open, with its event; a second time is refused."""
    made = session(shop)
    shop.forget()
    expired = shop.post(f"{SESSIONS}/{made['id']}/expire")
    assert (expired["status"], expired["url"]) == ("expired", None)
    assert shop.told() == ["checkout.session.expired"]
    shop.refused(f"{SESSIONS}/{made['id']}/expire")


def test_an_expired_session_can_be_recovered(shop: Shop) -> None:
    """`after_expiration.recovery` makes a url when the session expires."""
    made = session(shop, after_expiration={"recovery": {"enabled": True}})
    assert made["after_expiration"]["recovery"]["url"] is None
    shop.until(JAN_1 + DAY)
    found = shop.get(f"{SESSIONS}/{made['id']}")
    assert found["status"] == "expired"
    assert found["after_expiration"]["recovery"]["url"].startswith("http")


@pytest.mark.parametrize(
    "more",
    [
        {"customer_creation": "always"},
        {"subscription_data": {"trial_end": JAN_1 + 47 * HOUR}},
        {"subscription_data": {"billing_cycle_anchor": JAN_1 + DAY, "proration_behavior": "always_invoice"}},
        {"mode": "payment"},
        {"line_items": None},
        {"mode": "rent"},
    ],
    ids=[
        "customer_creation with a subscription",
        "a trial that ends within 48 hours",
        "always_invoice",
        "a recurring price in payment mode",
        "no lines",
        "no such mode",
    ],
)
def test_what_a_session_does_not_take(shop: Shop, more: dict[str, Any]) -> None:
    """Refused with 400."""
    shop.refused(SESSIONS, **asked(shop, **more))


def test_what_excludes_each_other(shop: Shop) -> None:
    """Promotion codes and discounts, customer and email."""
    coupon = shop.post("coupons", percent_off=5, duration="once")["id"]
    for more in (
        {"allow_promotion_codes": True, "discounts": [{"coupon": coupon}]},
        {"customer": shop.customer(), "customer_email": "a@b.example"},
    ):
        error = shop.refused(SESSIONS, **asked(shop, **more))
        assert error["message"].startswith("You may only specify one of these parameters")


def test_payment_mode(shop: Shop) -> None:
    """One-time prices; `payment_method_collection` reads `if_required` and belongs to subscriptions."""
    once = [{"price": shop.price(500, None), "quantity": 1}]
    made = session(shop, mode="payment", line_items=once)
    assert (made["payment_method_collection"], made["amount_total"]) == ("if_required", 500)
    shop.refused(
        SESSIONS, mode="payment", line_items=once, success_url=HOME, subscription_data={"description": "x"}
    )


def test_setup_mode(shop: Shop) -> None:
    """A currency is needed unless the kinds of methods are named; it has a setup intent."""
    given: dict[str, Any] = {"mode": "setup", "success_url": HOME}
    assert shop.refused(SESSIONS, **given)["param"] == "currency"
    assert shop.post(SESSIONS, **given, allowed_payment_method_types=["card"])["status"] == "open"
    made = shop.post(SESSIONS, **given, currency="usd")
    assert made["setup_intent"].startswith("seti_")
    assert made["payment_status"] == "no_payment_required"


def test_what_comes_back(shop: Shop) -> None:
    """`client_reference_id` and `metadata` are kept on the session."""
    made = session(shop, client_reference_id="order 7", metadata={"a": "b"})
    assert (made["client_reference_id"], made["metadata"]) == ("order 7", {"a": "b"})


@pytest.mark.parametrize("flow", ["payment_method_update", "customer_update"])
def test_a_portal_session_may_lead_to_one_flow(shop: Shop, flow: str) -> None:
    """Flows need no more than their type where they are about the customer."""
    flow_data = {"type": flow}
    made = shop.post(
        "billing_portal/sessions", customer=shop.customer(), return_url=HOME, flow_data=flow_data
    )
    assert (made["flow"]["type"], made["return_url"]) == (flow, HOME)
    assert made["url"].startswith("http")


@pytest.mark.parametrize("flow", ["subscription_cancel", "subscription_update", "subscription_pause"])
def test_flows_of_a_subscription(shop: Shop, flow: str) -> None:
    """Each names its subscription, and its feature must be switched on."""
    buyer = shop.customer()
    subscription = shop.subscribe(buyer, shop.price())["id"]
    flow_data = {"type": flow, flow: {"subscription": subscription}}
    made = shop.inside.call(
        "POST", "/v1/billing_portal/sessions", {"customer": buyer, "flow_data": flow_data}
    )
    assert made.status == (200 if flow == "subscription_cancel" else 400)
    shop.refused("billing_portal/sessions", customer=buyer, flow_data={"type": flow})
