"""How do the rows become what a document says? Made, changed, archived; what buyers rely on never changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from engine.catalog.document import CatalogDocument, FeatureTerms, ProductTerms
from engine.catalog.shapes import (
    GrantShape,
    PriceShape,
    ProductShape,
    current_prices,
    kind_of,
    shape_of_row,
    shape_of_terms,
)
from engine.catalog.terms import plain
from engine.errors import Refused
from persistence.models import Catalog, Feature, Price, Product, ProductFeature
from persistence.repositories import catalog_changes, catalogs

Version = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Change:
    """One version that is to be as the document says; `row` is None where it is new."""

    terms: ProductTerms
    row: Product | None
    active: bool


async def rewrite(
    session: AsyncSession, catalog: Catalog, document: CatalogDocument, *, at: datetime
) -> tuple[str, ...]:
    """Make the rows what the document says; gives the Stripe prices that nobody will have any more.

    Raises:
        Refused: a product whose terms change is held by somebody, or a feature would become another thing.
    """
    features = await _features(session, catalog, document, at=at)
    rows = {
        (row.external_id, row.version_number): row for row in await catalogs.versions(session, catalog.name)
    }
    active = document.active_versions()
    changes = [
        _Change(terms, rows.get((terms.id, terms.version)), active.get(terms.id) == terms.version)
        for terms in document.products
    ]
    await _refuse_changed_promises(session, catalog, changes)
    await _retire(session, rows, changes, at=at)
    retired: list[str] = []
    for change in changes:
        retired += await _apply(session, catalog, change, features, at=at)
    catalog.document = document.model_dump(mode="json", exclude_unset=True)
    catalog.settings = dict(document.settings)
    return tuple(retired)


async def _features(
    session: AsyncSession, catalog: Catalog, document: CatalogDocument, *, at: datetime
) -> dict[str, Feature]:
    known = await catalogs.features(session, catalog.name, archived=True)
    named = {terms.id for terms in document.features}
    for external_id, leaving in known.items():
        if external_id not in named and leaving.archived_at is None:
            leaving.archived_at = at
    for terms in document.features:
        row = known.get(terms.id) or _new_feature(catalog, terms)
        known[terms.id] = row
        session.add(row)
        _refuse_another_kind(row, terms)
        row.event_names = list(terms.event_names)
        row.costs = {feature: plain(cost) for feature, cost in (terms.costs or {}).items()}
        row.archived_at = None
    return known


def _new_feature(catalog: Catalog, terms: FeatureTerms) -> Feature:
    return Feature(
        catalog=catalog.name, external_id=terms.id, type=terms.type.value, consumable=terms.used_up
    )


def _refuse_another_kind(row: Feature, terms: FeatureTerms) -> None:
    if (row.type, row.consumable) != (terms.type.value, terms.used_up):
        raise Refused(
            "feature_in_use",
            f"The feature {terms.id} cannot become another kind of thing; give the new one another id.",
            facts={"feature": terms.id},
        )


async def _refuse_changed_promises(
    session: AsyncSession, catalog: Catalog, changes: Sequence[_Change]
) -> None:
    """What somebody holds, held, or is buying keeps its terms: a change of them is a new version."""
    different = [c for c in changes if c.row is not None and shape_of_row(c.row) != shape_of_terms(c.terms)]
    if not different:
        return
    held = await catalog_changes.held_ever(session, [c.row.id for c in different if c.row is not None])
    wanted = await catalog_changes.asked_for(session, catalog.name)
    for change in different:
        if change.row is not None and (change.row.id in held or change.terms.id in wanted):
            raise Refused(
                "product_in_use",
                f"{change.terms.id} version {change.terms.version} is in use, so its terms stay; "
                "keep it as it is and add a new version of it.",
                facts={"product": change.terms.id, "version": change.terms.version},
            )


async def _retire(
    session: AsyncSession, rows: dict[Version, Product], changes: Collection[_Change], *, at: datetime
) -> None:
    """Take the active mark off first: two versions never have it at once, not even inside the transaction."""
    named = {(change.terms.id, change.terms.version): change for change in changes}
    for version, row in rows.items():
        change = named.get(version)
        if change is None and row.archived_at is None:
            row.archived_at = at
        if change is None or not change.active:
            row.active = False
    await session.flush()


async def _apply(
    session: AsyncSession, catalog: Catalog, change: _Change, features: dict[str, Feature], *, at: datetime
) -> list[str]:
    terms, row, shape = change.terms, change.row, shape_of_terms(change.terms)
    retired: list[str] = []
    if row is None:
        row = Product(
            catalog=catalog.name,
            external_id=terms.id,
            version_number=terms.version,
            price_kind=terms.price_kind.value,
        )
        session.add(row)
        _add_terms(session, row, shape, features, first=0)
    elif shape_of_row(row) != shape:
        retired = await _replace_terms(session, row, shape, features, at=at)
    row.active = change.active
    row.archived_at = None
    row.group, row.add_on, row.trial = terms.group, terms.add_on, shape.trial
    row.is_default = terms.default
    row.kind, row.price_kind = kind_of(terms).value, terms.price_kind.value
    return retired


async def _replace_terms(
    session: AsyncSession, row: Product, shape: ProductShape, features: dict[str, Feature], *, at: datetime
) -> list[str]:
    """Other prices and grants for a product that nobody has; the prices that were are kept as archived."""
    old = current_prices(row)
    for price in old:
        price.archived_at = at
    for grant in row.features:
        await session.delete(grant)
    row.ready = False
    await session.flush()
    _add_terms(session, row, shape, features, first=len(row.prices))
    return [price.stripe_price_id for price in old if price.stripe_price_id is not None]


def _add_terms(
    session: AsyncSession, row: Product, shape: ProductShape, features: dict[str, Feature], *, first: int
) -> None:
    prices = [_price(row, price, features, first + n) for n, price in enumerate(shape.prices)]
    session.add_all(prices)
    session.add_all(_grant(row, grant, features, prices, n) for n, grant in enumerate(shape.grants))


def _price(row: Product, shape: PriceShape, features: dict[str, Feature], position: int) -> Price:
    return Price(
        product_id=row.id,
        position=position,
        kind=shape.kind,
        feature_id=features[shape.feature].id if shape.feature is not None else None,
        amount=shape.amount,
        currency=shape.currency,
        interval=shape.interval,
        interval_count=shape.interval_count,
        per=shape.per,
        tiers=shape.tiers,
        tier_mode=shape.tier_mode,
        max_purchase=shape.max_purchase,
        on_increase=shape.on_increase,
        on_decrease=shape.on_decrease,
    )


def _grant(
    row: Product, shape: GrantShape, features: dict[str, Feature], prices: Sequence[Price], position: int
) -> ProductFeature:
    return ProductFeature(
        product_id=row.id,
        feature_id=features[shape.feature].id,
        price_id=prices[shape.price].id if shape.price is not None else None,
        position=position,
        included=shape.included,
        unlimited=shape.unlimited,
        reset=shape.reset,
        reset_on_switch=shape.reset_on_switch,
        per_entity=shape.per_entity,
        rollover=shape.rollover,
    )
