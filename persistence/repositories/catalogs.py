"""What is for sale in a catalog? Its features and products, loaded as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from persistence.models import Catalog, Feature, Price, Product, ProductFeature
from persistence.repositories.holdings import terms_of_product


@dataclass(frozen=True, slots=True)
class Offer:
    """A catalog, its features by their names, and the active version of each product that is for sale."""

    catalog: Catalog
    features: dict[str, Feature]
    products: dict[str, Product]


async def find(session: AsyncSession, name: str) -> Catalog | None:
    """The catalog of that name."""
    return await session.get(Catalog, name)


async def lock(session: AsyncSession, name: str) -> Catalog | None:
    """The catalog as it is now, locked until commit: one document is applied at a time."""
    found = await session.scalars(
        select(Catalog)
        .where(Catalog.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def offer(session: AsyncSession, name: str) -> Offer | None:
    """Everything for sale in the catalog, products with their prices and what they grant."""
    catalog = await find(session, name)
    if catalog is None:
        return None
    return Offer(catalog, await features(session, name), await active_products(session, name))


async def features(session: AsyncSession, name: str, *, archived: bool = False) -> dict[str, Feature]:
    """The features of the catalog by their names; archived ones too when asked."""
    query = select(Feature).where(Feature.catalog == name).order_by(Feature.id)
    if not archived:
        query = query.where(Feature.archived_at.is_(None))
    return {feature.external_id: feature for feature in await session.scalars(query)}


async def active_products(session: AsyncSession, name: str) -> dict[str, Product]:
    """The active version of each product that is not archived, by its name, with its terms."""
    found = await session.scalars(
        select(Product)
        .where(Product.catalog == name, Product.active, Product.archived_at.is_(None))
        .options(*terms_of_product())
        .order_by(Product.id)
    )
    return {product.external_id: product for product in found}


async def versions(session: AsyncSession, name: str) -> Sequence[Product]:
    """Every version of every product of the catalog, archived ones too, with terms, the oldest first."""
    found = await session.scalars(
        select(Product)
        .where(Product.catalog == name)
        .options(*terms_of_product())
        .order_by(Product.external_id, Product.version_number)
    )
    return found.all()


async def product(
    session: AsyncSession, name: str, external_id: str, *, version_number: int | None = None
) -> Product | None:
    """One version of a product, the active one unless named, with its terms."""
    query = select(Product).where(Product.catalog == name, Product.external_id == external_id)
    if version_number is None:
        query = query.where(Product.active, Product.archived_at.is_(None))
    else:
        query = query.where(Product.version_number == version_number)
    return (await session.scalars(query.options(*terms_of_product()))).one_or_none()


async def default_products(session: AsyncSession, name: str) -> Sequence[Product]:
    """What a new customer of the catalog is given, with its terms."""
    found = await session.scalars(
        select(Product)
        .where(Product.catalog == name, Product.active, Product.is_default, Product.archived_at.is_(None))
        .options(*terms_of_product())
        .order_by(Product.id)
    )
    return found.all()


async def granting(session: AsyncSession, feature_id: str) -> Sequence[ProductFeature]:
    """What products grant of a feature, with the price of more."""
    found = await session.scalars(
        select(ProductFeature)
        .where(ProductFeature.feature_id == feature_id)
        .options(selectinload(ProductFeature.price).selectinload(Price.feature))
        .order_by(ProductFeature.id)
    )
    return found.all()
