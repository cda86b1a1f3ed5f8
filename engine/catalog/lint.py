"""Does a catalog document make sense as a whole? Findings with the place in the document where each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from engine.catalog.document import CatalogDocument, FeatureTerms, ProductTerms
from engine.catalog.terms import ItemTerms
from engine.errors import InvalidRequest, NotImplementedYet
from persistence.models.words import FeatureType, PaidHow, PriceKind

SETTINGS = frozenset({"void_invoices_on_cancel", "allow_paid_defaults"})
HELD_ONLY = frozenset({PriceKind.ALLOCATED, PriceKind.ALLOCATED_ARREARS})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: a JSON pointer into the document (RFC 6901)."""

    pointer: str
    detail: str


def check(document: CatalogDocument) -> None:
    """Return when the document can be applied.

    Raises:
        InvalidRequest: with every finding and its place.
        NotImplementedYet: it uses a setting that is not known.
    """
    findings = [*_features(document), *_products(document), *_defaults(document), *_settings(document)]
    if findings:
        raise InvalidRequest(
            f"The catalog has {len(findings)} mistake(s); the first: {findings[0].detail}",
            facts={"errors": [{"pointer": f.pointer, "detail": f.detail} for f in findings]},
        )
    unknown = sorted(set(document.settings) - SETTINGS)
    if unknown:
        raise NotImplementedYet(f"The setting {unknown[0]}")


def _features(document: CatalogDocument) -> Iterator[Finding]:
    types = {feature.id: feature.type for feature in document.features}
    seen = Counter(feature.id for feature in document.features)
    for n, feature in enumerate(document.features):
        where = f"/features/{n}"
        if seen[feature.id] > 1:
            yield Finding(f"{where}/id", f"the feature {feature.id} is defined {seen[feature.id]} times")
        for paid in feature.costs or {}:
            if types.get(paid) is not FeatureType.METERED:
                yield Finding(f"{where}/costs/{paid}", f"{paid} is not a metered feature of this catalog")


def _products(document: CatalogDocument) -> Iterator[Finding]:
    features = {feature.id: feature for feature in document.features}
    seen = Counter((product.id, product.version) for product in document.products)
    active = Counter(product.id for product in document.products if product.active)
    for n, product in enumerate(document.products):
        where = f"/products/{n}"
        if seen[product.id, product.version] > 1:
            yield Finding(f"{where}/version", f"{product.id} version {product.version} is defined twice")
        if active[product.id] > 1 and product.active:
            yield Finding(f"{where}/active", f"several versions of {product.id} are active")
        yield from _product(product, where)
        for m, item in enumerate(product.items):
            yield from _item(item, f"{where}/items/{m}", features)


def _product(product: ProductTerms, where: str) -> Iterator[Finding]:
    prepaid = Counter(
        item.feature
        for item in product.items
        if item.overage is not None and item.overage.billing is PriceKind.PREPAID
    )
    for feature, times in prepaid.items():
        if times > 1:
            yield Finding(f"{where}/items", f"{feature} is sold in packs {times} times in one product")
    if product.trial is not None and product.price_kind is PaidHow.ONE_OFF:
        yield Finding(f"{where}/trial", "what is paid once has no trial")


def _item(item: ItemTerms, where: str, features: dict[str, FeatureTerms]) -> Iterator[Finding]:
    feature = features.get(item.feature)
    if feature is None:
        yield Finding(f"{where}/feature", f"the feature {item.feature} is not in this catalog")
        return
    if item.per_entity is not None and item.per_entity not in features:
        yield Finding(f"{where}/per_entity", f"the feature {item.per_entity} is not in this catalog")
    if feature.type is FeatureType.BOOLEAN and (item.included or item.unlimited or item.overage):
        yield Finding(where, f"{item.feature} is granted or not: it has no units and no overage")
    billing = item.overage.billing if item.overage else None
    if billing in HELD_ONLY and feature.used_up:
        yield Finding(f"{where}/overage/billing", f"{item.feature} is used up; {billing} is for what is held")
    if billing is PriceKind.ARREARS and not feature.used_up:
        yield Finding(f"{where}/overage/billing", f"{item.feature} is held; use allocated_arrears")


def _defaults(document: CatalogDocument) -> Iterator[Finding]:
    active = document.active_versions()
    given = [
        (n, product)
        for n, product in enumerate(document.products)
        if product.default and active.get(product.id) == product.version
    ]
    groups = Counter(product.group for _, product in given if not product.add_on)
    for n, product in given:
        if not product.add_on and product.group is not None and groups[product.group] > 1:
            yield Finding(f"/products/{n}/default", f"the group {product.group} has several defaults")
        paid = product.price_kind is not PaidHow.FREE
        if paid and document.settings.get("allow_paid_defaults") is not True:
            yield Finding(
                f"/products/{n}/default",
                f"{product.id} costs something, and a default is given to everybody; "
                "settings.allow_paid_defaults: true allows it",
            )


def _settings(document: CatalogDocument) -> Iterator[Finding]:
    for name in sorted(set(document.settings) & SETTINGS):
        if not isinstance(document.settings[name], bool):
            yield Finding(f"/settings/{name}", f"{name} is true or false")
