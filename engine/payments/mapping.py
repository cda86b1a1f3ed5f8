"""What does an object of Stripe say, in our words? JSON of API version 2026-10-28.endive to frozen records.

Source of the places: Stripe docs, changelog basil/2025-03-31 (periods stand on items, `invoice.parent`, line
`pricing`) and later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from engine.clock import from_unix

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """One item of a Stripe subscription: its price, quantity and own running period."""

    id: str
    price: str
    quantity: int
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionSeen:
    """A Stripe subscription as it was read."""

    id: str
    status: str
    customer: str
    schedule: str | None
    anchor: datetime
    cancel_at: datetime | None
    ended_at: datetime | None
    trial_end: datetime | None
    cancel_reason: str | None
    metadata: dict[str, str]
    items: tuple[ItemSeen, ...]


@dataclass(frozen=True, slots=True)
class LineSeen:
    """One line of an invoice; `amount` is before discounts, in minor units, negative for a credit."""

    id: str
    amount: int
    discount: int
    tax: int
    quantity: int
    description: str
    price: str | None
    period_start: datetime
    period_end: datetime
    proration: bool


@dataclass(frozen=True, slots=True)
class InvoiceSeen:
    """An invoice as it was read; amounts in minor units."""

    id: str
    status: str
    customer: str
    subscription: str | None
    reason: str | None
    number: str | None
    currency: str
    subtotal: int
    total: int
    amount_due: int
    amount_paid: int
    hosted_url: str | None
    created: datetime
    finalized_at: datetime | None
    due_at: datetime | None
    finalizes_at: datetime | None
    metadata: dict[str, str]
    lines: tuple[LineSeen, ...]


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A checkout session as it was read."""

    id: str
    status: str
    customer: str | None
    url: str | None
    expires_at: datetime
    subscription: str | None
    invoice: str | None
    metadata: dict[str, str]


def subscription_seen(stripe_object: Json) -> SubscriptionSeen:
    """A subscription object in our words."""
    details: Json = stripe_object.get("cancellation_details") or {}
    return SubscriptionSeen(
        id=stripe_object["id"],
        status=stripe_object["status"],
        customer=cast("str", identifier(stripe_object["customer"])),
        schedule=identifier(stripe_object.get("schedule")),
        anchor=from_unix(stripe_object["billing_cycle_anchor"]),
        cancel_at=_instant(stripe_object.get("cancel_at")),
        ended_at=_instant(stripe_object.get("ended_at")),
        trial_end=_instant(stripe_object.get("trial_end")),
        cancel_reason=details.get("reason"),
        metadata=stripe_object.get("metadata") or {},
        items=tuple(_item_seen(item) for item in stripe_object["items"]["data"]),
    )


def _item_seen(item: Json) -> ItemSeen:
    return ItemSeen(
        id=item["id"],
        price=item["price"]["id"],
        quantity=item.get("quantity") or 0,
        period_start=from_unix(item["current_period_start"]),
        period_end=from_unix(item["current_period_end"]),
    )


def invoice_seen(stripe_object: Json) -> InvoiceSeen:
    """An invoice object, with the lines that it embeds, in our words."""
    parent: Json = stripe_object.get("parent") or {}
    details: Json = parent.get("subscription_details") or {}
    moments: Json = stripe_object.get("status_transitions") or {}
    return InvoiceSeen(
        id=stripe_object["id"],
        status=stripe_object["status"],
        customer=cast("str", identifier(stripe_object["customer"])),
        subscription=identifier(details.get("subscription")),
        reason=stripe_object.get("billing_reason"),
        number=stripe_object.get("number"),
        currency=stripe_object["currency"],
        subtotal=stripe_object["subtotal"],
        total=stripe_object["total"],
        amount_due=stripe_object["amount_due"],
        amount_paid=stripe_object["amount_paid"],
        hosted_url=stripe_object.get("hosted_invoice_url"),
        created=from_unix(stripe_object["created"]),
        finalized_at=_instant(moments.get("finalized_at")),
        due_at=_instant(stripe_object.get("due_date")),
        finalizes_at=_instant(stripe_object.get("automatically_finalizes_at")),
        metadata=stripe_object.get("metadata") or {},
        lines=tuple(_line_seen(line) for line in stripe_object["lines"]["data"]),
    )


def _line_seen(line: Json) -> LineSeen:
    pricing: Json = line.get("pricing") or {}
    price: Json = pricing.get("price_details") or {}
    parent: Json = line.get("parent") or {}
    origin: Json = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    return LineSeen(
        id=line["id"],
        amount=line["amount"],
        discount=_sum(line.get("discount_amounts")),
        tax=_sum(line.get("taxes")),
        quantity=line.get("quantity") or 0,
        description=line.get("description") or "",
        price=identifier(price.get("price")),
        period_start=from_unix(line["period"]["start"]),
        period_end=from_unix(line["period"]["end"]),
        proration=bool(origin.get("proration")),
    )


def session_seen(stripe_object: Json) -> SessionSeen:
    """A checkout session object in our words."""
    return SessionSeen(
        id=stripe_object["id"],
        status=stripe_object["status"],
        customer=identifier(stripe_object.get("customer")),
        url=stripe_object.get("url"),
        expires_at=from_unix(stripe_object["expires_at"]),
        subscription=identifier(stripe_object.get("subscription")),
        invoice=identifier(stripe_object.get("invoice")),
        metadata=stripe_object.get("metadata") or {},
    )


def identifier(value: object) -> str | None:
    """The id of a field that is an id, an expanded object, or nothing."""
    if isinstance(value, dict):
        return cast("dict[str, str]", value)["id"]
    return cast("str | None", value)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else from_unix(value)


def _sum(parts: list[Json] | None) -> int:
    return sum(part["amount"] for part in parts or [])
