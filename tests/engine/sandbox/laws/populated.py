"""A twin in which there is one of everything: what drawn calls may name."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.laws.inside import JAN_1, Inside

DAY = 86400


def populated() -> Inside:
    """A small shop: customers with cards and plans in every state, bills, a seller, meters, pages."""
    twin = Inside()
    buyer = _buyer(twin, "one@example.com")
    prices = _catalog(twin)
    _subscriptions(twin, buyer, prices)
    _invoices(twin, buyer, prices)
    _payments(twin, buyer)
    _pages(twin, buyer, prices)
    _usage(twin, buyer)
    _seller(twin)
    _notices(twin)
    return twin


def _buyer(twin: Inside, email: str, **more: Any) -> str:
    id_: str = twin.made("POST", "/v1/customers", {"email": email, "name": "A Buyer", **more})["id"]
    card = twin.made("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": id_})["id"]
    twin.made("POST", f"/v1/customers/{id_}", {"invoice_settings": {"default_payment_method": card}})
    return id_


def _catalog(twin: Inside) -> dict[str, str]:
    product = twin.made("POST", "/v1/products", {"name": "Pro", "metadata": {"tier": "2"}})["id"]

    def price(**more: Any) -> str:
        made = twin.made("POST", "/v1/prices", {"product": product, "currency": "usd", **more})
        return str(made["id"])

    coupon = twin.made("POST", "/v1/coupons", {"percent_off": 10, "duration": "forever"})["id"]
    twin.made(
        "POST", "/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}, "code": "TEN"}
    )
    twin.made("POST", "/v1/tax_rates", {"display_name": "VAT", "percentage": 20, "inclusive": False})
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    return {
        "month": price(unit_amount=2000, recurring={"interval": "month"}),
        "year": price(unit_amount=20000, recurring={"interval": "year"}),
        "once": price(unit_amount=500),
        "tiered": price(
            billing_scheme="tiered", tiers_mode="graduated", tiers=tiers, recurring={"interval": "month"}
        ),
        "euro": price(unit_amount=700, currency="eur", recurring={"interval": "month"}),
    }


def _subscriptions(twin: Inside, buyer: str, prices: dict[str, str]) -> None:
    monthly = {"customer": buyer, "items": [{"price": prices["month"]}]}
    twin.made("POST", "/v1/subscriptions", monthly)
    twin.made("POST", "/v1/subscriptions", {**monthly, "trial_period_days": 14})
    twin.made("POST", "/v1/subscriptions", {**monthly, "payment_behavior": "default_incomplete"})
    twin.made(
        "POST", "/v1/subscriptions", {**monthly, "items": [{"price": prices["tiered"], "quantity": 12}]}
    )
    ended = twin.made("POST", "/v1/subscriptions", monthly)["id"]
    twin.made("DELETE", f"/v1/subscriptions/{ended}")
    sent = {**monthly, "collection_method": "send_invoice", "days_until_due": 30}
    twin.made("POST", "/v1/subscriptions", sent)
    under = twin.made("POST", "/v1/subscriptions", monthly)["id"]
    twin.made("POST", "/v1/subscription_schedules", {"from_subscription": under})
    later = {"items": [{"price": prices["year"]}], "end_date": JAN_1 + 800 * DAY}
    start = {"customer": buyer, "start_date": JAN_1 + 30 * DAY, "phases": [later]}
    twin.made("POST", "/v1/subscription_schedules", start)


def _invoices(twin: Inside, buyer: str, prices: dict[str, str]) -> None:
    def drafted() -> str:
        id_: str = twin.made("POST", "/v1/invoices", {"customer": buyer, "auto_advance": False})["id"]
        lines = [{"amount": 1500, "description": "Work"}, {"pricing": {"price": prices["once"]}}]
        twin.made("POST", f"/v1/invoices/{id_}/add_lines", {"lines": lines})
        return id_

    drafted()
    paid, opened, void = drafted(), drafted(), drafted()
    for id_ in (paid, opened, void):
        twin.made("POST", f"/v1/invoices/{id_}/finalize")
    twin.made("POST", f"/v1/invoices/{paid}/pay")
    twin.made("POST", f"/v1/invoices/{void}/void")
    twin.made("POST", "/v1/credit_notes", {"invoice": paid, "amount": 100, "credit_amount": 100})
    twin.made("POST", "/v1/invoiceitems", {"customer": buyer, "amount": 300, "currency": "usd"})
    balance = {"amount": -250, "currency": "usd"}
    twin.made("POST", f"/v1/customers/{buyer}/balance_transactions", balance)


def _payments(twin: Inside, buyer: str) -> None:
    about = {"amount": 1000, "currency": "usd", "customer": buyer}
    twin.made("POST", "/v1/payment_intents", about)
    card = {"payment_method": "pm_card_visa", "confirm": True, "off_session": True}
    paid = twin.made("POST", "/v1/payment_intents", {**about, **card})
    twin.made("POST", "/v1/refunds", {"payment_intent": paid["id"], "amount": 300})
    disputed = {**about, **card, "payment_method": "pm_card_createDispute"}
    twin.made("POST", "/v1/payment_intents", disputed)
    twin.made("POST", "/v1/payment_intents", {**about, **card, "capture_method": "manual"})
    twin.made("POST", "/v1/setup_intents", {"customer": buyer, "payment_method": "pm_card_visa"})
    twin.made("POST", f"/v1/customers/{buyer}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})
    twin.made("POST", f"/v1/customers/{buyer}/sources", {"source": "tok_visa"})


def _pages(twin: Inside, buyer: str, prices: dict[str, str]) -> None:
    page = {"mode": "subscription", "success_url": "https://example.com/ok", "customer": buyer}
    twin.made(
        "POST", "/v1/checkout/sessions", {**page, "line_items": [{"price": prices["month"], "quantity": 1}]}
    )
    twin.made("POST", "/v1/billing_portal/sessions", {"customer": buyer, "return_url": "https://example.com"})


def _usage(twin: Inside, buyer: str) -> None:
    mapping = {"type": "by_id", "event_payload_key": "stripe_customer_id"}
    meter = twin.made(
        "POST",
        "/v1/billing/meters",
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": mapping,
        },
    )["id"]
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter}
    price = twin.made(
        "POST",
        "/v1/prices",
        {"currency": "usd", "unit_amount": 2, "recurring": recurring, "product_data": {"name": "Calls"}},
    )["id"]
    twin.made("POST", "/v1/subscriptions", {"customer": buyer, "items": [{"price": price}]})
    payload = {"stripe_customer_id": buyer, "value": "25"}
    twin.made("POST", "/v1/billing/meter_events", {"event_name": "calls", "payload": payload})
    amount = {"type": "monetary", "monetary": {"value": 1000, "currency": "usd"}}
    scope = {"scope": {"price_type": "metered"}}
    grant = {"customer": buyer, "amount": amount, "applicability_config": scope, "category": "promotional"}
    twin.made("POST", "/v1/billing/credit_grants", grant)
    feature = twin.made("POST", "/v1/entitlements/features", {"name": "Single sign-on", "lookup_key": "sso"})
    product = twin.made("GET", "/v1/products", {"limit": 1})["data"][0]["id"]
    twin.made("POST", f"/v1/products/{product}/features", {"entitlement_feature": feature["id"]})


def _seller(twin: Inside) -> None:
    seller = twin.made("POST", "/v1/accounts", {"type": "express", "country": "US"})["id"]
    twin.made("POST", f"/v1/accounts/{seller}/persons", {"first_name": "Ada"})
    twin.made("POST", f"/v1/accounts/{seller}/external_accounts", {"external_account": "btok_us_verified"})
    links = {"refresh_url": "https://example.com/again", "return_url": "https://example.com/back"}
    twin.made("POST", "/v1/account_links", {"account": seller, "type": "account_onboarding", **links})


def _notices(twin: Inside) -> None:
    twin.made("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    twin.made("POST", "/v1/test_helpers/test_clocks", {"frozen_time": JAN_1})
