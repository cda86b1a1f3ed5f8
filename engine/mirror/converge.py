"""The one way in for every object of Stripe: fetched by whoever, applied in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from engine.mirror.invoices import converge_invoice
from engine.mirror.subscriptions import converge_schedule, converge_subscription, copy_answer
from engine.payments.mapping import identifier, session_seen
from machines import checkout
from persistence.models import CheckoutSession
from persistence.repositories import mirror as rows
from persistence.states import move

Json = dict[str, Any]


async def converge(session: AsyncSession, stripe_object: Json) -> None:
    """Bring our rows to what the object says; an object of a type or owner we do not know changes nothing.

    Applying the same object again changes nothing either.
    """
    handler = _HANDLERS.get(stripe_object.get("object", ""))
    if handler is not None:
        await handler(session, stripe_object)


async def converge_answer(session: AsyncSession, stripe_object: Json) -> None:
    """The same for what Stripe answers to a step of a plan that still runs.

    Which products begin and end by the plan is applied when it completes, so a subscription is only copied.
    """
    if stripe_object.get("object") == "subscription":
        await copy_answer(session, stripe_object)
        await _embedded(session, stripe_object.get("latest_invoice"))
    else:
        await converge(session, stripe_object)


async def _subscription(session: AsyncSession, stripe_object: Json) -> None:
    await converge_subscription(session, stripe_object)
    await _embedded(session, stripe_object.get("latest_invoice"))


async def _embedded(session: AsyncSession, part: object) -> None:
    if isinstance(part, dict):
        await converge(session, cast("Json", part))


async def _invoice(session: AsyncSession, stripe_object: Json) -> None:
    await converge_invoice(session, stripe_object)


async def _schedule(session: AsyncSession, stripe_object: Json) -> None:
    await converge_schedule(session, stripe_object)


async def _session(session: AsyncSession, stripe_object: Json) -> None:
    """Keep the checkout session as it is; one that we did not make is nobody's here."""
    seen = session_seen(stripe_object)
    customer = await rows.customer_of_stripe(session, seen.customer)
    attachment = await rows.attachment_named(session, seen.metadata.get("ws_attach_id", ""))
    if customer is None or attachment is None:
        return
    row = await rows.session_of_stripe(session, seen.id)
    if row is None:
        row = CheckoutSession(
            customer_id=customer.id,
            attachment_id=attachment.id,
            stripe_session_id=seen.id,
            params_hash=attachment.params_hash,
            expires_at=seen.expires_at,
        )
        session.add(row)
    row.url = seen.url or row.url
    for event in checkout.events_towards(row.state, seen.status):
        move(session, row, event)
    await _embedded(session, stripe_object.get("invoice"))


async def _customer(session: AsyncSession, stripe_object: Json) -> None:
    """The customer's default card: what is charged without asking."""
    customer = await rows.customer_of_stripe(session, stripe_object["id"])
    if customer is None or stripe_object.get("deleted"):
        return
    settings: Json = stripe_object.get("invoice_settings") or {}
    default = settings.get("default_payment_method")
    card = _card(default)
    known = customer.payment_method or {}
    told_less = card is not None and card["id"] == known.get("id") and card["brand"] is None
    if card != customer.payment_method and not told_less:
        customer.payment_method = card


def _card(default: Json | str | None) -> Json | None:
    """What is kept of a card: never more than a buyer may see on a receipt."""
    if default is None:
        return None
    expanded: Json = default if isinstance(default, dict) else {}
    card: Json = expanded.get("card") or {}
    return {"id": identifier(default), "brand": card.get("brand"), "last4": card.get("last4")}


_HANDLERS: Mapping[str, Callable[[AsyncSession, Json], Awaitable[None]]] = {
    "subscription": _subscription,
    "invoice": _invoice,
    "subscription_schedule": _schedule,
    "checkout.session": _session,
    "customer": _customer,
}
