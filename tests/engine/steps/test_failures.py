"""Calls that end without the answer that was hoped for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from engine.payments.gateway import Gateway
from engine.steps.plan import PlannedStep, Ref
from persistence.database import Database
from tests.engine.steps.stripe import AT, CAUSE, Plans, Sent, Trouble, make_plans


@pytest.mark.parametrize(
    ("trouble", "step", "replayed"),
    [("lost", "unknown", True), ("never", "unknown", False), ("busy", "sent", False)],
)
async def test_what_is_unknown_stays_so_until_the_same_call_was_answered(
    plans: Plans, trouble: Trouble, step: str, *, replayed: bool
) -> None:
    plans.stripe.trouble = {0: trouble}
    attachment = await plans.store(*plans.purchase())
    before = datetime.now(UTC)
    drive = await plans.executor.drive(attachment, at=AT)

    assert drive.state == "unknown"
    stored = await plans.attachment(attachment)
    assert (stored.state, stored.error) == ("unknown", None)
    assert stored.resume_at is not None
    assert timedelta(0) < stored.resume_at - before < timedelta(seconds=10)
    first = (await plans.steps(attachment))[0]
    assert (first.state, first.result) == (step, None)

    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"
    one, again = plans.stripe.sent[:2]
    assert one == again, "the same key and the same parameters"
    assert len(await plans.invoices()) == 1
    calls = await plans.calls(attachment)
    assert [(call.n, call.replayed) for call in calls[:2]] == [(0, False), (0, replayed)]
    assert (await plans.steps(attachment))[0].last_error is None
    assert await plans.events(attachment) == [
        "plan_stored",
        "call_started",
        "answer_lost",
        "answer_found",
        "answers_recorded",
        "completed",
    ]


async def test_the_next_try_is_later_each_time(plans: Plans) -> None:
    plans.stripe.trouble = dict.fromkeys(range(4), "never")
    attachment = await plans.store(*plans.invoice())
    delays: list[float] = []
    for _ in range(4):
        before = datetime.now(UTC)
        await plans.executor.drive(attachment, at=AT)
        resume_at = (await plans.attachment(attachment)).resume_at
        assert resume_at is not None
        delays.append((resume_at - before).total_seconds())
    assert delays == sorted(delays)
    assert delays[0] == pytest.approx(2, abs=1)
    assert delays[3] == pytest.approx(60, abs=1)
    assert [event for event in await plans.events(attachment) if event == "answer_lost"] == ["answer_lost"]


async def test_a_lost_payment_is_paid_once(plans: Plans) -> None:
    plans.stripe.trouble = {3: "lost"}
    attachment = await plans.drive(*plans.purchase())
    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"
    (invoice,) = await plans.invoices()
    assert invoice["amount_paid"] == 2000
    assert (await plans.calls(attachment))[4].replayed


async def test_a_decline_whose_answer_was_lost_waits_for_the_buyer_like_any_other(plans: Plans) -> None:
    await plans.card("pm_card_chargeCustomerFail")
    plans.stripe.trouble = {3: "lost"}
    attachment = await plans.drive(*plans.purchase())
    assert (await plans.attachment(attachment)).state == "unknown"

    drive = await plans.executor.drive(attachment, at=AT)

    assert drive.state == "awaiting_customer"
    (invoice,) = await plans.invoices()
    assert (await plans.attachment(attachment)).awaiting_id == invoice["id"]
    assert (await plans.events(attachment))[-2:] == ["answer_found", "customer_awaited"]


async def test_a_refusal_before_money_moved_ends_the_plan(plans: Plans, alarms: list[str]) -> None:
    wrong = PlannedStep("invoices.add_lines", {"lines": [{"amount": "x", "description": "?"}]}, target=Ref(0))
    attachment = await plans.drive(plans.invoice()[0], wrong, *plans.invoice()[2:])

    stored = await plans.attachment(attachment)
    assert (stored.state, stored.resume_at) == ("failed", None)
    assert stored.error is not None
    assert (stored.error["status"], stored.error["kind"], stored.error["declined"]) == (
        400,
        "invoices.add_lines",
        False,
    )
    assert [step.state for step in await plans.steps(attachment)] == ["done", "rejected", "pending"]
    assert (plans.completed, alarms) == ([], [])
    assert (await plans.calls(attachment))[-1].status == 400
    assert (await plans.executor.drive(attachment, at=AT)).failure == stored.error
    assert len(plans.stripe.sent) == 2, "a failed plan is not tried again"


async def test_a_refusal_after_money_moved_calls_an_operator(plans: Plans, alarms: list[str]) -> None:
    plans.stripe.trouble = {4: "refused"}
    attachment = await plans.drive(*plans.purchase())

    stored = await plans.attachment(attachment)
    assert (stored.state, stored.resume_at) == ("needs_operator", None)
    assert alarms == ["attachment_refused_after_payment"]
    assert plans.completed == []
    assert (await plans.executor.drive(attachment, at=AT)).state == "needs_operator"
    assert len(plans.stripe.sent) == 5, "a person decides; nothing is sent meanwhile"


async def test_a_decline_that_nothing_waits_for_ends_the_plan_where_it_is_not_tolerated(plans: Plans) -> None:
    await plans.card("pm_card_chargeCustomerFail")
    attachment = await plans.drive(*plans.invoice(), PlannedStep("invoices.pay", {}, target=Ref(0)))
    stored = await plans.attachment(attachment)
    assert stored.state == "failed"
    assert stored.error is not None
    assert (stored.error["declined"], stored.error["status"]) == (True, 402)


async def test_only_a_decline_is_tolerated_as_a_decline(plans: Plans) -> None:
    """That the request was wrong is no reason to send the buyer to an invoice."""
    plans.stripe.trouble, plans.stripe.status = {3: "refused"}, 400
    attachment = await plans.drive(*plans.purchase())
    assert (await plans.attachment(attachment)).state == "failed"


async def test_what_has_ended_already_need_not_be_ended(plans: Plans) -> None:
    gone = PlannedStep("subscriptions.cancel", {}, target="sub_gone", tolerates="gone")
    attachment = await plans.drive(gone, *plans.invoice()[:1])
    assert [step.state for step in await plans.steps(attachment)] == ["rejected", "done"]
    assert (await plans.attachment(attachment)).state == "completed"


async def test_an_end_whose_answer_was_lost_is_taken_as_done(plans: Plans) -> None:
    """A DELETE has no key at Stripe: what is ended twice is gone the second time."""
    subscription = await plans.subscription()
    plans.stripe.trouble = {0: "lost"}
    cancel = PlannedStep("subscriptions.cancel", {}, target=subscription, tolerates="gone")
    attachment = await plans.drive(cancel)
    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"
    assert (await plans.steps(attachment))[0].state == "rejected"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_that_we_may_not_end_it_does_not_mean_that_it_has_ended(plans: Plans, status: int) -> None:
    plans.stripe.trouble, plans.stripe.status = {0: "refused"}, status
    attachment = await plans.drive(
        PlannedStep("subscriptions.cancel", {}, target="sub_gone", tolerates="gone")
    )
    assert (await plans.attachment(attachment)).state == "failed"


async def test_a_key_is_not_used_when_stripe_may_have_forgotten_it(plans: Plans, alarms: list[str]) -> None:
    """Stripe forgets a key after 24 hours; the same call would then make a second object."""
    plans.stripe.trouble = {0: "lost"}
    attachment = await plans.drive(*plans.invoice())
    async with plans.database.transaction(cause=CAUSE, at=AT) as session:
        await session.execute(
            text("UPDATE step SET first_sent_at = now() - interval '23 hours 1 minute' WHERE n = 0")
        )

    drive = await plans.executor.drive(attachment, at=AT)

    assert drive.state == "needs_operator"
    assert alarms == ["attachment_unknown_too_long"]
    assert len(plans.stripe.sent) == 1
    assert len(await plans.invoices()) == 1
    assert (await plans.attachment(attachment)).resume_at is None


async def test_who_comes_back_late_changes_nothing_of_what_another_has_finished(plans: Plans) -> None:
    """A call that hangs longer than the lease: another process sends it again and goes on to the end."""
    answers: list[str] = []

    async def look(_sent: Sent) -> None:
        if len(plans.stripe.sent) == 1:
            answers.append((await plans.executor.drive(attachment, at=AT)).state)

    plans.stripe.look = look
    plans.stripe.trouble = {0: "never"}
    attachment = await plans.store(*plans.invoice())
    late = await plans.executor.drive(attachment, at=AT)

    assert answers == ["completed"]
    assert (late.state, late.failure) == ("completed", None)
    assert [step.state for step in await plans.steps(attachment)] == ["done"] * 3
    assert len(await plans.invoices()) == 1


async def test_who_comes_back_late_does_not_undo_a_step_that_is_done(plans: Plans) -> None:
    async def look(_sent: Sent) -> None:
        if len(plans.stripe.sent) == 1:
            plans.stripe.trouble = {2: "never"}
            await plans.executor.drive(attachment, at=AT)
            plans.stripe.trouble = {}
        elif len(plans.stripe.sent) == 2:
            plans.stripe.trouble[0] = "never"

    plans.stripe.look = look
    plans.stripe.trouble = {0: "never"}
    attachment = await plans.store(*plans.invoice())
    drive = await plans.executor.drive(attachment, at=AT)

    assert drive.state in {"completed", "unknown"}
    assert (await plans.steps(attachment))[0].state == "done"
    assert [sent.key for sent in plans.stripe.sent].count(f"ws1:test:{attachment}:0:1") == 2
    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"


async def test_who_comes_back_late_does_not_send_what_waits_for_the_buyer(
    database: Database, gateway: Gateway
) -> None:
    plans = await make_plans(database, gateway, card="pm_card_chargeCustomerFail")
    calls = 0

    async def look(sent: Sent) -> None:
        nonlocal calls
        if sent.kind == "invoices.pay":
            calls += 1
            if calls == 1:
                await plans.executor.drive(attachment, at=AT)

    plans.stripe.look = look
    attachment = await plans.store(*plans.purchase())
    drive = await plans.executor.drive(attachment, at=AT)
    assert drive.state == "awaiting_customer"
    assert plans.stripe.kinds.count("invoices.retrieve") == 0


async def test_two_processes_at_once_make_one_object(plans: Plans) -> None:
    attachment = await plans.store(*plans.purchase())
    drives = await asyncio.gather(*(plans.executor.drive(attachment, at=AT) for _ in range(2)))
    while (await plans.attachment(attachment)).state == "unknown":
        drives = [await plans.executor.drive(attachment, at=AT)]
    assert "completed" in {drive.state for drive in drives}
    (invoice,) = await plans.invoices()
    assert invoice["amount_paid"] == 2000
    assert plans.completed == [attachment]
