"""What an event of Stripe's brings about: whatever the object is by then, and what waited for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from engine.payments.gateway import Answer, StripeBusy, StripeRefused, StripeUnknown
from engine.settle import events as settling
from engine.settle.events import CustomerIsBusy, Events, StripeIsAway
from engine.steps.begin import begin
from persistence.models import Attachment
from persistence.models.words import AttachmentKind
from tests.engine.parts import ACME, FEB, JAN, Parts
from tests.engine.steps.stripe import Sent, failure


@dataclass(frozen=True)
class Heard:
    """An event, as much of it as is believed."""

    object_type: str
    object_id: str | None
    id: str = "evt_1"


@dataclass
class Away:
    """Stripe, but every call fails so."""

    error: Exception

    async def call(self, *_given: object, **_named: object) -> Answer:
        raise self.error


def _with(parts: Parts, error: Exception) -> Events:
    return Events(parts.database, Away(error), parts.executor)  # type: ignore[arg-type] # a gateway that fails


@pytest.mark.parametrize(
    "event", [Heard("charge", "ch_1"), Heard("payment_intent", "pi_1"), Heard("invoice", None)]
)
async def test_what_means_nothing_here_is_not_even_fetched(parts: Parts, event: Heard) -> None:
    before = await parts.trace()
    await _with(parts, AssertionError("fetched")).handle(event)
    assert await parts.trace() == before


@pytest.mark.parametrize("kind", ["subscription", "invoice", "customer", "checkout.session"])
async def test_an_object_that_is_gone_changes_nothing(parts: Parts, kind: str) -> None:
    before = await parts.trace()
    await parts.events.handle(Heard(kind, "gone_1"))
    assert await parts.trace() == before


@pytest.mark.parametrize("error", [StripeBusy(failure("x", 429)), StripeUnknown(failure("x", None))])
async def test_an_event_comes_again_when_stripe_is_away(parts: Parts, error: Exception) -> None:
    with pytest.raises(StripeIsAway):
        await _with(parts, error).handle(Heard("invoice", "in_1"))


async def test_that_we_may_not_read_it_is_not_taken_for_gone(parts: Parts) -> None:
    with pytest.raises(StripeRefused):
        await _with(parts, StripeRefused(failure("x", 401))).handle(Heard("invoice", "in_1"))


async def test_a_renewal_is_followed_by_its_events(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB.replace(hour=2))
    heard = await parts.tell()
    assert {"invoice.created", "invoice.paid", "customer.subscription.updated"} <= {e.type for e in heard}
    view = await parts.view()
    (subscription,) = [s for s in view["subscriptions"] if s["paid"]]
    assert subscription["current_period_start"] == "2026-02-01T00:00:00Z"
    assert len((await parts.customers.invoices(ACME))["data"]) == 2


async def test_every_event_may_come_twice_and_in_any_order(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB.replace(hour=2))
    heard = await parts.tell()
    before = await parts.trace()
    for event in reversed(heard):
        await parts.events.handle(event)
    assert await parts.trace() == before


async def test_what_waited_for_an_invoice_goes_on_when_it_is_paid(parts: Parts) -> None:
    await parts.card("pm_card_chargeCustomerFail")
    made = await parts.attach("pro")
    assert made["status"] == "payment_failed"
    (invoice,) = await parts.invoices()
    await parts.card("pm_card_visa")
    await parts.call("invoices.pay", invoice["id"])
    assert await parts.states() == {"free": "active"}

    await parts.events.handle(Heard("invoice", invoice["id"]))

    assert await parts.states() == {"free": "ended", "pro": "active"}
    before = await parts.trace()
    await parts.events.handle(Heard("invoice", invoice["id"]))
    assert await parts.trace() == before
    assert [i["status"] for i in await parts.invoices()] == ["paid"]


async def test_what_waited_for_an_invoice_that_was_voided_has_failed(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.card("pm_card_chargeCustomerFail")
    made = await parts.attach("premium")
    invoice = (await parts.invoices())[0]
    await parts.call("invoices.void", invoice["id"])
    await parts.events.handle(Heard("invoice", invoice["id"]))
    told = await parts.attaching.describe(made["id"])
    assert told["state"] == "failed"
    assert (await parts.states())["pro"] == "active"


async def test_an_invoice_of_another_customer_lets_nothing_go_on(parts: Parts) -> None:
    await parts.card("pm_card_chargeCustomerFail")
    await parts.attach("pro")
    (invoice,) = await parts.invoices()
    other = (await parts.call("customers.create"))["id"]
    foreign = await parts.call("invoices.create", customer=other, auto_advance=False)
    await parts.events.handle(Heard("invoice", foreign["id"]))
    await parts.events.handle(Heard("invoice", invoice["id"]))
    assert await parts.states() == {"free": "active"}


async def test_an_event_waits_while_a_plan_of_the_customer_is_carried_out(parts: Parts) -> None:
    """What a plan does to a subscription, the plan applies: the event must not do it before."""
    await parts.attach("pro")
    stripe_id = (await parts.subscription())["id"]
    early: list[asyncio.Task[None]] = []

    async def look(sent: Sent) -> None:
        if sent.kind == "subscriptions.cancel" and not early:
            early.append(asyncio.create_task(parts.events.handle(Heard("subscription", stripe_id))))
            await asyncio.sleep(0.1)
            assert not early[0].done()

    parts.stripe.look = look
    await parts.cancel("pro", "now")
    async with asyncio.timeout(2):
        await early[0]

    pro = await parts.holding("pro")
    assert await parts.moves(pro.id) == ["activated", "canceled"]
    assert await parts.states() == {"pro": "ended", "free": "active"}


async def test_an_event_waits_for_a_plan_of_another_process_but_not_for_ever(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE", 0.2)
    await parts.attach("pro")
    stripe_id = (await parts.subscription())["id"]
    customer = await parts.customer()
    async with parts.database.transaction(cause={"kind": "api", "id": "x"}, at=JAN) as session:
        left = begin(
            session, kind=AttachmentKind.CUSTOMER, steps=[], request={}, at=JAN, customer_id=customer.id
        )
    with pytest.raises(CustomerIsBusy):
        await parts.events.handle(Heard("subscription", stripe_id))
    await parts.executor.drive(left.id, at=JAN)
    await parts.events.handle(Heard("subscription", stripe_id))


async def test_an_invoice_does_not_wait_since_a_plan_may_wait_for_it(parts: Parts) -> None:
    await parts.attach("pro")
    (invoice,) = await parts.invoices()
    with parts.executor.working.on((await parts.customer()).id):
        async with asyncio.timeout(2):
            await parts.events.handle(Heard("invoice", invoice["id"]))


async def test_the_instant_of_an_event_is_that_of_the_customers_clock(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB.replace(hour=2))
    await parts.tell()
    told = (await parts.messages("invoice"))[-1]
    assert told.body["at"].startswith("2026-02-01T02:00:00")
    assert told.body["cause"]["kind"] == "stripe_event"


async def test_what_was_answered_before_is_not_taken_back_by_who_read_it_too_early(parts: Parts) -> None:
    """Two workers: one reads, the other reads and writes something newer, then the first one writes."""
    await parts.attach("pro")
    stripe_id = (await parts.subscription())["id"]
    events = Events(parts.database, _Slow(parts, stripe_id), parts.executor)  # type: ignore[arg-type] # a slow gateway

    await events.handle(Heard("subscription", stripe_id))

    pro = await parts.holding("pro")
    assert (pro.state, pro.subscription.stripe_status) == ("ended", "canceled")
    assert pro.subscription.ended_at is not None


@dataclass
class _Slow:
    """Reads the subscription just before it is canceled, and answers after that was heard of."""

    parts: Parts
    stripe_id: str
    reads: int = 0

    async def call(self, kind: str, params: dict[str, object], *, target: str | None = None) -> Answer:
        answer = await self.parts.gateway.call(kind, params, target=target)
        self.reads += 1
        if self.reads == 2:
            await self.parts.call("subscriptions.cancel", self.stripe_id)
            await self.parts.events.handle(Heard("subscription", self.stripe_id, "evt_2"))
        return answer


async def test_an_attachment_is_told_to_have_ended_only_once(parts: Parts) -> None:
    await parts.card("pm_card_chargeCustomerFail")
    made = await parts.attach("pro")
    (invoice,) = await parts.invoices()
    await parts.card("pm_card_visa")
    await parts.call("invoices.pay", invoice["id"])
    heard = [Heard("invoice", invoice["id"], f"evt_{n}") for n in range(3)]
    await asyncio.gather(*(parts.events.handle(event) for event in heard), return_exceptions=True)
    assert (await parts.moves(made["id"])).count("completed") == 1
    attachment = next(row for row in await parts.rows(Attachment) if row.id == made["id"])
    assert attachment.state == "completed"
