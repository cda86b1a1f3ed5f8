"""What do our rows become when a plan is done at Stripe? Every frozen effect, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.store import LAPSE_DUE
from engine.ledger.model import UsageOnSwitch
from engine.mirror import balances, holdings
from engine.mirror.invoices import converge_invoice
from engine.mirror.subscriptions import copy_subscription, link_items
from engine.mirror.terms import quantities_of
from engine.payments.mapping import SubscriptionSeen, subscription_seen
from engine.pricing.model import ZERO
from engine.telemetry import alarm
from machines.subscription_product import Event
from persistence import due
from persistence.models import (
    Attachment,
    BilledLine,
    Customer,
    Step,
    Subscription,
    SubscriptionItem,
    SubscriptionProduct,
)
from persistence.models.base import jsonable
from persistence.repositories import customers
from persistence.repositories import holdings as held_rows
from persistence.repositories import mirror as mirror_rows
from persistence.states import move

Json = dict[str, Any]
_EVENTS = {str(event): event for event in Event}


@dataclass(slots=True)
class _Change:
    """What the effects work on: the customer's rows as they are now, and what Stripe answered."""

    customer: Customer
    attachment: Attachment
    held: dict[str, SubscriptionProduct]
    stripe: Json | None
    at: datetime
    followed: frozenset[str]
    items: list[SubscriptionItem] = field(default_factory=list[SubscriptionItem])
    prices: dict[str, str] = field(default_factory=dict[str, str])


async def complete_change(session: AsyncSession, attachment: Attachment, steps: Sequence[Step]) -> None:
    """Apply all effects of an attach, cancel or uncancel whose steps are done."""
    assert attachment.customer_id is not None
    customer = await customers.lock(session, attachment.customer_id)
    held = {h.id: h for h in await held_rows.held_products(session, customer.id)}
    effects: list[Json] = attachment.plan["effects"]
    change = _Change(
        customer,
        attachment,
        held,
        _subscription_answered(steps),
        attachment.at,
        frozenset(e["replaces"] for e in effects if e["do"] == "Start" and e["state"] == "active"),
    )
    for effect in effects:
        await _EFFECTS[effect["do"]](session, change, effect)
    await due.cancel(session, f"{LAPSE_DUE}:{attachment.id}")
    _link(change)
    _compare_ends(change)
    await _bill(session, attachment, steps)


def _subscription_answered(steps: Sequence[Step]) -> Json | None:
    """The subscription as Stripe answered last, also when it came with a checkout session."""
    for step in reversed(steps):
        result: Json = step.result or {}
        for seen in (result, result.get("subscription")):
            if isinstance(seen, dict) and cast("Json", seen).get("object") == "subscription":
                return cast("Json", seen)
    return None


def _link(change: _Change) -> None:
    """Tie new items to those of the subscription that Stripe answered."""
    if change.stripe is None:
        return
    held = [item for h in change.held.values() for item in h.items if h.state != "ended"]
    prices = {i.price_id: i.price.stripe_price_id for i in held if i.price.stripe_price_id}
    seen = subscription_seen(change.stripe)
    link_items(seen.items, [*held, *change.items], {**prices, **change.prices})


def _compare_ends(change: _Change) -> None:
    """Tell a person when Stripe bills to another end than the one to which we charged.

    The purchase stands: it is paid and granted. Only its next renewal would charge a stretch twice, or never.
    """
    ours = {
        line["price_id"]: datetime.fromisoformat(line["period"]["end"])
        for line in change.attachment.lines
        if line["kind"] == "charge" and line["period"] is not None
    }
    for item in (*change.items, *(i for h in change.held.values() for i in h.items)):
        wanted = ours.get(item.price_id)
        if wanted is not None and item.period_end is not None and item.period_end != wanted:
            alarm(
                "period_end_differs",
                attachment=change.attachment.id,
                item=item.stripe_item_id,
                ours=wanted.isoformat(),
                stripes=item.period_end.isoformat(),
            )


async def _start(session: AsyncSession, change: _Change, effect: Json) -> None:
    product = await held_rows.product(session, effect["product"])
    anchor = datetime.fromisoformat(effect["anchor"])
    subscription = _subscription_for(session, change, effect, anchor)
    made = SubscriptionProduct(
        id=effect["row"],
        subscription_id=effect["subscription"],
        customer_id=change.customer.id,
        product_id=product.id,
        entity_id=effect["entity"],
        group=product.group,
        add_on=product.add_on,
        one_off=effect["one_off"],
        quantities=_stored(quantities_of(effect["quantities"])),
        starts_at=datetime.fromisoformat(effect["starts_at"]),
        attachment_id=change.attachment.id,
    )
    session.add(made)
    items = holdings.items_for(made, product)
    session.add_all(items)
    change.items.extend(items)
    change.prices.update({p.id: p.stripe_price_id for p in product.prices if p.stripe_price_id})
    replaced = change.held.get(effect["replaces"] or "")
    if effect["state"] == "scheduled":
        move(session, made, Event.SCHEDULED, guards=holdings.guards(made, change.at))
        if replaced is None or not replaced.subscription.paid:
            await holdings.plan_beginning(session, change.customer, made)
        return
    await holdings.begin(
        session,
        change.customer,
        made,
        product,
        anchor=subscription.anchor if subscription is not None else anchor,
        replaced=replaced,
        usage=UsageOnSwitch(effect["usage"]),
        at=change.at,
    )
    if effect["make"] == "paid" and change.stripe is not None:
        await _first_invoice(session, change.stripe, made)


def _subscription_for(
    session: AsyncSession, change: _Change, effect: Json, anchor: datetime
) -> Subscription | None:
    """The Subscription that is made for a product; None when it joins one that exists."""
    if effect["make"] == "nothing":
        return None
    paid = effect["make"] == "paid"
    subscription = holdings.subscription_for(
        change.customer, row=effect["subscription"], paid=paid, anchor=anchor, currency="usd"
    )
    if paid:
        assert change.stripe is not None, "a paid Subscription comes with one of Stripe's"
        seen: SubscriptionSeen = subscription_seen(change.stripe)
        copy_subscription(subscription, seen)
        change.customer.currency = change.customer.currency or change.stripe["currency"]
    session.add(subscription)
    return subscription


async def _first_invoice(session: AsyncSession, stripe: Json, made: SubscriptionProduct) -> None:
    invoice = stripe.get("latest_invoice")
    if isinstance(invoice, dict):
        await converge_invoice(session, cast("Json", invoice), made=made)


def _stored(quantities: Mapping[str, Decimal]) -> Json:
    return {feature: jsonable(units) for feature, units in quantities.items()}


async def _end(session: AsyncSession, change: _Change, effect: Json) -> None:
    held = change.held.get(effect["row"])
    if held is None:
        return
    event = _EVENTS[effect["event"]]
    if event is Event.SCHEDULE_DROPPED or held.id in change.followed:
        holdings.end(session, held, event, at=change.at)
    else:
        await holdings.finish(session, change.customer, held, event, at=change.at)
    if not held.subscription.paid:
        held.subscription.ended_at = change.at


async def _set_end(session: AsyncSession, change: _Change, effect: Json) -> None:
    held = change.held[effect["row"]]
    holdings.set_end(session, held, ends=datetime.fromisoformat(effect["at"]), at=change.at)


async def _withdraw_end(session: AsyncSession, change: _Change, effect: Json) -> None:
    holdings.withdraw_end(session, change.held[effect["row"]], at=change.at)


async def _set_quantities(session: AsyncSession, change: _Change, effect: Json) -> None:
    held = change.held[effect["row"]]
    held.quantities = _stored(quantities_of(effect["quantities"]))
    wanted = {item.price_id: item.quantity for item in holdings.items_for(held, held.product)}
    for item in held.items:
        item.quantity = wanted.get(item.price_id, item.quantity)
        if not item.quantity:
            item.stripe_item_id = None
    await balances.resize_for(
        session,
        change.customer,
        held,
        held.product,
        anchor=held.subscription.anchor,
        at=change.at,
    )


_EFFECTS = {
    "Start": _start,
    "End": _end,
    "SetEnd": _set_end,
    "WithdrawEnd": _withdraw_end,
    "SetQuantities": _set_quantities,
}


async def _bill(session: AsyncSession, attachment: Attachment, steps: Sequence[Step]) -> None:
    """Keep the lines of our own invoice: charges that can be credited later, and credits."""
    number: int | None = attachment.plan["own_invoice"]
    if number is None:
        return
    stripe_id = next(step.object_id for step in steps if step.n == number)
    assert stripe_id is not None
    invoice = await mirror_rows.invoice_of_stripe(session, stripe_id)
    assert invoice is not None, "every answer of Stripe was converged when it was recorded"
    credited = await mirror_rows.billed_lines_named(
        session, [line["billed_line_id"] for line in attachment.lines if line["billed_line_id"]]
    )
    prices = await mirror_rows.prices_named(session, [line["price_id"] for line in attachment.lines])
    for line in attachment.lines:
        if line["billed_line_id"]:
            credited[line["billed_line_id"]].credited -= line["amount"]
        price = prices.get(line["price_id"] or "")
        period: Json = line["period"] or {}
        session.add(
            BilledLine(
                subscription_id=attachment.plan["subscription"],
                subscription_product_id=line["holding"],
                price_id=line["price_id"],
                product_id=price.product_id if price else None,
                invoice_id=invoice.id,
                kind=line["kind"] if line["kind"] == "credit" or price is None else price.kind,
                description=line["description"],
                amount=line["amount"],
                quantity=Decimal(line["quantity"]) or ZERO,
                currency=line["currency"],
                period_start=_instant(period.get("start")),
                period_end=_instant(period.get("end")),
                paid=invoice.state == "paid",
                access_given=False,
            )
        )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
