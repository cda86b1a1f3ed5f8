"""What is granted, and what is left of it? The records that the pure parts of the ledger work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engine.clock import Interval
from engine.pricing.model import ZERO, PricedItem, PriceKind

SEATS = frozenset({PriceKind.ALLOCATED, PriceKind.ALLOCATED_ARREARS})
PAY_PER_USE = frozenset({PriceKind.ARREARS, PriceKind.ALLOCATED, PriceKind.ALLOCATED_ARREARS})


class FeatureType(StrEnum):
    """How a feature is granted."""

    BOOLEAN = "boolean"
    METERED = "metered"
    CREDIT_SYSTEM = "credit_system"


class Source(StrEnum):
    """Where the units of a balance come from; with the product's feature it names the balance."""

    PRODUCT = "product"
    BOUGHT_ONCE = "bought_once"
    KEPT = "kept"


class UsageOnSwitch(StrEnum):
    """What happens to units already used when one plan takes the place of another."""

    CARRY = "carry"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What a product grants of one feature, with the price of more at the quantity that is held."""

    product_feature_id: str
    feature_id: str
    feature: str
    type: FeatureType
    consumable: bool
    included: Decimal = ZERO
    unlimited: bool = False
    reset: Interval | None = None
    reset_on_switch: bool = True
    item: PricedItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Units given by one source for one feature, and when they start again."""

    feature_id: str
    feature: str
    product_feature_id: str | None
    source: Source
    consumable: bool
    anchor: datetime
    period_start: datetime
    included: Decimal = ZERO
    purchased: Decimal = ZERO
    unlimited: bool = False
    overage_allowed: bool = False
    reset: Interval | None = None
    next_reset_at: datetime | None = None
    expires_at: datetime | None = None
    keeps_usage: bool = False

    @property
    def stands_alone(self) -> bool:
        """Whether it outlives the product that it came with."""
        return self.source is Source.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceState:
    """A balance as it stands, with what its feature and its price say about it.

    `seats` tells that paid units are held places that are billed as they are used, so that they do not raise
    what is granted (`billed_when_held`: at once, not at the end of the cycle); `overage_limit` is the most
    that may be used beyond it (None: without end).
    """

    id: str
    feature_id: str
    feature: str
    type: FeatureType = FeatureType.METERED
    consumable: bool = True
    source: str = Source.PRODUCT.value
    entity: str | None = None
    included: Decimal = ZERO
    purchased: Decimal = ZERO
    used: Decimal = ZERO
    unlimited: bool = False
    overage_allowed: bool = False
    overage_limit: Decimal | None = None
    seats: bool = False
    billed_when_held: bool = False
    prepaid: bool = False
    add_on: bool = False
    rollover: bool = False
    reset: Interval | None = None
    anchor: datetime
    period_start: datetime
    next_reset_at: datetime | None = None
    expires_at: datetime | None = None
    product: str | None = None

    @property
    def granted(self) -> Decimal:
        """The units that may be used before any overage."""
        return self.included if self.seats else self.included + self.purchased

    @property
    def remaining(self) -> Decimal:
        """Granted less used; below zero after overage."""
        return self.granted - self.used

    @property
    def free(self) -> Decimal:
        """What can be used without going over: never below zero."""
        return max(ZERO, self.remaining)

    @property
    def over(self) -> Decimal:
        """What was used beyond what is granted."""
        return max(ZERO, -self.remaining)

    @property
    def overage_left(self) -> Decimal | None:
        """What may still be used beyond what is granted; None without end."""
        if not self.overage_allowed:
            return ZERO
        return None if self.overage_limit is None else max(ZERO, self.overage_limit - self.over)
