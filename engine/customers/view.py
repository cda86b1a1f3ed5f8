"""What is a customer shown of itself? Its products, Subscriptions, balances and invoices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.balances import all_as_json, balances_of, instant
from engine.access.scope import Scope
from engine.steps.claim import business_now
from persistence.models import Customer, Invoice, Subscription, SubscriptionItem, SubscriptionProduct
from persistence.models.base import jsonable
from persistence.repositories import billing, customer_view

Json = dict[str, Any]
Grants = Callable[[str, str], bool]
RUNNING = frozenset({"trialing", "active", "past_due", "paused", "canceling"})


async def view(session: AsyncSession, customer: Customer, *, grants: Grants) -> Json:
    """Everything that a customer has, had and will have, at the instant at which it lives."""
    now = business_now(customer)
    held = await customer_view.products(session, customer.id)
    paid_by = await customer_view.subscriptions(session, customer.id)
    balances = await balances_of(session, Scope(customer, None, now), grants=grants)
    return {
        "type": customer.type,
        "id": customer.external_id,
        "catalog": customer.catalog,
        "clock": customer.clock_id,
        "now": instant(now),
        "version": customer.version,
        "name": customer.name,
        "email": customer.email,
        "currency": customer.currency,
        "stripe_customer": customer.stripe_customer_id,
        "payment_method": customer.payment_method,
        "products": [_product(each) for each in held],
        "subscriptions": [
            _subscription(each, [product for product in held if product.subscription_id == each.id])
            for each in paid_by
        ],
        "balances": all_as_json(balances),
    }


async def invoices(session: AsyncSession, customer: Customer) -> Json:
    """The customer's invoices, oldest first."""
    return {"data": [_invoice(each) for each in await billing.invoices(session, customer.id)]}


def _product(held: SubscriptionProduct) -> Json:
    return {
        "id": held.id,
        "product": held.product.external_id,
        "version": held.product.version_number,
        "group": held.group,
        "add_on": held.add_on,
        "state": held.state,
        "end_reason": held.end_reason,
        "quantities": {feature: jsonable(units) for feature, units in held.quantities.items()},
        "starts_at": instant(held.starts_at),
        "started_at": instant(held.started_at),
        "ends_at": instant(held.ends_at),
        "ended_at": instant(held.ended_at),
        "canceled_at": instant(held.canceled_at),
        "trial_ends_at": instant(held.trial_ends_at),
        "entity": held.entity.external_id if held.entity is not None else None,
        "subscription": held.subscription_id,
        "attachment": held.attachment_id,
    }


def _subscription(subscription: Subscription, held: Sequence[SubscriptionProduct]) -> Json:
    running = [each for each in held if each.state in RUNNING]
    period = _period([item for each in running for item in each.items])
    return {
        "id": subscription.id,
        "stripe_subscription": subscription.stripe_subscription_id,
        "state": _state(subscription),
        "anchor": instant(subscription.anchor),
        "current_period_start": instant(period[0]) if period else None,
        "current_period_end": instant(period[1]) if period else None,
        "ends_at": instant(_end([*running, *(each for each in held if each.state == "scheduled")])),
        "ended_at": instant(subscription.ended_at),
        "paid": subscription.paid,
        "currency": subscription.currency,
    }


def _state(subscription: Subscription) -> str:
    """Stripe's word for what Stripe bills; what costs nothing lasts until it has ended."""
    if subscription.ended_at is not None:
        return "canceled"
    return subscription.stripe_status or "active"


def _period(items: Sequence[SubscriptionItem]) -> tuple[datetime, datetime] | None:
    """The period that ends first, since that is when something is billed next."""
    periods = [(i.period_start, i.period_end) for i in items if i.period_start and i.period_end]
    return min(periods, key=lambda period: period[1], default=None)


def _end(running: Sequence[SubscriptionProduct]) -> datetime | None:
    """When the last of its products ends; never, as long as one has no end."""
    ends = [each.ends_at for each in running if each.ends_at is not None]
    return max(ends) if ends and len(ends) == len(running) else None


def _invoice(invoice: Invoice) -> Json:
    return {
        "id": invoice.id,
        "stripe_invoice": invoice.stripe_invoice_id,
        "number": invoice.number,
        "state": invoice.state,
        "subscription": invoice.subscription_id,
        "attachment": invoice.attachment_id,
        "subtotal": invoice.subtotal,
        "total": invoice.total,
        "amount_due": invoice.amount_due,
        "amount_paid": invoice.amount_paid,
        "currency": invoice.currency,
        "created": instant(invoice.stripe_created),
        "finalized_at": instant(invoice.finalized_at),
        "due_at": instant(invoice.due_at),
        "reason": invoice.reason,
        "hosted_url": invoice.hosted_url,
        "lines": invoice.lines,
    }
