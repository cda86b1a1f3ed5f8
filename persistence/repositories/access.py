"""Who asks, for which feature, and which balances answer? What check, track and usage read, and lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import (
    Balance,
    Clock,
    Customer,
    Entity,
    Feature,
    Price,
    Product,
    ProductFeature,
    SubscriptionProduct,
    UsageEvent,
)


@dataclass(frozen=True, slots=True)
class BalanceFound:
    """A balance with what stands around it."""

    balance: Balance
    feature: Feature
    entity: str | None
    holding: SubscriptionProduct | None
    product: str | None
    price: Price | None


async def customer_and_clock(
    session: AsyncSession, type_: str, external_id: str, *, lock: bool = False
) -> tuple[Customer, Clock] | None:
    """The customer and its clock; locked, it is so before any of its balances, as everywhere."""
    statement = (
        select(Customer, Clock)
        .join(Clock, Clock.id == Customer.clock_id)
        .where(Customer.type == type_, Customer.external_id == external_id)
    )
    if lock:
        statement = statement.with_for_update(of=Customer, key_share=True)
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def living_entity(session: AsyncSession, customer_id: str, external_id: str) -> Entity | None:
    """The entity of a customer that was not deleted; the oldest when features share the name."""
    found = await session.scalars(
        select(Entity)
        .where(
            Entity.customer_id == customer_id,
            Entity.external_id == external_id,
            Entity.deleted_at.is_(None),
        )
        .order_by(Entity.id)
        .limit(1)
    )
    return found.one_or_none()


async def feature(session: AsyncSession, catalog: str, external_id: str) -> Feature | None:
    """The feature of a catalog by the name that callers use."""
    found = await session.scalars(
        select(Feature).where(Feature.catalog == catalog, Feature.external_id == external_id)
    )
    return found.one_or_none()


async def features_of_event(session: AsyncSession, catalog: str, event: str) -> Sequence[Feature]:
    """All features that an event name stands for, in a fixed order."""
    found = await session.scalars(
        select(Feature)
        .where(Feature.catalog == catalog, Feature.event_names.contains([event]))
        .order_by(Feature.external_id)
    )
    return found.all()


async def balances(
    session: AsyncSession,
    customer_id: str,
    *,
    at: datetime,
    features: Collection[str] | None = None,
    lock: bool = False,
) -> tuple[BalanceFound, ...]:
    """The balances that have neither ended nor expired, in the order of their ids, locked in that order."""
    statement = _balances().where(
        Balance.customer_id == customer_id,
        Balance.ended_at.is_(None),
        or_(Balance.expires_at.is_(None), Balance.expires_at > at),
    )
    if features is not None:
        statement = statement.where(Balance.feature_id.in_(features))
    return await _found(session, statement, lock=lock)


async def one_balance(session: AsyncSession, balance_id: str, *, lock: bool) -> BalanceFound | None:
    """One balance, ended or not."""
    found = await _found(session, _balances().where(Balance.id == balance_id), lock=lock)
    return found[0] if found else None


async def lock_owner(session: AsyncSession, balance_id: str) -> Customer | None:
    """The customer who owns the balance, locked before the balance is."""
    found = await session.scalars(
        select(Customer)
        .where(Customer.id == select(Balance.customer_id).where(Balance.id == balance_id).scalar_subquery())
        .with_for_update(key_share=True)
    )
    return found.one_or_none()


async def usage_event(session: AsyncSession, customer_id: str, key: str) -> UsageEvent | None:
    """The report of use that was made under this key."""
    found = await session.scalars(
        select(UsageEvent).where(UsageEvent.customer_id == customer_id, UsageEvent.idempotency_key == key)
    )
    return found.one_or_none()


_Balances = Select[Balance, Feature, str, SubscriptionProduct, str, Price]


def _balances() -> _Balances:
    return (
        select(Balance, Feature, Entity.external_id, SubscriptionProduct, Product.external_id, Price)
        .join(Feature, Feature.id == Balance.feature_id)
        .outerjoin(Entity, Entity.id == Balance.entity_id)
        .outerjoin(SubscriptionProduct, SubscriptionProduct.id == Balance.subscription_product_id)
        .outerjoin(Product, Product.id == SubscriptionProduct.product_id)
        .outerjoin(ProductFeature, ProductFeature.id == Balance.product_feature_id)
        .outerjoin(Price, Price.id == ProductFeature.price_id)
        .order_by(Balance.id)
    )


async def _found(session: AsyncSession, statement: _Balances, *, lock: bool) -> tuple[BalanceFound, ...]:
    if lock:
        statement = statement.with_for_update(of=Balance).execution_options(populate_existing=True)
    rows = (await session.execute(statement)).all()
    return tuple(
        BalanceFound(balance, feature, entity, holding, product, price)
        for balance, feature, entity, holding, product, price in rows
    )
