from __future__ import annotations

import hashlib
import json

import pytest

from engine.payments.gateway import Gateway
from engine.steps.plan import Condition, PlannedStep, Ref
from persistence.database import Database
from persistence.models import Step
from tests.engine.steps.stripe import AT, Died, Plans, Sent, Trouble, make_plans


async def test_a_plan_runs_to_its_end_and_its_references_are_what_earlier_steps_answered(
    plans: Plans,
) -> None:
    attachment = await plans.drive(*plans.purchase())

    (invoice,) = await plans.invoices()
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 2000)
    assert [sent.target for sent in plans.stripe.sent] == [None, *[invoice["id"]] * 4]
    stored = await plans.attachment(attachment)
    assert (stored.state, stored.error, stored.resume_at) == ("completed", None, None)
    assert plans.completed == [attachment]
    assert [seen["status"] for seen in plans.converged] == ["draft", "draft", "open", "paid", "paid"]
    steps = await plans.steps(attachment)
    assert {(step.state, step.object_type, step.object_id) for step in steps} == {
        ("done", "invoice", invoice["id"])
    }
    assert await plans.events(attachment) == ["plan_stored", "call_started", "answers_recorded", "completed"]


async def test_every_step_is_committed_as_sent_with_what_is_sent_before_the_call(plans: Plans) -> None:
    seen: list[str] = []

    async def look(sent: Sent) -> None:
        steps = await plans.steps(attachment)
        step: Step = steps[len(seen)]
        assert step.state == "sent"
        assert step.sent_params == {"params": sent.params, "target": sent.target}
        text = json.dumps(step.sent_params, sort_keys=True)
        assert step.sent_hash == hashlib.sha256(text.encode()).hexdigest()
        assert step.attempts == 1
        assert step.first_sent_at is not None
        assert step.first_sent_at == step.last_sent_at
        assert [s.state for s in steps[len(seen) + 1 :]] == ["pending"] * (4 - len(seen))
        assert (await plans.attachment(attachment)).state == "calling"
        assert len(await plans.calls(attachment)) == len(seen), "what came before is recorded already"
        seen.append(sent.kind)

    plans.stripe.look = look
    attachment = await plans.store(*plans.purchase())
    await plans.executor.drive(attachment, at=AT)
    assert len(seen) == 5


async def test_every_call_has_a_key_that_is_made_of_the_plan_and_the_step(plans: Plans) -> None:
    attachment = await plans.drive(*plans.purchase())

    keys = [f"ws1:test:{attachment}:{n}:1" for n in range(5)]
    assert [sent.key for sent in plans.stripe.sent] == keys
    calls = await plans.calls(attachment)
    assert [call.idempotency_key for call in calls] == keys
    assert [(call.n, call.status, call.replayed) for call in calls] == [(n, 200, False) for n in range(5)]
    assert all(call.request_id and call.request_id.startswith("req_") for call in calls)


async def test_a_plan_that_has_ended_stays_as_it_is_when_it_is_driven_again(plans: Plans) -> None:
    attachment = await plans.drive(*plans.invoice())
    drive = await plans.executor.drive(attachment, at=AT)
    assert (drive.state, drive.failure) == ("completed", None)
    assert len(plans.stripe.sent) == 3
    assert plans.completed == [attachment]


async def test_a_plan_without_steps_is_completed_without_a_call(plans: Plans) -> None:
    attachment = await plans.drive()
    assert (await plans.attachment(attachment)).state == "completed"
    assert plans.stripe.sent == []


async def test_a_step_whose_condition_does_not_hold_is_skipped(plans: Plans) -> None:
    pay = PlannedStep(
        "invoices.pay", {}, target=Ref(0), when=Condition(Ref(0), ("open",), "skip"), tolerates="declined"
    )
    read = PlannedStep("invoices.retrieve", target=Ref(0), when=Condition(Ref(0), ("paid",), "wait"))
    attachment = await plans.drive(*plans.invoice(0), pay, read)

    assert plans.stripe.kinds[-1] == "invoices.retrieve", "an invoice of nothing is paid when it is finalized"
    assert "invoices.pay" not in plans.stripe.kinds
    steps = await plans.steps(attachment)
    assert (steps[3].state, steps[3].sent_params, steps[4].state) == ("skipped", None, "done")


async def test_what_would_be_waited_for_is_taken_as_given_when_no_such_object_was_made(plans: Plans) -> None:
    stripe_id = plans.customer.stripe_customer_id
    nothing = Ref(0, "latest_invoice.id")
    attachment = await plans.drive(
        PlannedStep("customers.update", {"name": "A"}, target=stripe_id),
        PlannedStep("customers.update", {"name": "B"}, stripe_id, Condition(nothing, ("open",), "skip")),
        PlannedStep("customers.update", {"name": "C"}, stripe_id, Condition(nothing, ("paid",), "wait")),
    )
    assert [sent.params["name"] for sent in plans.stripe.sent] == ["A", "C"]
    assert (await plans.attachment(attachment)).state == "completed"


async def test_the_last_status_of_an_embedded_invoice_counts(plans: Plans) -> None:
    """The invoice was open inside the subscription's answer; the payment after it says paid."""
    price = await plans.price(recurring={"interval": "month"})
    first = Ref(0, "latest_invoice.id")
    attachment = await plans.drive(
        PlannedStep(
            "subscriptions.create",
            {
                "customer": plans.customer.stripe_customer_id,
                "items": [{"price": price}],
                "payment_behavior": "default_incomplete",
                "expand": ["latest_invoice"],
            },
        ),
        PlannedStep("invoices.pay", {}, first, Condition(first, ("open",), "skip"), "declined"),
        PlannedStep("subscriptions.retrieve", target=Ref(0), when=Condition(first, ("paid",), "wait")),
    )
    steps = await plans.steps(attachment)
    assert [step.state for step in steps] == ["done"] * 3
    assert steps[2].result is not None
    assert steps[2].result["status"] == "active"


@pytest.mark.parametrize(("when", "replayed"), [("died_before", False), ("died_after", True)])
async def test_a_crash_at_a_call_is_made_good_by_the_next_drive_without_a_second_object(
    plans: Plans, when: Trouble, *, replayed: bool
) -> None:
    plans.stripe.trouble = {0: when}
    attachment = await plans.store(*plans.invoice())
    with pytest.raises(Died):
        await plans.executor.drive(attachment, at=AT)
    left = await plans.attachment(attachment)
    assert left.state == "calling"
    assert left.resume_at is not None, "somebody takes it up"
    assert [step.state for step in await plans.steps(attachment)] == ["sent", "pending", "pending"]

    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"
    assert len(await plans.invoices()) == 1
    calls = await plans.calls(attachment)
    assert [(call.n, call.replayed) for call in calls] == [(0, replayed), (1, False), (2, False)]
    first = (await plans.steps(attachment))[0]
    assert first.attempts == 2
    assert first.first_sent_at != first.last_sent_at


@pytest.mark.parametrize("broken", [Died(), ValueError("a fault of ours")])
async def test_a_completion_that_fails_is_done_by_the_next_drive_without_another_call(
    plans: Plans, broken: BaseException
) -> None:
    plans.broken = broken
    attachment = await plans.store(*plans.invoice())
    with pytest.raises(type(broken)):
        await plans.executor.drive(attachment, at=AT)
    left = await plans.attachment(attachment)
    assert (left.state, plans.completed) == ("calling", [])
    assert left.resume_at is not None, "somebody takes it up"

    plans.broken = None
    assert (await plans.executor.drive(attachment, at=AT)).state == "completed"
    assert plans.completed == [attachment]
    assert len(plans.stripe.sent) == 3


async def test_two_customers_do_not_share_anything(database: Database, gateway: Gateway) -> None:
    one, other = await make_plans(database, gateway), await make_plans(database, gateway)
    await one.drive(*one.purchase(1000))
    await other.drive(*other.purchase(3000))
    assert [i["total"] for i in await one.invoices()] == [1000]
    assert [i["total"] for i in await other.invoices()] == [3000]
