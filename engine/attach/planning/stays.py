"""How long does each product stay in a Subscription, and what is due next? Pure readings of a context."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime

from engine.attach.context import AttachContext, HeldProduct, SubscriptionTerms
from engine.attach.planning.stripe_plan import Stay
from engine.pricing.lines import next_cycle
from engine.pricing.model import BilledLineView, NextCycle, PlanItems, PricedItem
from engine.pricing.periods import last_boundary, needs_new_anchor


def stays_of(
    context: AttachContext, home: SubscriptionTerms, *, without: Container[str] = frozenset()
) -> list[Stay]:
    """The products that a Subscription holds or will hold, but for those that leave it."""
    return [
        Stay(h.items, context.at if h.live else h.starts_at, h.ends_at)
        for h in context.held
        if h.subscription == home.row_id
        and h.row_id not in without
        and h.items.recurring
        and (h.live or h.state == "scheduled")
    ]


def period_end_of(held: HeldProduct, home: SubscriptionTerms, *, at: datetime) -> datetime:
    """The end of the longest running period of a held product; of its trial while that runs."""
    if held.state == "trialing" and held.trial_ends_at is not None:
        return held.trial_ends_at
    end = last_boundary(held.items.recurring, anchor=home.anchor, at=at)
    assert end is not None
    return end


def next_cycle_of(
    plans: Iterable[PlanItems], *, anchor: datetime, at: datetime, starts: datetime | None = None
) -> NextCycle | None:
    """What the next renewal says when these products go on; None when nothing recurs."""
    items = [item for plan in plans for item in plan.recurring]
    return next_cycle(items, anchor=anchor, at=at, starts_at=starts) if items else None


def cycle_from(plans: Iterable[PlanItems], *, anchor: datetime, starts: datetime) -> NextCycle | None:
    """What the renewal at a switch says; the grid begins anew there when an item does not fit into it."""
    held = list(plans)
    items = [item for plan in held for item in plan.recurring]
    restarts = needs_new_anchor(items, anchor=anchor, at=starts)
    return next_cycle_of(held, anchor=starts if restarts else anchor, at=starts, starts=starts)


def staying(stays: Iterable[Stay]) -> list[PlanItems]:
    """The products without a planned end."""
    return [stay.items for stay in stays if stay.ends is None]


def billed_for(home: SubscriptionTerms, held: HeldProduct | None) -> tuple[BilledLineView, ...]:
    """What was billed for a held product and its running periods."""
    if held is None:
        return ()
    return tuple(line for line in home.billed if line.holding == held.row_id)


def billed_for_item(
    home: SubscriptionTerms, held: HeldProduct, item: PricedItem
) -> tuple[BilledLineView, ...]:
    """What was billed for one price of a held product."""
    return tuple(line for line in billed_for(home, held) if line.price_id == item.price_id)
