"""How does a held product begin, end, or get an end? The rows that move together, in one place.

Every path ends here: an attach that completes, a webhook that arrives, a planned instant that is reached.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from engine.ledger.model import UsageOnSwitch
from engine.mirror import balances
from engine.mirror.terms import priced_items, quantities_of
from engine.pricing.quantities import billed_packs, with_units
from machines.subscription_product import END_REASON, Event, guards_at
from persistence import due
from persistence.models import Customer, Product, Subscription, SubscriptionItem, SubscriptionProduct
from persistence.states import move

BEGIN_DUE = "begin"
"""The kind of what is due when a scheduled product begins; its payload names the product."""


def guards(held: SubscriptionProduct, at: datetime) -> dict[str, bool]:
    """The answers to the machine's guards for a held product."""
    return guards_at(at, ends_at=held.ends_at, trial_ends_at=held.trial_ends_at)


async def begin(
    session: AsyncSession,
    customer: Customer,
    held: SubscriptionProduct,
    product: Product,
    *,
    anchor: datetime,
    replaced: SubscriptionProduct | None,
    usage: UsageOnSwitch,
    at: datetime,
) -> None:
    """A product comes into force: its state and its balances; what it replaces ends first."""
    event = Event.SCHEDULE_BEGAN if held.state == "scheduled" else Event.ACTIVATED
    held.started_at = at
    move(session, held, event, guards=guards(held, at))
    if replaced is not None and replaced.state != "ended":
        end(session, replaced, Event.REPLACED, at=at)
        before = await session.get_one(Subscription, replaced.subscription_id)
        if not before.paid:
            before.ended_at = at
    await balances.open_for(
        session, customer, held, product, anchor=anchor, replaced=replaced, usage=usage, at=at
    )


def items_for(held: SubscriptionProduct, product: Product) -> list[SubscriptionItem]:
    """The ties to Stripe's items that a product needs: one for each price that comes back."""
    priced = with_units(priced_items(product), quantities_of(held.quantities))
    return [
        SubscriptionItem(
            subscription_product_id=held.id,
            price_id=item.price_id,
            quantity=Decimal(billed_packs(item)),
        )
        for item in priced
        if not item.is_one_off
    ]


async def finish(
    session: AsyncSession, customer: Customer, held: SubscriptionProduct, event: Event, *, at: datetime
) -> None:
    """A product is over and nothing takes its place: its state, and the balances that it granted."""
    end(session, held, event, at=at)
    await balances.close_for(session, customer, held, at=at)


def end(session: AsyncSession, held: SubscriptionProduct, event: Event, *, at: datetime) -> None:
    """Move a product to its end and say why and when."""
    move(session, held, event, guards=guards(held, at))
    held.ended_at = at
    held.end_reason = END_REASON[event].value


def set_end(session: AsyncSession, held: SubscriptionProduct, *, ends: datetime, at: datetime) -> None:
    """A product gets an instant at which it ends."""
    held.ends_at = ends
    held.canceled_at = at
    move(session, held, Event.END_SCHEDULED, guards=guards(held, at))


def withdraw_end(session: AsyncSession, held: SubscriptionProduct, *, at: datetime) -> None:
    """The planned end of a product is called off."""
    held.ends_at = None
    held.canceled_at = None
    move(session, held, Event.END_WITHDRAWN, guards=guards(held, at))


async def plan_beginning(session: AsyncSession, customer: Customer, held: SubscriptionProduct) -> None:
    """Remember the instant at which a scheduled product begins, where no event of Stripe will tell it."""
    await due.put(
        session,
        clock_id=customer.clock_id,
        customer_id=customer.id,
        at=held.starts_at,
        kind=BEGIN_DUE,
        key=f"{BEGIN_DUE}:{held.id}",
        payload={"subscription_product": held.id},
    )


def subscription_for(
    customer: Customer, *, row: str, paid: bool, anchor: datetime, currency: str
) -> Subscription:
    """A new Subscription of a customer; a paid one learns its Stripe id from what Stripe answered."""
    return Subscription(
        id=row, customer_id=customer.id, paid=paid, anchor=anchor, currency=currency, stripe_status=None
    )
