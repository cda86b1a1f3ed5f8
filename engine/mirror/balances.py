"""How do balances begin, change and end with the product that grants them? Ledger decisions, written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from engine.ledger import rows as written
from engine.ledger.grants import grants
from engine.ledger.model import BalanceState, Grant, UsageOnSwitch
from engine.ledger.switch import ending, missing, opening, resize, switch
from engine.mirror.terms import entitlements, quantities_of
from persistence.models import Balance, Customer, Product, SubscriptionProduct
from persistence.repositories import holdings as rows


async def open_for(
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
    """Grant what a product gives that begins now; what it replaces hands over its use where that is kept."""
    given = _grants(held, product, anchor=anchor, at=at)
    old = await rows.open_balances(session, replaced.id) if replaced is not None else ()
    change = switch(_states(old), given, at=at, usage=usage) if old else opening(given)
    place, reason = _place(customer, held), _reason(session)
    session.add_all(written.switched(change, _by_id(old), place=place, reason=reason, at=at))


async def close_for(
    session: AsyncSession, customer: Customer, held: SubscriptionProduct, *, at: datetime
) -> None:
    """End what a product granted; nothing follows it."""
    old = await rows.open_balances(session, held.id)
    change = ending(_states(old), at=at)
    place, reason = _place(customer, held), _reason(session)
    session.add_all(written.switched(change, _by_id(old), place=place, reason=reason, at=at))


async def resize_for(
    session: AsyncSession,
    customer: Customer,
    held: SubscriptionProduct,
    product: Product,
    *,
    anchor: datetime,
    at: datetime,
) -> None:
    """Bring balances to the quantities that are held now; what was used stays used."""
    given = _grants(held, product, anchor=anchor, at=at)
    old = await rows.open_balances(session, held.id)
    states, by_id = _states(old), _by_id(old)
    place, reason = _place(customer, held), _reason(session)
    session.add_all(written.resized(resize(states, given), by_id, reason=reason, at=at))
    session.add_all(written.switched(missing(states, given), by_id, place=place, reason=reason, at=at))


def _grants(
    held: SubscriptionProduct, product: Product, *, anchor: datetime, at: datetime
) -> tuple[Grant, ...]:
    return grants(entitlements(product, quantities_of(held.quantities)), anchor=anchor, at=at)


def _states(balances: Sequence[Balance]) -> list[BalanceState]:
    """The balances as the ledger decides on them when a product changes; overage plays no part there."""
    return [written.balance_state(balance, balance.feature) for balance in balances]


def _by_id(balances: Sequence[Balance]) -> dict[str, Balance]:
    return {balance.id: balance for balance in balances}


def _place(customer: Customer, held: SubscriptionProduct) -> written.Place:
    return written.Place(
        customer_id=customer.id,
        clock_id=customer.clock_id,
        subscription_product_id=held.id,
        entity_id=held.entity_id,
    )


def _reason(session: AsyncSession) -> written.Reason:
    cause = session.info["cause"]
    return written.Reason(cause["kind"], cause["id"])
