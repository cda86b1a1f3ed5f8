"""How do rows become what the ledger decides on, and decisions rows? Mapping only: nothing is read or sent.

A ledger entry holds the change of what remains, so that the entries of a balance add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.clock import Interval, to_unix
from engine.ledger.model import SEATS, BalanceState, Entitlement, FeatureType, Source
from engine.ledger.resets import Reset
from engine.ledger.switch import BalanceSwitch, Opening, Resize
from engine.pricing.model import PricedItem, PriceKind
from persistence.models import (
    Balance,
    Due,
    Feature,
    LedgerEntry,
    Price,
    ProductFeature,
    SubscriptionProduct,
)
from persistence.models.words import LedgerKind, ResetInterval

RESET_DUE = "balance.reset"
"""The kind of the `due` row that starts a balance again; its payload names the balance."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved a balance: an attachment, a report of use, a period."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where balances are opened: for whom, and by which holding."""

    customer_id: str
    clock_id: str
    subscription_product_id: str | None
    entity_id: str | None = None


def entitlement(row: ProductFeature, feature: Feature, item: PricedItem | None) -> Entitlement:
    """What a row of a product grants; `item` is its price at the quantity held, if it has one."""
    return Entitlement(
        product_feature_id=row.id,
        feature_id=feature.id,
        feature=feature.external_id,
        type=FeatureType(feature.type),
        consumable=feature.consumable,
        included=row.included,
        unlimited=row.unlimited,
        reset=interval_of(row.reset),
        reset_on_switch=row.reset_on_switch,
        item=item,
    )


def balance_state(
    row: Balance,
    feature: Feature,
    *,
    entity: str | None = None,
    holding: SubscriptionProduct | None = None,
    product: str | None = None,
    price: Price | None = None,
) -> BalanceState:
    """A balance with what its feature, its holding and its price say about it."""
    kind = PriceKind(price.kind) if price is not None else None
    return BalanceState(
        id=row.id,
        feature_id=feature.id,
        feature=feature.external_id,
        type=FeatureType(feature.type),
        consumable=feature.consumable,
        source=row.source.split(":")[0],
        entity=entity,
        included=row.included,
        purchased=row.purchased,
        used=row.used,
        unlimited=row.unlimited,
        overage_allowed=row.overage_allowed,
        overage_limit=price.max_purchase if price is not None and row.overage_allowed else None,
        seats=kind in SEATS,
        billed_when_held=kind is PriceKind.ALLOCATED,
        prepaid=kind is PriceKind.PREPAID,
        add_on=holding is not None and holding.add_on,
        reset=interval_of(row.reset),
        anchor=row.anchor,
        period_start=row.period_start,
        next_reset_at=row.next_reset_at,
        expires_at=row.expires_at,
        product=product,
    )


def switched(
    change: BalanceSwitch, rows: Mapping[str, Balance], *, place: Place, reason: Reason, at: datetime
) -> list[Balance | LedgerEntry | Due]:
    """End the balances of a switch in place; new balances, ledger entries and resets due are to be added."""
    new: list[Balance | LedgerEntry | Due] = []
    for name in change.ended:
        row = rows[name]
        row.ended_at = at
        left = Decimal(0) if row.unlimited else row.included + row.purchased - row.used
        new.append(entry(row, -left, LedgerKind.EXPIRE, reason, at))
    for opened in change.opened:
        new.extend(_opened(opened, place, reason, at))
    return new


def resized(
    changes: Iterable[Resize], rows: Mapping[str, Balance], *, reason: Reason, at: datetime
) -> list[LedgerEntry]:
    """Give balances their new amounts in place; the ledger entries are returned to be added."""
    entries: list[LedgerEntry] = []
    for change in changes:
        row = rows[change.balance]
        delta = change.included + change.purchased - row.included - row.purchased
        row.included, row.purchased = change.included, change.purchased
        entries.append(entry(row, delta, LedgerKind.ADJUST, reason, at))
    return entries


def restarted(change: Reset, row: Balance, *, at: datetime) -> LedgerEntry:
    """Start the period of a balance in place; the entry is unique for the balance and the period."""
    row.used -= change.returned
    row.period_start, row.next_reset_at = change.period_start, change.next_reset_at
    reason = Reason("period", change.period_start.isoformat())
    return entry(row, change.returned, LedgerKind.RESET, reason, at)


def reset_due(row: Balance, *, clock_id: str) -> Due | None:
    """The row that will start the balance again at its next reset, or None when it never does."""
    if row.next_reset_at is None or row.ended_at is not None:
        return None
    return Due(
        customer_id=row.customer_id,
        clock_id=clock_id,
        at=row.next_reset_at,
        kind=RESET_DUE,
        key=f"{RESET_DUE}:{row.id}:{to_unix(row.next_reset_at)}",
        payload={"balance": row.id},
    )


def entry(row: Balance, delta: Decimal, kind: LedgerKind, reason: Reason, at: datetime) -> LedgerEntry:
    """One reason why what remains of a balance changed."""
    return LedgerEntry(
        balance_id=row.id,
        delta=delta,
        kind=kind.value,
        source_type=reason.type,
        source_id=reason.id,
        at=at,
    )


def interval_of(reset: str) -> Interval | None:
    """The interval of a reset; None for what never starts again."""
    return None if reset == ResetInterval.NEVER else Interval(reset)


def _opened(opened: Opening, place: Place, reason: Reason, at: datetime) -> list[Balance | LedgerEntry | Due]:
    grant = opened.grant
    alone = grant.stands_alone
    row = Balance(
        customer_id=place.customer_id,
        entity_id=place.entity_id,
        feature_id=grant.feature_id,
        subscription_product_id=None if alone else place.subscription_product_id,
        product_feature_id=grant.product_feature_id,
        source=f"{Source.KEPT.value}:{opened.kept_from}" if opened.kept_from else grant.source.value,
        included=grant.included,
        purchased=grant.purchased,
        used=opened.used,
        unlimited=grant.unlimited,
        overage_allowed=grant.overage_allowed,
        reset=(grant.reset or ResetInterval.NEVER).value,
        anchor=grant.anchor,
        period_start=grant.period_start,
        next_reset_at=grant.next_reset_at,
        expires_at=grant.expires_at,
    )
    rows: list[Balance | LedgerEntry | Due] = [
        row,
        entry(row, grant.included + grant.purchased, LedgerKind.GRANT, reason, at),
    ]
    if opened.used:
        rows.append(entry(row, -opened.used, LedgerKind.CARRY, reason, at))
    due = reset_due(row, clock_id=place.clock_id)
    return rows if due is None else [*rows, due]
