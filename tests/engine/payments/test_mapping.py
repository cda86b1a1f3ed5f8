"""Objects as the twin makes them, and as Stripe may leave them half empty."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.clock import to_unix
from engine.payments.gateway import Gateway
from engine.payments.mapping import identifier, invoice_seen, session_seen, subscription_seen

JAN, FEB = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
Json = dict[str, Any]
Call = Callable[..., Awaitable[Json]]


@pytest.fixture
def call(twin: Gateway) -> Call:
    """Calls the twin and gives the body."""

    async def made(kind: str, params: Json | None = None, target: str | None = None) -> Json:
        return (await twin.call(kind, params, target=target)).body

    return made


@pytest.fixture
async def customer(call: Call) -> str:
    """A customer with a card, on a test clock that shows January 1."""
    clock = await call("test_helpers.test_clocks.create", {"frozen_time": to_unix(JAN)})
    made = (await call("customers.create", {"test_clock": clock["id"]}))["id"]
    card = await call("payment_methods.attach", {"customer": made}, "pm_card_visa")
    settings = {"invoice_settings": {"default_payment_method": card["id"]}}
    await call("customers.update", settings, made)
    return str(made)


async def _price(call: Call, amount: int, interval: str | None = "month") -> str:
    product = (await call("products.create", {"name": "Pro"}))["id"]
    terms = {"product": product, "unit_amount": amount, "currency": "usd"}
    recurring = {"recurring": {"interval": interval}} if interval else {}
    return str((await call("prices.create", {**terms, **recurring}))["id"])


async def _subscription(call: Call, customer: str, *prices: str, **more: Any) -> Json:
    items = [{"price": price, "quantity": n} for n, price in enumerate(prices, 1)]
    params = {"customer": customer, "items": items, "expand": ["latest_invoice"], **more}
    return await call("subscriptions.create", params)


async def test_the_periods_of_a_subscription_are_those_of_its_items(call: Call, customer: str) -> None:
    monthly, yearly = await _price(call, 2000), await _price(call, 500, "year")
    flexible = {"billing_mode": {"type": "flexible"}}
    made = await _subscription(call, customer, monthly, yearly, metadata={"ws": "1"}, **flexible)

    seen = subscription_seen(made)

    assert (seen.id, seen.status, seen.customer) == (made["id"], "active", customer)
    assert (seen.anchor, seen.schedule, seen.metadata) == (JAN, None, {"ws": "1"})
    assert (seen.cancel_at, seen.ended_at, seen.trial_end, seen.cancel_reason) == (None,) * 4
    assert {(i.price, i.quantity, i.period_start, i.period_end) for i in seen.items} == {
        (monthly, 1, JAN, FEB),
        (yearly, 2, JAN, NEXT_YEAR),
    }
    assert "current_period_end" not in made, "this version has no period on the subscription"


async def test_a_planned_end_a_trial_and_a_schedule_are_seen(call: Call, customer: str) -> None:
    made = await _subscription(call, customer, await _price(call, 2000), trial_end=to_unix(FEB))
    updated = await call("subscriptions.update", {"cancel_at": to_unix(NEXT_YEAR)}, made["id"])
    seen = subscription_seen(updated)
    assert (seen.status, seen.trial_end, seen.cancel_at) == ("trialing", FEB, NEXT_YEAR)

    other = await _subscription(call, customer, await _price(call, 2000))
    schedule = await call("subscription_schedules.create", {"from_subscription": other["id"]})
    scheduled = subscription_seen(await call("subscriptions.retrieve", {}, other["id"]))
    assert scheduled.schedule == schedule["id"]
    expanded = await call("subscriptions.retrieve", {"expand": ["schedule", "customer"]}, other["id"])
    assert subscription_seen(expanded) == scheduled, "expanded or not, it says the same"


async def test_an_ended_subscription_says_why_and_when(call: Call, customer: str) -> None:
    made = await _subscription(call, customer, await _price(call, 2000))
    seen = subscription_seen(await call("subscriptions.cancel", {}, made["id"]))
    assert (seen.status, seen.ended_at, seen.cancel_reason) == ("canceled", JAN, "cancellation_requested")


async def test_the_invoice_of_a_subscription_names_it_in_its_parent(call: Call, customer: str) -> None:
    price = await _price(call, 2000)
    made = await _subscription(call, customer, price)

    seen = invoice_seen(made["latest_invoice"])

    assert "subscription" not in made["latest_invoice"], "this version has it in the parent"
    assert (seen.subscription, seen.customer, seen.reason) == (made["id"], customer, "subscription_create")
    assert (seen.status, seen.currency, seen.total, seen.subtotal) == ("paid", "usd", 2000, 2000)
    assert (seen.amount_due, seen.amount_paid, seen.created, seen.finalized_at) == (2000, 2000, JAN, JAN)
    assert (seen.due_at, seen.finalizes_at) == (None, None)
    assert seen.number
    assert seen.hosted_url is not None
    (line,) = seen.lines
    assert (line.price, line.amount, line.quantity, line.proration) == (price, 2000, 1, False)
    assert (line.period_start, line.period_end) == (JAN, FEB)
    assert (line.discount, line.tax) == (0, 0)


async def test_a_draft_of_our_own_has_hardly_anything_yet(call: Call, customer: str) -> None:
    made = await call("invoices.create", {"customer": customer, "currency": "usd", "auto_advance": False})
    seen = invoice_seen(made)
    assert (seen.status, seen.subscription, seen.finalized_at, seen.hosted_url, seen.lines) == (
        "draft",
        None,
        None,
        None,
        (),
    )
    lines = {"lines": [{"description": "Credit", "amount": -700}, {"description": "Pro", "amount": 900}]}
    added = invoice_seen(await call("invoices.add_lines", lines, made["id"]))
    assert [(line.description, line.amount) for line in added.lines] == [("Credit", -700), ("Pro", 900)]
    assert added.total == 200


async def test_a_proration_of_stripes_own_is_told_from_other_lines(call: Call, customer: str) -> None:
    made = await _subscription(call, customer, await _price(call, 2000))
    item = made["items"]["data"][0]["id"]
    change = {
        "items": [{"id": item, "quantity": 3}],
        "proration_behavior": "always_invoice",
        "expand": ["latest_invoice"],
    }
    updated = await call("subscriptions.update", change, made["id"])
    seen = invoice_seen(updated["latest_invoice"])
    assert seen.reason == "subscription_update"
    assert {line.proration for line in seen.lines} == {True}
    assert {line.amount < 0 for line in seen.lines} == {True, False}


async def test_a_checkout_session_that_is_open(call: Call, customer: str) -> None:
    made = await call(
        "checkout.sessions.create",
        {
            "customer": customer,
            "mode": "payment",
            "success_url": "https://example.com",
            "line_items": [{"price": await _price(call, 100, None), "quantity": 1}],
            "metadata": {"ws_attach_id": "att_1"},
        },
    )
    seen = session_seen(made)
    assert (seen.id, seen.status, seen.customer) == (made["id"], "open", customer)
    assert (seen.subscription, seen.invoice, seen.metadata) == (None, None, {"ws_attach_id": "att_1"})
    assert seen.url == made["url"]
    assert seen.expires_at > JAN


async def test_what_stripe_may_leave_out_is_nothing_and_no_error(call: Call, customer: str) -> None:
    made = await _subscription(call, customer, await _price(call, 2000))
    sparse: Json = {
        **made,
        **dict.fromkeys(("schedule", "cancel_at", "ended_at", "metadata", "cancellation_details")),
    }
    del sparse["items"]["data"][0]["quantity"]  # a metered price has none
    seen = subscription_seen(sparse)
    assert (seen.metadata, seen.cancel_reason, seen.items[0].quantity) == ({}, None, 0)

    invoice = made["latest_invoice"]
    emptied = dict.fromkeys(
        ("parent", "number", "metadata", "status_transitions", "due_date", "billing_reason")
    )
    for line in invoice["lines"]["data"]:
        line.update(
            dict.fromkeys(("pricing", "parent", "quantity", "description", "discount_amounts", "taxes"))
        )
    bare = invoice_seen(invoice | emptied)
    assert (bare.subscription, bare.number, bare.reason, bare.finalized_at) == (None,) * 4
    (line,) = bare.lines
    assert (line.price, line.quantity, line.description, line.discount, line.tax) == (None, 0, "", 0, 0)


async def test_discounts_and_taxes_of_a_line_are_added_up(call: Call, customer: str) -> None:
    invoice = (await _subscription(call, customer, await _price(call, 2000)))["latest_invoice"]
    invoice["lines"]["data"][0] |= {
        "discount_amounts": [{"amount": 100}, {"amount": 50}],
        "taxes": [{"amount": 7}, {"amount": 3}],
    }
    (line,) = invoice_seen(invoice).lines
    assert (line.discount, line.tax) == (150, 10)


def test_an_id_is_an_id_also_when_it_was_expanded() -> None:
    assert identifier("cus_1") == "cus_1"
    assert identifier({"id": "cus_1", "object": "customer"}) == "cus_1"
    assert identifier(None) is None
