"""Plans that go no further until the buyer did something."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from engine.payments.gateway import Gateway
from engine.steps.plan import Condition, PlannedStep, Ref
from persistence.database import Database
from persistence.repositories import attachments
from tests.engine.steps.stripe import AT, CAUSE, Plans, make_plans

Json = dict[str, Any]


@pytest.fixture
async def plans(database: Database, gateway: Gateway) -> Plans:
    """A customer whose card is declined."""
    return await make_plans(database, gateway, card="pm_card_chargeCustomerFail")


@pytest.fixture
async def waiting(plans: Plans) -> str:
    """A purchase whose payment was declined."""
    return await plans.drive(*plans.purchase())


async def _paid(plans: Plans) -> Json:
    await plans.card("pm_card_visa")
    (invoice,) = await plans.invoices()
    return (await plans.stripe.gateway.call("invoices.pay", {}, target=invoice["id"])).body


async def test_a_declined_payment_waits_for_the_buyer(plans: Plans, waiting: str) -> None:
    (invoice,) = await plans.invoices()
    stored = await plans.attachment(waiting)
    assert (stored.state, stored.awaiting_type, stored.awaiting_id) == (
        "awaiting_customer",
        "invoice",
        invoice["id"],
    )
    assert stored.resume_at is None, "nobody but the buyer lets it go on"
    assert stored.error is not None
    assert (stored.error["decline_code"], stored.error["declined"]) == ("generic_decline", True)
    assert [step.state for step in await plans.steps(waiting)] == [
        "done",
        "done",
        "done",
        "rejected",
        "pending",
    ]
    assert invoice["status"] == "open"
    assert (await plans.executor.drive(waiting, at=AT)).state == "awaiting_customer"
    assert len(plans.stripe.sent) == 4


async def test_a_payment_that_needs_the_buyer_says_so(plans: Plans) -> None:
    await plans.card("pm_card_authenticationRequired")
    stored = await plans.attachment(await plans.drive(*plans.purchase()))
    assert stored.state == "awaiting_customer"
    assert stored.error is not None
    assert stored.error["needs_action"]


async def test_it_goes_on_when_the_invoice_is_paid(plans: Plans, waiting: str) -> None:
    paid = await _paid(plans)
    told = await plans.executor.observe(waiting, paid, at=AT)
    assert told is not None
    assert told.state == "calling"

    assert (await plans.executor.drive(waiting, at=AT)).state == "completed"
    assert plans.stripe.kinds[-1] == "invoices.retrieve"
    assert plans.completed == [waiting]
    assert (await plans.invoices())[0]["amount_paid"] == 2000


@pytest.mark.parametrize("status", ["void", "uncollectible"])
async def test_it_fails_when_the_invoice_can_no_longer_be_paid(
    plans: Plans, waiting: str, status: str
) -> None:
    (invoice,) = await plans.invoices()
    told = await plans.executor.observe(waiting, invoice | {"status": status}, at=AT)
    assert told is not None
    assert told.state == "failed"
    stored = await plans.attachment(waiting)
    assert stored.state == "failed"
    assert stored.error == {"code": "payment_failed", "message": f"invoice {status}"}
    await plans.executor.drive(waiting, at=AT)
    assert len(plans.stripe.sent) == 4
    assert plans.completed == []


async def test_a_refusal_after_the_buyer_has_paid_calls_an_operator(
    plans: Plans, waiting: str, alarms: list[str]
) -> None:
    await plans.executor.observe(waiting, await _paid(plans), at=AT)
    plans.stripe.trouble = {4: "refused"}
    assert (await plans.executor.drive(waiting, at=AT)).state == "needs_operator"
    assert alarms == ["attachment_refused_after_payment"]


async def test_what_does_not_settle_it_changes_nothing(plans: Plans, waiting: str) -> None:
    (invoice,) = await plans.invoices()
    assert await plans.executor.observe(waiting, invoice, at=AT) is None
    assert (
        await plans.executor.observe(waiting, {**invoice, "id": "in_other", "status": "paid"}, at=AT) is None
    )
    assert (await plans.attachment(waiting)).state == "awaiting_customer"


async def test_what_is_told_twice_is_heard_once(plans: Plans, waiting: str) -> None:
    paid = await _paid(plans)
    assert await plans.executor.observe(waiting, paid, at=AT) is not None
    assert await plans.executor.observe(waiting, paid, at=AT) is None
    await plans.executor.drive(waiting, at=AT)
    assert await plans.executor.observe(waiting, paid, at=AT) is None
    assert plans.completed == [waiting]


async def test_a_crash_between_hearing_of_the_payment_and_going_on_is_noticed(
    plans: Plans, waiting: str
) -> None:
    await plans.executor.observe(waiting, await _paid(plans), at=AT)
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        assert await attachments.claim_abandoned(session) == [], "somebody goes on with it at this moment"
        await session.execute(text("UPDATE attachment SET resume_at = resume_at - interval '61 seconds'"))
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        assert await attachments.claim_abandoned(session) == [waiting]


async def test_a_plan_that_begins_with_waiting_waits(plans: Plans) -> None:
    (made,) = (await plans.drive(*plans.invoice()),)
    (invoice,) = await plans.invoices()
    assert (await plans.attachment(made)).state == "completed"
    paid = Condition(invoice["id"], ("paid",), "wait")
    waiting = await plans.drive(PlannedStep("invoices.retrieve", target=invoice["id"], when=paid))
    stored = await plans.attachment(waiting)
    assert (stored.state, stored.awaiting_id) == ("awaiting_customer", invoice["id"])
    assert stored.error is None


@pytest.mark.parametrize(("status", "state"), [("complete", "completed"), ("expired", "failed")])
async def test_a_checkout_session_is_waited_for(plans: Plans, status: str, state: str) -> None:
    session = PlannedStep(
        "checkout.sessions.create",
        {
            "customer": plans.customer.stripe_customer_id,
            "mode": "payment",
            "success_url": "https://example.com",
            "line_items": [{"quantity": 1, "price": await plans.price()}],
        },
    )
    read = PlannedStep(
        "checkout.sessions.retrieve", target=Ref(0), when=Condition(Ref(0), ("complete",), "wait")
    )
    waiting = await plans.drive(session, read)
    stored = await plans.attachment(waiting)
    assert (stored.state, stored.awaiting_type) == ("awaiting_customer", "checkout.session")
    seen = (await plans.steps(waiting))[0].result
    assert seen is not None
    await plans.executor.observe(waiting, seen | {"status": status}, at=AT)
    assert (await plans.executor.drive(waiting, at=AT)).state == state
