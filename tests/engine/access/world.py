"""A customer on a clock that stands still, and products given to it by the ledger's own rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import select

from engine.access.service import AccessService
from engine.clock import Interval
from engine.customers.reference import Customer as CustomerName
from engine.ledger.grants import grants
from engine.ledger.model import Entitlement, FeatureType
from engine.ledger.rows import Place, Reason, switched
from engine.ledger.switch import opening
from engine.pricing.model import PricedItem
from machines.subscription_product import Event
from persistence.database import Database
from persistence.models import (
    Balance,
    Catalog,
    Clock,
    Customer,
    Entity,
    Feature,
    LedgerEntry,
    Price,
    Product,
    ProductFeature,
    Subscription,
    SubscriptionProduct,
)
from persistence.models.words import CustomerType
from persistence.states import move

JAN = datetime(2026, 1, 1, tzinfo=UTC)
FEB = datetime(2026, 2, 1, tzinfo=UTC)
CAUSE = {"kind": "api", "id": "test"}
GRANTING = frozenset({"trialing", "active", "past_due", "canceling"})
_numbers = count(1)


def grants_access(state: str, _feature_type: str) -> bool:
    return state in GRANTING


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a product of the test grants of one feature."""

    feature: str = "messages"
    included: float = 0
    unlimited: bool = False
    reset: str = "month"
    type: str = "metered"
    consumable: bool = True
    price: dict[str, Any] | None = None
    item: PricedItem | None = None
    event_names: tuple[str, ...] = ()


@dataclass
class World:
    """One customer of one catalog, and the service under test."""

    database: Database
    name: CustomerName = field(
        default_factory=lambda: CustomerName(CustomerType.ORGANIZATION, f"acme-{next(_numbers)}")
    )
    features: dict[str, Feature] = field(default_factory=dict[str, Feature])

    def __post_init__(self) -> None:
        self.catalog = Catalog(name=f"catalog-{self.name.id}")
        self.clock = Clock(stripe_test_clock_id=f"clock_{self.name.id}", now=JAN)
        self.customer = Customer(
            catalog=self.catalog.name,
            type=self.name.type.value,
            external_id=self.name.id,
            clock_id=self.clock.id,
        )
        self.service = AccessService(self.database, grants_access)

    async def begin(self) -> World:
        async with self.database.transaction(cause=CAUSE, at=JAN) as session:
            session.add_all([self.catalog, self.clock, self.customer])
        return self

    async def move_clock(self, to: datetime) -> None:
        async with self.database.transaction(cause=CAUSE, at=to) as session:
            clock = await session.get_one(Clock, self.clock.id)
            clock.now = to

    async def entity(self, name: str, feature: str = "messages") -> str:
        entity = Entity(customer_id=self.customer.id, feature_id=self.features[feature].id, external_id=name)
        async with self.database.transaction(cause=CAUSE, at=JAN) as session:
            session.add(entity)
        return entity.id

    async def give(
        self,
        *given: Given,
        product: str = "pro",
        event: Event = Event.ACTIVATED,
        ends_at: datetime | None = None,
        entity_id: str | None = None,
    ) -> SubscriptionProduct:
        """A product in force, with the balances that the ledger opens for it."""
        row = Product(
            catalog=self.catalog.name,
            external_id=product,
            version_number=next(_numbers),
            active=False,
            price_kind="free",
        )
        subscription = Subscription(customer_id=self.customer.id, anchor=JAN)
        held = SubscriptionProduct(
            subscription_id=subscription.id,
            customer_id=self.customer.id,
            product_id=row.id,
            starts_at=JAN,
            ends_at=ends_at,
            entity_id=entity_id,
        )
        async with self.database.transaction(cause=CAUSE, at=JAN) as session:
            session.add_all([row, subscription])
            move(session, held, event)
            wanted = [self._entitlement(session, row, one, position) for position, one in enumerate(given)]
            change = opening(grants(wanted, anchor=JAN, at=JAN))
            place = Place(
                customer_id=self.customer.id,
                clock_id=self.clock.id,
                subscription_product_id=held.id,
                entity_id=entity_id,
            )
            session.add_all(switched(change, {}, place=place, reason=Reason("test", held.id), at=JAN))
        return held

    def _entitlement(self, session: Any, product: Product, given: Given, position: int) -> Entitlement:
        feature = self.features.get(given.feature)
        if feature is None:
            feature = Feature(
                catalog=self.catalog.name,
                external_id=given.feature,
                type=given.type,
                consumable=given.consumable,
                event_names=list(given.event_names),
            )
            self.features[given.feature] = feature
            session.add(feature)
        price = None
        if given.price is not None:
            terms: dict[str, Any] = {"amount": 10, "interval": "month", **given.price}
            price = Price(product_id=product.id, position=position, feature_id=feature.id, **terms)
            session.add(price)
        row = ProductFeature(
            product_id=product.id,
            feature_id=feature.id,
            price_id=None if price is None else price.id,
            position=position,
            included=Decimal(str(given.included)),
            unlimited=given.unlimited,
            reset=given.reset,
        )
        session.add(row)
        return Entitlement(
            product_feature_id=row.id,
            feature_id=feature.id,
            feature=given.feature,
            type=FeatureType(given.type),
            consumable=given.consumable,
            included=row.included,
            unlimited=given.unlimited,
            reset=None if given.reset == "never" else Interval(given.reset),
            item=given.item,
        )

    async def check(
        self, feature: str = "messages", required: float = 1, *, consume: bool = False, **more: Any
    ) -> dict[str, Any]:
        return await self.service.check(
            more.get("scopes", [self.name]),
            feature=feature,
            required=Decimal(str(required)),
            entity=more.get("entity"),
            consume=consume,
        )

    async def track(
        self, value: float | str, feature: str | None = "messages", **more: Any
    ) -> dict[str, Any]:
        return await self.service.track(
            self.name,
            feature=feature,
            event=more.get("event"),
            value=Decimal(str(value)),
            entity=more.get("entity"),
            overage=more.get("overage", "cap"),
            idempotency_key=more.get("key"),
        )

    async def set_usage(self, value: float, feature: str = "messages") -> dict[str, Any]:
        return await self.service.set_usage(
            self.name, feature=feature, value=Decimal(str(value)), entity=None
        )

    async def balances(self) -> Sequence[Balance]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Balance).where(Balance.customer_id == self.customer.id).order_by(Balance.id)
            )
            return found.all()

    async def assert_ledger_adds_up(self) -> None:
        """The entries of each balance add up to what remains of it, nothing when it has ended."""
        async with self.database.session() as session:
            for balance in await self.balances():
                entries = await session.scalars(
                    select(LedgerEntry).where(LedgerEntry.balance_id == balance.id)
                )
                total = sum((entry.delta for entry in entries), Decimal(0))
                remains = balance.included + balance.purchased - balance.used
                assert total == (0 if balance.ended_at else remains), balance


def seen(*values: object) -> tuple[object, ...]:
    """Values to compare with plain numbers, which the type checker would call a comparison of strangers."""
    return values
