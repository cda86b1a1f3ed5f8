"""What does a Stripe subscription mean for our rows? Its status, its items and their periods, its end.

The fetched object is the truth of what runs; which product an item belongs to is known from our prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.ledger.model import UsageOnSwitch
from engine.mirror import holdings
from engine.payments.mapping import ItemSeen, SubscriptionSeen, identifier, subscription_seen
from machines.subscription_product import LIVE, Event
from persistence.models import Customer, Subscription, SubscriptionItem, SubscriptionProduct
from persistence.repositories import holdings as held_rows
from persistence.repositories import mirror as rows
from persistence.states import move

Json = dict[str, Any]
OVER = frozenset({"canceled", "incomplete_expired"})
OVERDUE = frozenset({"past_due", "unpaid"})
LIVE_STATES = frozenset(map(str, LIVE))


async def converge_subscription(session: AsyncSession, stripe_object: Json) -> Subscription | None:
    """Bring a Subscription and its products to what was read; None when it is not one of ours (yet)."""
    seen = subscription_seen(stripe_object)
    customer = await rows.customer_of_stripe(session, seen.customer)
    subscription = await rows.subscription_of_stripe(session, seen.id)
    if customer is None or subscription is None:
        return None
    held = await rows.products_of_subscription(session, subscription.id)
    copy_subscription(subscription, seen)
    if seen.status in OVER:
        await _over(session, customer, subscription, held, seen)
    else:
        await _switch(session, customer, subscription, held, seen)
        _status(session, held, seen)
    link_items(seen.items, [item for h in held for item in h.items], _prices(held))
    return subscription


async def copy_answer(session: AsyncSession, stripe_object: Json) -> None:
    """Keep what a step of a running plan has made of a Subscription, without moving its products."""
    seen = subscription_seen(stripe_object)
    customer = await rows.customer_of_stripe(session, seen.customer)
    subscription = await rows.subscription_of_stripe(session, seen.id)
    if customer is not None and subscription is not None:
        copy_subscription(subscription, seen)


def copy_subscription(subscription: Subscription, seen: SubscriptionSeen) -> None:
    """What our row keeps of Stripe's subscription."""
    subscription.stripe_subscription_id = seen.id
    subscription.stripe_status = seen.status
    subscription.stripe_schedule_id = seen.schedule
    subscription.anchor = seen.anchor
    subscription.ended_at = seen.ended_at


def _prices(held: Sequence[SubscriptionProduct]) -> dict[str, str]:
    return {
        item.price_id: item.price.stripe_price_id
        for h in held
        for item in h.items
        if item.price.stripe_price_id is not None and h.state != "ended"
    }


def link_items(
    seen: Sequence[ItemSeen], items: Sequence[SubscriptionItem], prices: Mapping[str, str]
) -> None:
    """Tie our items to Stripe's by their price; several of ours may share one of Stripe's."""
    there = {item.price: item for item in seen}
    for item in items:
        found = there.get(prices.get(item.price_id, ""))
        if found is not None:
            item.stripe_item_id = found.id
            item.period_start, item.period_end = found.period_start, found.period_end


async def _over(
    session: AsyncSession,
    customer: Customer,
    subscription: Subscription,
    held: Sequence[SubscriptionProduct],
    seen: SubscriptionSeen,
) -> None:
    """The subscription is gone: its products end, and what was scheduled after them begins."""
    at = seen.ended_at or session.info["at"]
    for product in held:
        if product.state == "scheduled":
            holdings.end(session, product, Event.SCHEDULE_DROPPED, at=at)
    for product in held:
        if product.state == "incomplete":
            holdings.end(session, product, Event.INCOMPLETE_EXPIRED, at=at)
        elif product.state in LIVE_STATES:
            await _end_and_follow(session, customer, product, at=at, reason=_ended_by(product, seen, at))
    subscription.ended_at = at


def _ended_by(held: SubscriptionProduct, seen: SubscriptionSeen, at: datetime) -> Event:
    if seen.cancel_reason == "payment_failed" and held.state == "past_due":
        return Event.RETRIES_EXHAUSTED
    reached = held.ends_at is not None and held.ends_at <= at
    return Event.EXPIRED if reached and held.state != "active" else Event.CANCELED


async def _end_and_follow(
    session: AsyncSession, customer: Customer, held: SubscriptionProduct, *, at: datetime, reason: Event
) -> None:
    """End a product; the one that was scheduled to follow it begins in its place."""
    follower = await held_rows.scheduled_after(session, held)
    if follower is None:
        await holdings.finish(session, customer, held, reason, at=at)
        return
    product = await held_rows.product(session, follower.product_id)
    holdings.end(session, held, reason, at=at)
    await holdings.begin(
        session,
        customer,
        follower,
        product,
        anchor=at,
        replaced=held,
        usage=UsageOnSwitch.RESET,
        at=at,
    )


async def _switch(
    session: AsyncSession,
    customer: Customer,
    subscription: Subscription,
    held: Sequence[SubscriptionProduct],
    seen: SubscriptionSeen,
) -> None:
    """Products whose scheduled phase has begun at Stripe come into force, those whose end came leave."""
    there = {item.price for item in seen.items}
    now = max((item.period_start for item in seen.items), default=session.info["at"])
    for product in held:
        began = product.state == "scheduled" and product.starts_at <= now
        if began and there & set(_prices([product]).values()):
            await holdings.begin(
                session,
                customer,
                product,
                await held_rows.product(session, product.product_id),
                anchor=subscription.anchor,
                replaced=_replaced_by(product, held),
                usage=UsageOnSwitch.RESET,
                at=product.starts_at,
            )
    for product in held:
        over = product.ends_at is not None and product.ends_at <= now
        if over and product.state in LIVE_STATES and not there & set(_prices([product]).values()):
            await _end_and_follow(session, customer, product, at=now, reason=Event.EXPIRED)


def _replaced_by(
    product: SubscriptionProduct, held: Sequence[SubscriptionProduct]
) -> SubscriptionProduct | None:
    return next(
        (
            h
            for h in held
            if h.group == product.group and h.entity_id == product.entity_id and h.state in LIVE_STATES
        ),
        None,
    )


def _status(session: AsyncSession, held: Sequence[SubscriptionProduct], seen: SubscriptionSeen) -> None:
    """A payment that failed or recovered moves every product of the subscription."""
    for product in held:
        guards = holdings.guards(product, session.info["at"])
        if seen.status in OVERDUE and product.state in {"trialing", "active", "canceling"}:
            move(session, product, Event.PAYMENT_FAILED, guards=guards)
        elif seen.status == "active" and product.state == "past_due":
            move(session, product, Event.PAYMENT_RECOVERED, guards=guards)
        elif seen.status == "active" and product.state == "trialing":
            move(session, product, Event.TRIAL_ENDED, guards=guards)


async def converge_schedule(session: AsyncSession, stripe_object: Json) -> Subscription | None:
    """Remember the schedule that manages a Subscription, or that none does any more."""
    await rows.customer_of_stripe(session, identifier(stripe_object.get("customer")))
    released = identifier(stripe_object.get("released_subscription"))
    subscription = await rows.subscription_of_stripe(
        session, identifier(stripe_object.get("subscription")) or released
    )
    if subscription is None:
        return None
    managing = stripe_object["status"] in {"active", "not_started"}
    if managing:
        subscription.stripe_schedule_id = stripe_object["id"]
    elif subscription.stripe_schedule_id == stripe_object["id"]:
        subscription.stripe_schedule_id = None
    return subscription
