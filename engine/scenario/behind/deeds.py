"""What happens at Stripe behind our back? Faults, and what somebody does in its dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.scenario.door import Answer, Door, DoorClosed, NotBuilt
from engine.scenario.format import Break, Stripe
from engine.scenario.times import live_subscriptions
from engine.scenario.world import Person, World


@dataclass(frozen=True, slots=True)
class Deed:
    """An action of the dashboard: what it is about, and of an invoice in which state it must be."""

    about: str
    state: str | None = None


DEEDS: Mapping[str, Deed] = {
    "cancel_now": Deed("subscription"),
    "cancel_at_period_end": Deed("subscription"),
    "uncancel": Deed("subscription"),
    "pause_collection": Deed("subscription"),
    "resume_collection": Deed("subscription"),
    "delete_customer": Deed("customer"),
    "resend_last_event": Deed("customer"),
    "pay_invoice": Deed("invoice", "open"),
    "void_invoice": Deed("invoice", "open"),
    "mark_uncollectible": Deed("invoice", "open"),
    "refund": Deed("invoice", "paid"),
    "dispute": Deed("invoice", "paid"),
}
"""What a step may do at Stripe; what the engine does not follow yet is named in support.py."""

_SAID_BY_THE_STEP = frozenset({"do", "action", "customer", "expect"})


async def break_stripe(world: World, person: Person, step: Break) -> Answer:
    """Bring faults into force for this customer, or take away all that this scenario made."""
    twin = _twin(world, step.do)
    if step.do == "heal":
        await heal(world)
        return Answer(200)
    view = await world.view(person)
    known = view.get("stripe_customer")
    # Others may play at the same twin: a fault that names nobody hits our customer alone.
    ours = {"customer": known} if known else {}
    for fault in step.faults:
        made = await _must(twin, "/_twin/faults", ours | fault)
        world.faults.append(str(made["id"]))
    return Answer(200)


async def heal(world: World) -> None:
    """Take away the faults that this scenario made."""
    while world.twin is not None and world.faults:
        await world.twin.call("DELETE", f"/_twin/faults/{world.faults.pop()}")


async def act(world: World, person: Person, step: Stripe) -> Answer:
    """Do it in the dashboard; Stripe's refusal is an answer."""
    twin = _twin(world, f"stripe {step.action}")
    said = step.model_dump(mode="json", exclude=set(_SAID_BY_THE_STEP), exclude_none=True)
    deed = DEEDS[step.action]
    target = {deed.about: await _target(world, person, deed)}
    return await twin.call("POST", "/_twin/dashboard", {"action": step.action, **target, **said})


async def _target(world: World, person: Person, deed: Deed) -> str:
    """The Stripe id of what the deed is about."""
    view = await world.view(person)
    match deed.about:
        case "customer":
            found = [view.get("stripe_customer")]
        case "subscription":
            found = [held["stripe_subscription"] for held in live_subscriptions(view)]
        case _:
            invoices = await world.invoices(person)
            found = [held["stripe_invoice"] for held in invoices if held["state"] == deed.state]
    if not found or found[-1] is None:
        raise DoorClosed(f"the customer has no {deed.about} at Stripe that this could be done to")
    return str(found[-1])


def _twin(world: World, word: str) -> Door:
    if world.twin is None:
        raise NotBuilt(f"{word} without a twin")
    return world.twin


async def _must(twin: Door, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = await twin.call("POST", path, body)
    if answer.error is not None:
        raise DoorClosed(f"{path}: {answer.body.get('error')}")
    return answer.body
