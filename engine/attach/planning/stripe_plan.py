"""Which calls bring Stripe to the wanted state? The difference between what is there and what shall be.

Money goes first where it is owed: invoice, pay, then change; where it is given back: change, then invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.attach.context import AttachContext, SubscriptionTerms
from engine.attach.planning.plan import StepList
from engine.clock import to_unix
from engine.pricing.model import Line, PlanItems
from engine.pricing.periods import needs_new_anchor
from engine.pricing.stripe_items import (
    PresentItem,
    WantedItem,
    invoice_items,
    item_changes,
    next_phase,
    schedule_params,
    wanted_items,
)
from engine.steps.plan import Condition, PlannedStep, Ref

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stay:
    """A product in a Subscription from an instant until another, or for good."""

    items: PlanItems
    starts: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch in which a Subscription holds the same products; nothing is held after the last one's end."""

    starts: datetime
    ends: datetime | None
    plans: tuple[PlanItems, ...]


def phases_of(stays: Iterable[Stay], *, at: datetime) -> tuple[Phase, ...]:
    """The stretches from now on in which the same products are held; a stretch of none ends the list."""
    running = [stay for stay in stays if stay.ends is None or stay.ends > at]
    edges = {at} | {s.starts for s in running if s.starts > at} | {s.ends for s in running if s.ends}
    moments = sorted(edges)
    phases: list[Phase] = []
    for i, begins in enumerate(moments):
        ends = moments[i + 1] if i + 1 < len(moments) else None
        held = [s.items for s in running if s.starts <= begins and (s.ends is None or s.ends > begins)]
        if not held:
            break
        phases.append(Phase(begins, ends, tuple(held)))
    return tuple(phases)


def change_invoice(
    steps: StepList,
    context: AttachContext,
    lines: Sequence[Line],
    *,
    description: str,
    subscription: str | None,
) -> Ref:
    """An invoice of our own lines on the customer: made, filled, finalized, and paid when it asks for money.

    Without `subscription`, so that its failure never makes the running plan past due and nobody retries it.
    """
    assert context.customer.stripe_id is not None
    invoice = steps.add(
        PlannedStep(
            "invoices.create",
            {
                "customer": context.customer.stripe_id,
                "currency": lines[0].currency,
                "auto_advance": False,
                "collection_method": "charge_automatically",
                "pending_invoice_items_behavior": "exclude",
                "description": description,
                "metadata": {"ws_subscription": subscription} if subscription else {},
            },
        )
    )
    steps.add(PlannedStep("invoices.add_lines", {"lines": [_line(line) for line in lines]}, target=invoice))
    steps.add(PlannedStep("invoices.finalize", {"auto_advance": False}, target=invoice))
    if sum(line.amount for line in lines) > 0 and context.customer.has_payment_method:
        steps.add(pay(invoice))
    return invoice


def pay(invoice: Ref | str) -> PlannedStep:
    """Pay an invoice now, when it is still open, with the buyer present; a decline leaves it open."""
    return PlannedStep(
        "invoices.pay",
        {"off_session": False},
        target=invoice,
        when=Condition(invoice, ("open",), otherwise="skip"),
        tolerates="declined",
    )


def paid(invoice: Ref | str) -> Condition:
    """A step that waits until the invoice is paid."""
    return Condition(invoice, ("paid",), otherwise="wait")


def settled(invoice: Ref | str) -> PlannedStep:
    """Nothing but waiting: the invoice is read once it is paid."""
    return PlannedStep("invoices.retrieve", target=invoice, when=paid(invoice))


def checkout_session(
    steps: StepList, context: AttachContext, plan: PlanItems, *, recurring: bool, success_url: str
) -> Ref:
    """A hosted page for the purchase; the plan goes on when the buyer has completed it.

    The card given there becomes the default one of the customer, so that it serves later purchases.
    """
    lines = [*(item.params() for item in wanted_items(plan.items)), *invoice_items(plan.items)]
    session = steps.add(
        PlannedStep(
            "checkout.sessions.create",
            {
                "customer": context.customer.stripe_id,
                "line_items": lines,
                "success_url": success_url,
                "client_reference_id": context.attachment,
                **_made_by_checkout(dict(steps.metadata), recurring=recurring),
            },
        )
    )
    expanded = "subscription.latest_invoice" if recurring else "invoice"
    done = steps.add(
        PlannedStep(
            "checkout.sessions.retrieve",
            {"expand": [expanded, "payment_intent"] if not recurring else [expanded]},
            target=session,
            when=Condition(session, ("complete",), otherwise="wait"),
        )
    )
    card = "subscription.default_payment_method" if recurring else "payment_intent.payment_method"
    steps.add(
        PlannedStep(
            "customers.update",
            {"invoice_settings": {"default_payment_method": Ref(done.step, card)}},
            target=context.customer.stripe_id,
        )
    )
    return session


def _made_by_checkout(metadata: Params, *, recurring: bool) -> Params:
    """What a completed page leaves behind: a subscription, or a paid invoice; and a card to charge later."""
    if recurring:
        return {"mode": "subscription", "subscription_data": {"metadata": metadata}}
    return {
        "mode": "payment",
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
        "payment_intent_data": {"setup_future_usage": "off_session"},
    }


def _line(line: Line) -> Params:
    params: Params = {"description": line.description, "amount": line.amount}
    if line.period is not None:
        params["period"] = {"start": to_unix(line.period.start), "end": to_unix(line.period.end)}
    return params


def create_subscription(steps: StepList, context: AttachContext, plan: PlanItems) -> Ref:
    """A new Stripe subscription that stays incomplete until its first invoice is paid, and that payment."""
    one_offs = invoice_items(plan.items)
    created = steps.add(
        PlannedStep(
            "subscriptions.create",
            {
                "customer": context.customer.stripe_id,
                "items": [item.params() for item in wanted_items(plan.items)],
                **({"add_invoice_items": one_offs} if one_offs else {}),
                "payment_behavior": "default_incomplete",
                "proration_behavior": "none",
                "expand": ["latest_invoice"],
            },
        )
    )
    first_invoice = Ref(created.step, "latest_invoice.id")
    if context.customer.has_payment_method:
        steps.add(pay(first_invoice))
    return steps.add(
        PlannedStep(
            "subscriptions.retrieve",
            {"expand": ["latest_invoice"]},
            target=created,
            when=paid(first_invoice),
        )
    )


def rebuild(
    steps: StepList,
    subscription: SubscriptionTerms,
    stays: Sequence[Stay],
    *,
    at: datetime,
    when: Condition | None = None,
) -> bool:
    """The steps that bring a live Stripe subscription to what its products say: items now, phases later.

    One end and nothing after it is a `cancel_at`; anything else planned is one schedule. Gives whether
    there was anything to do.
    """
    assert subscription.stripe_id is not None
    phases = phases_of(stays, at=at)
    todo: list[PlannedStep] = []
    if subscription.schedule_id is not None:
        todo.append(
            PlannedStep("subscription_schedules.release", target=subscription.schedule_id, tolerates="gone")
        )
    if not phases:
        todo.append(_cancelled(subscription))
    else:
        todo.extend(_updated(subscription, phases))
    for i, step in enumerate(todo):
        steps.add(_conditioned(step, when) if i == 0 else step)
    if len(phases) > 1:
        _schedule(steps, subscription, phases, when=None if todo else when)
    return bool(todo) or len(phases) > 1


def _conditioned(step: PlannedStep, when: Condition | None) -> PlannedStep:
    return PlannedStep(step.kind, step.params, target=step.target, when=when, tolerates=step.tolerates)


def _cancelled(subscription: SubscriptionTerms) -> PlannedStep:
    """A DELETE is not replayed: one whose answer was lost is told that the subscription is gone."""
    return PlannedStep(
        "subscriptions.cancel",
        {"prorate": False, "invoice_now": False},
        target=subscription.stripe_id,
        tolerates="gone",
    )


def _updated(subscription: SubscriptionTerms, phases: Sequence[Phase]) -> list[PlannedStep]:
    params: Params = {}
    changes = item_changes(_wanted(phases[0]), _present(subscription))
    if changes:
        params["items"] = changes
    ends = phases[0].ends if len(phases) == 1 else None
    if ends != subscription.cancel_at:
        params["cancel_at"] = to_unix(ends) if ends else ""
    if not params:
        return []
    params |= {"proration_behavior": "none", "expand": ["latest_invoice"]}
    return [PlannedStep("subscriptions.update", params, target=subscription.stripe_id)]


def _schedule(
    steps: StepList, subscription: SubscriptionTerms, phases: Sequence[Phase], *, when: Condition | None
) -> None:
    created = steps.add(
        PlannedStep("subscription_schedules.create", {"from_subscription": subscription.stripe_id}, when=when)
    )
    bodies: list[Params] = [
        {
            "items": [item.params() for item in _wanted(phases[0])],
            "start_date": Ref(created.step, "phases.0.start_date"),
            "end_date": _end(phases[0]),
            "proration_behavior": "none",
        }
    ]
    for phase in phases[1:]:
        # An item that would join in the middle of its period would be used without ever being billed for it.
        restart = needs_new_anchor(_items(phase), anchor=subscription.anchor, at=phase.starts)
        body = next_phase(_wanted(phase), _items(phase), restart_anchor=restart)
        if phase.ends is not None:
            body.pop("duration")
            body["end_date"] = _end(phase)
        bodies.append(body)
    params = schedule_params(bodies)
    if phases[-1].ends is not None:
        params["end_behavior"] = "cancel"
    steps.add(PlannedStep("subscription_schedules.update", params, target=created))


def _end(phase: Phase) -> int:
    assert phase.ends is not None
    return to_unix(phase.ends)


def _items(phase: Phase) -> tuple[Any, ...]:
    return tuple(item for plan in phase.plans for item in plan.recurring)


def _wanted(phase: Phase) -> tuple[WantedItem, ...]:
    return wanted_items(_items(phase))


def _present(subscription: SubscriptionTerms) -> list[PresentItem]:
    return [PresentItem(item.id, item.price, item.quantity) for item in subscription.items]
