"""What does an invoice at Stripe mean for our rows? A copy, and lines that can be credited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.payments.mapping import InvoiceSeen, LineSeen, invoice_seen
from machines import invoice as lifecycle
from persistence.models import BilledLine, Customer, Invoice, Price, SubscriptionProduct
from persistence.repositories import mirror as rows
from persistence.states import move

Json = dict[str, Any]
FINAL_STATES = frozenset({"open", "paid", "uncollectible"})


async def converge_invoice(
    session: AsyncSession, stripe_object: Json, *, made: SubscriptionProduct | None = None
) -> Invoice | None:
    """Bring our copy of an invoice to what was read; None when it belongs to nobody we know.

    `made` is the holding that this same transaction creates, which no query can find yet.
    """
    seen = invoice_seen(stripe_object)
    customer = await rows.customer_of_stripe(session, seen.customer)
    if customer is None:
        return None
    known = None if made else await rows.subscription_of_stripe(session, seen.subscription)
    subscription = made.subscription_id if made else known.id if known else None
    invoice = await rows.invoice_of_stripe(session, seen.id) or _new(session, seen, customer)
    _copy(invoice, seen, subscription, await _attachment_of(session, seen))
    for event in lifecycle.events_towards(invoice.state, seen.status):
        move(session, invoice, event)
    if seen.status in FINAL_STATES:
        await _bill(session, invoice, seen, subscription, made)
    return invoice


def _new(session: AsyncSession, seen: InvoiceSeen, customer: Customer) -> Invoice:
    invoice = Invoice(
        customer_id=customer.id,
        stripe_invoice_id=seen.id,
        currency=seen.currency,
        stripe_created=seen.created,
    )
    session.add(invoice)
    return invoice


async def _attachment_of(session: AsyncSession, seen: InvoiceSeen) -> str | None:
    """The attachment that the invoice names, if it is one of ours: metadata can be written by anybody."""
    named = seen.metadata.get("ws_attach_id")
    return named if named is not None and await rows.attachment_exists(session, named) else None


def _copy(invoice: Invoice, seen: InvoiceSeen, subscription: str | None, attachment: str | None) -> None:
    invoice.subscription_id = subscription or invoice.subscription_id
    invoice.attachment_id = attachment or invoice.attachment_id
    invoice.number = seen.number
    invoice.reason = seen.reason
    invoice.subtotal = seen.subtotal
    invoice.total = seen.total
    invoice.amount_due = seen.amount_due
    invoice.amount_paid = seen.amount_paid
    invoice.hosted_url = seen.hosted_url
    invoice.lines = [_shown(line) for line in seen.lines]
    invoice.finalized_at = seen.finalized_at
    invoice.due_at = seen.due_at


def _shown(line: LineSeen) -> Json:
    return {
        "description": line.description,
        "amount": line.amount,
        "quantity": line.quantity,
        "period": {"start": line.period_start.isoformat(), "end": line.period_end.isoformat()},
    }


async def _bill(
    session: AsyncSession,
    invoice: Invoice,
    seen: InvoiceSeen,
    subscription: str | None,
    made: SubscriptionProduct | None,
) -> None:
    """Keep what Stripe billed by itself, so that it can be credited; what is paid is marked so."""
    known = await rows.billed_lines_of(session, invoice.id)
    for billed in known:
        billed.paid = billed.paid or seen.status == "paid"
    if subscription is None:
        return
    recorded = {billed.stripe_line_id for billed in known}
    prices = await rows.prices_of_stripe(session, [line.price for line in seen.lines if line.price])
    holders = [made] if made else await rows.products_of_subscription(session, subscription)
    for line in seen.lines:
        price = prices.get(line.price or "")
        if line.id not in recorded and price is not None:
            holder = _holder_of(price, holders, line.period_start)
            session.add(_billed(invoice, seen, line, subscription, price, holder))


def _holder_of(
    price: Price, holders: Sequence[SubscriptionProduct], at: datetime
) -> SubscriptionProduct | None:
    """The holding that the line is for: of the price's product, and in force in the line's period."""
    same = [h for h in holders if h.product_id == price.product_id and not (h.ended_at and h.ended_at <= at)]
    return max(same, key=lambda h: h.starts_at <= at, default=None)


def _billed(
    invoice: Invoice,
    seen: InvoiceSeen,
    line: LineSeen,
    subscription: str,
    price: Price,
    holder: SubscriptionProduct | None,
) -> BilledLine:
    once = price.interval == "one_off"
    return BilledLine(
        subscription_id=subscription,
        subscription_product_id=holder.id if holder else None,
        price_id=price.id,
        product_id=price.product_id,
        invoice_id=invoice.id,
        stripe_line_id=line.id,
        kind="one_off" if once else price.kind,
        description=line.description,
        amount=line.amount,
        discount=line.discount,
        tax=line.tax,
        quantity=Decimal(line.quantity),
        currency=seen.currency,
        period_start=None if once else line.period_start,
        period_end=None if once else line.period_end,
        paid=seen.status == "paid",
        access_given=seen.reason != "subscription_create",
    )
