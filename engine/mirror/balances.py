"""How do balances begin, change and end with the product that grants them? Ledger decisions, written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from engine.ledger.grants import grants
from engine.ledger.model import BalanceState, UsageOnSwitch
from engine.ledger.rows import balance_state
from engine.ledger.switch import BalanceSwitch, Opening, ending, missing, opening, resize, switch
from engine.mirror.terms import entitlements, quantities_of
from persistence import due
from persistence.models import Balance, Customer, LedgerEntry, Product, SubscriptionProduct
from persistence.repositories import holdings as rows

RESET_DUE = "reset"
"""The kind of what is due when a balance starts again; its payload names the balance."""


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
    given = grants(entitlements(product, quantities_of(held.quantities)), anchor=anchor, at=at)
    old = await rows.open_balances(session, replaced.id) if replaced is not None else ()
    decided = switch([state_of(b) for b in old], given, at=at, usage=usage) if old else opening(given)
    await _write(session, customer, held, old, decided, at=at)


async def close_for(
    session: AsyncSession, customer: Customer, held: SubscriptionProduct, *, at: datetime
) -> None:
    """End what a product granted; nothing follows it."""
    old = await rows.open_balances(session, held.id)
    await _write(session, customer, held, old, ending([state_of(b) for b in old], at=at), at=at)


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
    given = grants(entitlements(product, quantities_of(held.quantities)), anchor=anchor, at=at)
    old = await rows.open_balances(session, held.id)
    states = [state_of(b) for b in old]
    by_id = {balance.id: balance for balance in old}
    for change in resize(states, given):
        balance = by_id[change.balance]
        delta = change.included + change.purchased - balance.included - balance.purchased
        balance.included, balance.purchased = change.included, change.purchased
        session.add(_entry(session, balance, "adjust", delta))
    await _write(session, customer, held, (), missing(states, given), at=at)


async def _write(
    session: AsyncSession,
    customer: Customer,
    held: SubscriptionProduct,
    old: Sequence[Balance],
    decided: BalanceSwitch,
    *,
    at: datetime,
) -> None:
    for balance in old:
        if balance.id in decided.ended:
            balance.ended_at = at
    for opened in decided.opened:
        balance = _opened(customer, held, opened)
        session.add(balance)
        session.add(_entry(session, balance, "grant", balance.included + balance.purchased))
        if opened.used:
            session.add(_entry(session, balance, "carry", -opened.used))
        await plan_reset(session, customer, balance)


async def plan_reset(session: AsyncSession, customer: Customer, balance: Balance) -> None:
    """Remember the instant at which the balance starts again."""
    if balance.next_reset_at is not None:
        await due.put(
            session,
            clock_id=customer.clock_id,
            customer_id=customer.id,
            at=balance.next_reset_at,
            kind=RESET_DUE,
            key=f"{RESET_DUE}:{balance.id}:{balance.next_reset_at.isoformat()}",
            payload={"balance": balance.id},
        )


def _opened(customer: Customer, held: SubscriptionProduct, opened: Opening) -> Balance:
    grant = opened.grant
    return Balance(
        customer_id=customer.id,
        entity_id=held.entity_id,
        feature_id=grant.feature_id,
        subscription_product_id=None if grant.stands_alone else held.id,
        product_feature_id=grant.product_feature_id,
        source=grant.source.value,
        included=grant.included,
        purchased=grant.purchased,
        used=opened.used,
        unlimited=grant.unlimited,
        overage_allowed=grant.overage_allowed,
        reset=grant.reset.value if grant.reset else "never",
        anchor=grant.anchor,
        period_start=grant.period_start,
        next_reset_at=grant.next_reset_at,
        expires_at=grant.expires_at,
    )


def _entry(session: AsyncSession, balance: Balance, kind: str, delta: Decimal) -> LedgerEntry:
    cause = session.info["cause"]
    return LedgerEntry(
        balance_id=balance.id,
        delta=delta,
        kind=kind,
        source_type=cause["kind"],
        source_id=cause["id"],
        at=session.info["at"],
    )


def state_of(balance: Balance) -> BalanceState:
    """A balance as the ledger decides on it when a product changes; its overage plays no part there."""
    return balance_state(balance, balance.feature, entity=balance.entity_id)
