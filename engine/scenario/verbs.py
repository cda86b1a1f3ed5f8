"""What does a step do? Each verb as the calls it makes; what must be true afterwards is not asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from engine.scenario.behind import deeds
from engine.scenario.door import Answer, DoorClosed, NotBuilt
from engine.scenario.format import (
    Act,
    Advance,
    Attach,
    Break,
    Cancel,
    Check,
    CompleteCheckout,
    PayInvoice,
    SetPaymentMethod,
    SetUsage,
    Stripe,
    Track,
    Uncancel,
)
from engine.scenario.times import NothingEnds, target
from engine.scenario.world import Person, World

REFUSED_BY_WISH = frozenset({"insufficient_balance", "limit_reached"})


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a step: the answer, and the attachment whose outcome tells its result later."""

    answer: Answer
    attachment: str | None = None
    refusal_is_an_answer: bool = False


async def perform(world: World, person: Person, step: Act) -> Done:
    """Do the step as that customer; a refusal is an outcome, not an exception."""
    match step:
        case Attach() | Cancel() | Uncancel():
            return await _change(world, person, step)
        case Check() | Track() | SetUsage():
            return await _use(world, person, step)
        case Advance():
            return Done(await _advance(world, person, step))
        case CompleteCheckout() | PayInvoice() | SetPaymentMethod():
            return await _pay(world, person, step)
        case Break():
            return Done(await deeds.break_stripe(world, person, step))
        case Stripe():
            return Done(await deeds.act(world, person, step))
        case _:
            raise NotBuilt(f"do: {getattr(step, 'do', type(step).__name__)}")


async def _change(world: World, person: Person, step: Attach | Cancel | Uncancel) -> Done:
    path, wanted = f"/v1/{step.do}", dict[str, Any](product=step.product)
    match step:
        case Attach():
            path = "/v1/attach/preview" if step.do == "preview" else path
            wanted = _wanted(step)
        case Cancel():
            wanted |= {"mode": step.mode, **step.params.document()}
        case Uncancel():
            pass
        case _:
            assert_never(step)
    answer = await _ask(world, person, path, wanted, step.entity)
    if answer.error is None and step.do != "preview":
        person.remember(answer.body)
    return Done(answer)


def _wanted(step: Attach) -> dict[str, Any]:
    """The request; a list of one product is that product."""
    lines = [line.document() for line in step.products or ()]
    match lines:
        case []:
            return {"product": step.product, **step.params}
        case [line]:
            return {**step.params, **line}
        case _:
            return {"products": lines, **step.params}


async def _use(world: World, person: Person, step: Check | Track | SetUsage) -> Done:
    said = step.model_dump(mode="json", exclude_none=True, exclude={"do", "customer", "expect", "entity"})
    path = {"check": "/v1/check", "track": "/v1/track", "set_usage": "/v1/usage"}[step.do]
    answer = await _ask(world, person, path, said, step.entity)
    rejecting = isinstance(step, Track) and step.overage == "reject"
    return Done(answer, refusal_is_an_answer=rejecting and answer.error in REFUSED_BY_WISH)


async def _pay(world: World, person: Person, step: CompleteCheckout | PayInvoice | SetPaymentMethod) -> Done:
    match step:
        case CompleteCheckout():
            return await _complete_checkout(world, person, step)
        case PayInvoice():
            return await _pay_invoice(world, person, step)
        case SetPaymentMethod():
            await world.set_card(person, step.payment_method)
            return Done(Answer(200))
        case _:
            assert_never(step)


async def _ask(
    world: World, person: Person, path: str, wanted: Mapping[str, Any], entity: str | None
) -> Answer:
    named = {"entity": entity} if entity is not None else {}
    return await world.door.call("POST", path, {"customer": person.reference, **named, **wanted})


async def _advance(world: World, person: Person, step: Advance) -> Answer:
    view = await world.view(person)
    invoices = await world.invoices(person) if step.to == "next_invoice" else []
    try:
        at = target(step, view, invoices)
    except NothingEnds as reason:
        raise DoorClosed(f"advance to {step.to}: {reason}") from reason
    await world.door.must("POST", f"/v1/sandbox/clocks/{world.clock}/advance", {"to": at.isoformat()})
    return Answer(200, {"now": at.isoformat()})


# Whoever has told no email yet is asked for one on the page.
_EMAIL = "buyer@example.com"


async def _complete_checkout(world: World, person: Person, step: CompleteCheckout) -> Done:
    session = world.sessions.get(step.session or "") or step.session or next(reversed(person.checkouts), None)
    if session is None or session not in person.checkouts:
        return Done(_missing("checkout_not_found", "no checkout session was handed out"))
    if step.quantities:
        raise NotBuilt("complete_checkout.quantities")
    form = {"payment_method": str(step.payment_method), "email": _EMAIL}
    if step.payment_method == "requires_3ds":
        form["confirm_3ds"] = "yes"
    page = await world.door.hosted_page(person.checkouts[session], form)
    return Done(_declined(page), attachment=person.attachments.get(session))


async def _pay_invoice(world: World, person: Person, step: PayInvoice) -> Done:
    invoices = [invoice for invoice in await world.invoices(person) if invoice.get("state") == "open"]
    if not invoices:
        return Done(_missing("invoice_not_found", "the customer has no open invoice"))
    form = {"confirm_3ds": "yes"} if step.confirm_3ds else {}
    page = await world.door.hosted_page(str(invoices[-1]["hosted_url"]), form)
    return Done(_declined(page), attachment=person.last_attachment)


def _missing(code: str, sentence: str) -> Answer:
    return Answer(404, {"code": code, "detail": sentence})


def _declined(page: Answer) -> Answer:
    """A page that took no money says so as an attach would."""
    return Answer(200, {**page.body, "status": "payment_failed"}) if page.error is not None else Answer(200)
