"""Where does the clock go? The target of an advance, computed from what the API shows of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.clock import Interval, add_intervals
from engine.scenario.format import Advance, By

DRAFT_HOUR = timedelta(hours=1)
"""How long Stripe leaves a renewal invoice open for changes (Stripe docs: billing/invoices/subscription)."""

LIVE_AT_STRIPE = frozenset({"trialing", "active", "past_due", "unpaid", "paused", "canceling"})
RENEWAL_REASONS = frozenset({"subscription_cycle", "renewal"})


class NothingEnds(Exception):
    """The step waits for the end of a period, and the customer has none."""


def instant(text: object) -> datetime | None:
    """An instant of the API, or nothing."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def target(step: Advance, view: Mapping[str, Any], invoices: Sequence[Mapping[str, Any]]) -> datetime:
    """The instant to which the step moves the clock of the customer with this view and these invoices."""
    now = instant(view["now"])
    if now is None:
        raise NothingEnds("the customer has no clock")
    if step.by is not None:
        return _moved(now, step.by)
    match step.to:
        case datetime():
            return step.to
        case "next_invoice":
            return _next_invoice(now, view, invoices)
        case _:
            return _period_end(now, view)


def live_subscriptions(view: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The subscriptions that live at Stripe and cost something."""
    return [
        subscription
        for subscription in view.get("subscriptions", ())
        if subscription.get("stripe_subscription")
        and subscription.get("paid", True)
        and subscription.get("state") in LIVE_AT_STRIPE
    ]


def _moved(now: datetime, by: By) -> datetime:
    moved = add_intervals(now, Interval.MONTH, by.months) if by.months else now
    return moved + timedelta(weeks=by.weeks, days=by.days, seconds=by.seconds)


def _period_end(now: datetime, view: Mapping[str, Any]) -> datetime:
    """The earliest end of a paid period; without one the next end or reset of what costs nothing."""
    paid = [instant(subscription.get("current_period_end")) for subscription in live_subscriptions(view)]
    free = [instant(product.get("ends_at")) for product in view.get("products", ())]
    free += [instant(balance.get("next_reset_at")) for balance in view.get("balances", {}).values()]
    for ends in (paid, free):
        coming = [end for end in ends if end is not None and end > now]
        if coming:
            return min(coming)
    raise NothingEnds("no period, product or allowance of the customer ends")


def _next_invoice(now: datetime, view: Mapping[str, Any], invoices: Sequence[Mapping[str, Any]]) -> datetime:
    """When the next renewal invoice is final: an hour after it is made, which may have happened already."""
    for invoice in invoices:
        created = instant(invoice.get("created"))
        renewal = invoice.get("state") == "draft" and invoice.get("reason") in RENEWAL_REASONS
        if renewal and created is not None and created + DRAFT_HOUR > now:
            return created + DRAFT_HOUR
    end = _period_end(now, view)
    followed = {
        row.get("subscription") for row in view.get("products", ()) if row.get("state") == "scheduled"
    }
    renewing = [
        subscription
        for subscription in live_subscriptions(view)
        if instant(subscription.get("current_period_end")) == end
        and (subscription.get("id") in followed or subscription.get("ends_at") is None)
    ]
    return end + DRAFT_HOUR if renewing else end
