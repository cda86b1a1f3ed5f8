"""What does a change cost? What was billed becomes credits, what is wanted becomes charges.

A credit and a charge are each `amount x time left / length of the period` in whole seconds, rounded half up
(Stripe docs: billing/subscriptions/prorations), so that the sum a buyer reads is the sum that is charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from engine.errors import NotImplementedYet
from engine.money import prorate, share_of_period
from engine.pricing import words
from engine.pricing.model import (
    BilledLineView,
    Cadence,
    Line,
    LineKind,
    NextCycle,
    OnDecrease,
    OnIncrease,
    Period,
    PricedItem,
)
from engine.pricing.periods import next_boundary, running_period, starts_on
from engine.pricing.quantities import billed_packs, bought_packs, full_amount, policy_of_change


class Proration(StrEnum):
    """When the difference of a change is charged."""

    IMMEDIATE = "immediate"
    NEXT_CYCLE = "next_cycle"
    NONE = "none"


def credit_lines(billed: Iterable[BilledLineView], *, at: datetime) -> tuple[Line, ...]:
    """The value of the time left of each recurring charge, never more than is left of it.

    What is not paid is credited only where access was given for it; what was billed once never is.
    """
    lines = (_credit(line, at) for line in billed if line.paid or line.access_given)
    return tuple(line for line in lines if line is not None)


def cancel_lines(billed: Iterable[BilledLineView], *, at: datetime) -> tuple[Line, ...]:
    """The credits of an immediate end: as for a change, but nothing for what was never paid."""
    return credit_lines([line for line in billed if line.paid], at=at)


def charge_lines(
    items: Iterable[PricedItem],
    *,
    anchor: datetime,
    at: datetime,
    periods: Mapping[Cadence, Period] | None = None,
) -> tuple[Line, ...]:
    """What the items cost from now to the end of their running periods; what is billed once in full.

    `periods` overrides the anchor's grid where the true period was read from Stripe.
    """
    known = periods or {}
    lines: list[Line] = []
    for item in items:
        if item.is_usage:
            continue
        period = known.get(item.cadence) or running_period(item.cadence, anchor=anchor, at=at)
        line = _charge(item, period, at)
        if line.amount:
            lines.append(line)
    return tuple(lines)


def full_lines(items: Iterable[PricedItem], *, at: datetime) -> tuple[Line, ...]:
    """What a first invoice says: every item in full, its period beginning now."""
    return charge_lines(items, anchor=at, at=at)


def change_lines(
    billed: Iterable[BilledLineView],
    items: Iterable[PricedItem],
    *,
    anchor: datetime,
    at: datetime,
    proration: Proration = Proration.IMMEDIATE,
    periods: Mapping[Cadence, Period] | None = None,
) -> tuple[Line, ...]:
    """What replacing what was billed by the items costs now: the credits, then the charges."""
    match proration:
        case Proration.IMMEDIATE:
            charges = charge_lines(items, anchor=anchor, at=at, periods=periods)
            return credit_lines(billed, at=at) + charges
        case Proration.NONE:
            return ()
        case Proration.NEXT_CYCLE:
            raise NotImplementedYet("charging the difference of a change with the next cycle")
        case _:
            assert_never(proration)


def quantity_lines(
    billed: Iterable[BilledLineView],
    *,
    old: PricedItem,
    new: PricedItem,
    anchor: datetime,
    at: datetime,
    proration: Proration | None = None,
) -> tuple[Line, ...]:
    """What another quantity of one item costs now, by the policy of its price unless the request names one.

    `billed` are the charges of this item that are running; no line is made when as many packs are bought.
    """
    policy = policy_of_change(old, new)
    if policy is None or proration is Proration.NONE:
        return ()
    if new.is_one_off:
        return _difference_line(old, new, period=None, at=at)
    match policy:
        case OnIncrease.PRORATE_IMMEDIATELY | OnDecrease.PRORATE_IMMEDIATELY:
            return change_lines(
                billed, [new], anchor=anchor, at=at, proration=proration or Proration.IMMEDIATE
            )
        case OnIncrease.BILL_IMMEDIATELY:
            return _difference_line(old, new, running_period(new.cadence, anchor=anchor, at=at), at)
        case OnDecrease.NONE | OnDecrease.NO_PRORATIONS:
            return ()
        case OnIncrease.PRORATE_NEXT_CYCLE | OnIncrease.BILL_NEXT_CYCLE | OnDecrease.PRORATE_NEXT_CYCLE:
            raise NotImplementedYet(f"a quantity change with the policy {policy.value}")
        case _:
            assert_never(policy)


def next_cycle(
    items: Iterable[PricedItem], *, anchor: datetime, at: datetime, starts_at: datetime | None = None
) -> NextCycle | None:
    """The renewal that follows the instant for all items that go on, or None when nothing recurs.

    It is the next end of a running period unless `starts_at` says so (a trial's end, a new anchor); items of
    a longer interval whose period does not begin there are left out.
    """
    going_on = [item for item in items if not item.is_one_off]
    begins = starts_at or next_boundary(going_on, anchor=anchor, at=at)
    if begins is None:
        return None
    due = [item for item in going_on if starts_on(item.cadence, anchor=anchor, at=begins)]
    return NextCycle(begins, charge_lines(due, anchor=anchor, at=begins))


def _credit(billed: BilledLineView, at: datetime) -> Line | None:
    if billed.period is None or billed.net <= 0:
        return None
    share = share_of_period(billed.period.start, billed.period.end, at)
    worth = prorate(billed.net, share)
    amount = worth - billed.credited
    if amount <= 0:
        return None
    begins = max(at, billed.period.start)
    return Line(
        kind=LineKind.CREDIT,
        description=words.unused(billed.title, begins, whole=share == 1),
        amount=-amount,
        currency=billed.currency,
        formula=words.share_formula(-billed.net, billed.period, begins, after=billed.credited),
        quantity=billed.quantity,
        period=Period(begins, billed.period.end),
        product=billed.product,
        feature=billed.feature,
        price_id=billed.price_id,
        billed_line_id=billed.id,
        holding=billed.holding,
    )


def _charge(item: PricedItem, period: Period | None, at: datetime) -> Line:
    full = full_amount(item)
    whole = period is None or at <= period.start
    title = words.title(item)
    if period is None or whole:
        amount, formula, rest = full, words.full_formula(item, full), period
        description = title
    else:
        amount = prorate(full, share_of_period(period.start, period.end, at))
        formula = words.share_formula(full, period, at)
        rest = Period(at, period.end)
        description = words.remaining(title, at)
    return _charge_line(item, description, amount, formula, rest, quantity=billed_packs(item))


def _difference_line(
    old: PricedItem, new: PricedItem, period: Period | None, at: datetime
) -> tuple[Line, ...]:
    before, after = full_amount(old), full_amount(new)
    if after <= before:
        return ()
    more = bought_packs(new) - bought_packs(old)
    rest = None if period is None else Period(max(at, period.start), period.end)
    formula = f"{after} - {before} = {after - before}"
    return (_charge_line(new, words.more(new, more), after - before, formula, rest, quantity=more),)


def _charge_line(
    item: PricedItem,
    description: str,
    amount: int,
    formula: str,
    period: Period | None,
    *,
    quantity: int,
) -> Line:
    return Line(
        kind=LineKind.CHARGE,
        description=description,
        amount=amount,
        currency=item.currency,
        formula=formula,
        quantity=quantity,
        period=period,
        product=item.product,
        feature=item.feature,
        price_id=item.price_id,
        holding=item.holding,
    )
