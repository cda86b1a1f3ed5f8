"""Invoices, pages and cards: what is kept of them, and what is not ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from machines.errors import UnreachableState
from persistence.models import BilledLine, CheckoutSession, Invoice
from tests.engine.parts import ACME, FEB, JAN, Parts

FOREIGN: list[dict[str, Any]] = [
    {"object": "charge", "id": "ch_1"},
    {"object": "customer", "id": "cus_foreign", "invoice_settings": {"default_payment_method": "pm_1"}},
    {"object": "subscription_schedule", "id": "sched_1", "status": "active", "subscription": "sub_1"},
    {},
]


@pytest.mark.parametrize("seen", FOREIGN)
async def test_what_is_not_ours_changes_nothing(parts: Parts, seen: dict[str, Any]) -> None:
    before = await parts.trace()
    await parts.apply(seen, at=JAN)
    assert await parts.trace() == before


async def test_the_invoice_of_somebody_else_is_not_kept(parts: Parts) -> None:
    await parts.attach("pro")
    (invoice,) = await parts.invoices()
    await parts.apply(invoice | {"id": "in_foreign", "customer": "cus_foreign"}, at=JAN)
    assert len(await parts.rows(Invoice)) == 1


async def test_an_invoice_that_names_an_attachment_we_do_not_have_is_kept_without_it(parts: Parts) -> None:
    await parts.attach("pro")
    (invoice,) = await parts.invoices()
    named = {"ws_attach_id": "att_nobody"}
    await parts.apply_twice(invoice | {"id": "in_new", "lines": {"data": []}, "metadata": named}, at=JAN)
    kept = next(row for row in await parts.rows(Invoice) if row.stripe_invoice_id == "in_new")
    assert kept.attachment_id is None


async def test_a_renewal_is_billed_once_its_invoice_is_final(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB)
    renewal = (await parts.invoices())[0]
    assert renewal["status"] == "draft"
    await parts.apply_twice(renewal, at=FEB)
    assert len(await parts.rows(BilledLine)) == 1, "a draft may still change"

    await parts.move(FEB.replace(hour=1))
    paid = (await parts.invoices())[0]
    assert paid["status"] == "paid"
    await parts.apply_twice(paid, at=FEB)

    first, second = sorted(await parts.rows(BilledLine), key=lambda line: line.period_start)
    assert (first.period_end, second.period_start) == (FEB, FEB)
    assert (second.amount, second.quantity, second.paid, second.access_given) == (
        2000,
        Decimal(1),
        True,
        True,
    )
    assert second.subscription_product_id == (await parts.holding("pro")).id
    kept = next(row for row in await parts.rows(Invoice) if row.stripe_invoice_id == renewal["id"])
    assert (kept.state, kept.total, kept.reason) == ("paid", 2000, "subscription_cycle")
    assert await parts.moves(kept.id) == ["seen_draft", "finalized", "paid"]


async def test_an_invoice_that_is_first_heard_of_when_it_is_paid_has_gone_all_the_way(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB.replace(hour=1))
    paid = (await parts.invoices())[0]
    await parts.apply_twice(paid, at=FEB)
    kept = next(row for row in await parts.rows(Invoice) if row.stripe_invoice_id == paid["id"])
    assert kept.state == "paid"
    assert [line.paid for line in await parts.rows(BilledLine)] == [True, True]


async def test_an_older_answer_does_not_take_a_payment_back(parts: Parts) -> None:
    await parts.attach("pro")
    (invoice,) = await parts.invoices()
    with pytest.raises(UnreachableState):
        await parts.apply(invoice | {"status": "open"}, at=JAN)
    assert [line.paid for line in await parts.rows(BilledLine)] == [True]
    assert [row.state for row in await parts.rows(Invoice)] == ["paid"]


async def test_what_was_billed_open_is_marked_when_it_is_paid(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.card("pm_card_chargeCustomerFail")
    await parts.move(FEB.replace(hour=2))
    await parts.apply_twice((await parts.invoices())[0], at=FEB)
    assert sorted(line.paid for line in await parts.rows(BilledLine)) == [False, True]
    await parts.card("pm_card_visa")
    paid = await parts.call("invoices.pay", (await parts.invoices())[0]["id"])
    await parts.apply_twice(paid, at=FEB)
    assert [line.paid for line in await parts.rows(BilledLine)] == [True, True]


async def test_a_card_is_kept_as_a_buyer_may_see_it_on_a_receipt(parts: Parts) -> None:
    stripe_id = (await parts.customer()).stripe_customer_id
    assert stripe_id is not None
    expand = ["invoice_settings.default_payment_method"]
    seen = await parts.call("customers.retrieve", stripe_id, expand=expand)
    kept = (await parts.customer()).payment_method
    assert kept is not None
    assert kept == {"id": kept["id"], "brand": "visa", "last4": "4242"}
    before = await parts.trace()
    await parts.apply(seen, at=JAN)
    assert await parts.trace() == before

    card = await parts.call("payment_methods.attach", "pm_card_mastercard", customer=stripe_id)
    settings = {"default_payment_method": card["id"]}
    changed = await parts.call("customers.update", stripe_id, invoice_settings=settings, expand=expand)
    await parts.apply_twice(changed, at=JAN)
    assert (await parts.customer()).payment_method == {
        "id": card["id"],
        "brand": "mastercard",
        "last4": "4444",
    }
    await parts.apply_twice(changed | {"invoice_settings": {"default_payment_method": None}}, at=JAN)
    assert (await parts.customer()).payment_method is None


async def test_a_customer_that_was_deleted_at_stripe_keeps_its_row(parts: Parts) -> None:
    stripe_id = (await parts.customer()).stripe_customer_id
    before = await parts.trace()
    await parts.apply({"object": "customer", "id": stripe_id, "deleted": True}, at=JAN)
    assert await parts.trace() == before


async def test_a_page_of_ours_is_kept_with_its_end(parts: Parts) -> None:
    await parts.customers.set_payment_method(ACME, None)
    made = await parts.attach("pro")
    assert made["status"] == "checkout"
    (kept,) = await parts.rows(CheckoutSession)
    assert (kept.state, kept.url, kept.attachment_id) == ("open", made["checkout"]["url"], made["id"])

    expired = await parts.call("checkout.sessions.expire", kept.stripe_session_id)
    await parts.apply_twice(expired, at=JAN)
    (kept,) = await parts.rows(CheckoutSession)
    assert kept.state == "expired"


async def test_a_page_that_somebody_else_made_is_not_kept(parts: Parts) -> None:
    await parts.customers.set_payment_method(ACME, None)
    await parts.attach("pro")
    (kept,) = await parts.rows(CheckoutSession)
    seen = await parts.call("checkout.sessions.retrieve", kept.stripe_session_id)
    await parts.apply(seen | {"id": "cs_other", "metadata": {}}, at=JAN)
    await parts.apply(seen | {"id": "cs_other", "customer": "cus_foreign"}, at=JAN)
    assert len(await parts.rows(CheckoutSession)) == 1
