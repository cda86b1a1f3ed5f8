"""What does Stripe have to know of a catalog? Its products and prices, as frozen steps, and their answers.

A price of Stripe's is asked per pack: its quantity is the number of packs. What is billed after its use, or
by what is held, has no price at Stripe yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.catalog.shapes import current_prices
from engine.pricing.words import display_name
from engine.steps.plan import PlannedStep, Ref
from persistence.models import Price, Product, Step
from persistence.models.words import BillingInterval, PaidHow, PriceKind, TierMode

Json = dict[str, Any]
SOLD_IN_ADVANCE = frozenset({PriceKind.FIXED.value, PriceKind.PREPAID.value})
UP_TO_INFINITY = "inf"


def wanted(products: Iterable[Product], retired: Iterable[str]) -> list[PlannedStep]:
    """The calls that make what Stripe lacks, and that take prices off which nobody has or will have."""
    steps: list[PlannedStep] = []
    for product in products:
        if product.price_kind == PaidHow.FREE.value:
            continue
        target: Ref | str | None = product.stripe_product_id
        missing = [price for price in current_prices(product) if _is_missing(product, price)]
        if target is None and _may_be_made(product):
            target = Ref(len(steps))
            steps.append(_product(product))
        if target is not None:
            steps += [_price(product, price, target) for price in missing]
    steps += [
        PlannedStep("prices.update", {"active": False}, target=price, tolerates="gone") for price in retired
    ]
    return steps


def not_built(product: Product) -> list[str]:
    """What of the product has no price at Stripe yet, in the words of the document."""
    untold = [price for price in current_prices(product) if not _can_be_told(product, price)]
    return sorted({"tiers" if price.kind in SOLD_IN_ADVANCE else price.kind for price in untold})


def is_ready(product: Product) -> bool:
    """Whether everything of the product that can be sold can be sold at Stripe."""
    if product.price_kind == PaidHow.FREE.value:
        return True
    if product.stripe_product_id is None and _may_be_made(product):
        return False
    return not any(_is_missing(product, price) for price in current_prices(product))


def note(products: Mapping[str, Product], steps: Iterable[Step]) -> None:
    """Write down, in the rows, the names under which Stripe made what the steps asked for."""
    prices = {price.id: price for product in products.values() for price in product.prices}
    for step in steps:
        if step.state != "done" or step.object_id is None:
            continue
        metadata: Mapping[str, str] = step.params["params"].get("metadata", {})
        product, price = (
            products.get(metadata.get("ws_product", "")),
            prices.get(metadata.get("ws_price", "")),
        )
        if step.kind == "products.create" and product is not None and product.stripe_product_id is None:
            product.stripe_product_id = step.object_id
        if step.kind == "prices.create" and price is not None and price.stripe_price_id is None:
            price.stripe_price_id = step.object_id
    for product in products.values():
        product.ready = is_ready(product)


def _may_be_made(product: Product) -> bool:
    return any(_can_be_told(product, price) for price in current_prices(product))


def _is_missing(product: Product, price: Price) -> bool:
    return price.stripe_price_id is None and _can_be_told(product, price)


def _can_be_told(product: Product, price: Price) -> bool:
    """Whether a price of Stripe's can say what this one says: whole packs, and nothing included in tiers."""
    if price.kind not in SOLD_IN_ADVANCE:
        return False
    if price.tiers is None:
        return True
    whole = all(tier["up_to"] == UP_TO_INFINITY or tier["up_to"] % price.per == 0 for tier in price.tiers)
    included = [grant.included for grant in product.features if grant.price_id == price.id]
    return whole and (price.tier_mode == TierMode.GRADUATED.value or not any(included))


def _product(product: Product) -> PlannedStep:
    return PlannedStep(
        "products.create",
        {
            "name": display_name(product.external_id),
            "metadata": {
                "ws_product": product.id,
                "ws_catalog": product.catalog,
                "ws_version": str(product.version_number),
            },
        },
    )


def _price(product: Product, price: Price, target: Ref | str) -> PlannedStep:
    params: Json = {
        "product": target,
        "currency": price.currency,
        "nickname": _nickname(product, price),
        "metadata": {"ws_price": price.id},
    }
    if price.tiers is None:
        params["unit_amount"] = price.amount
    else:
        params |= {
            "billing_scheme": "tiered",
            "tiers_mode": price.tier_mode,
            "tiers": [_tier(tier, price) for tier in price.tiers],
        }
    if price.interval != BillingInterval.ONE_OFF.value:
        params["recurring"] = {"interval": price.interval, "interval_count": price.interval_count}
    return PlannedStep("prices.create", params)


def _tier(tier: Json, price: Price) -> Json:
    up_to = tier["up_to"]
    bound = up_to if up_to == UP_TO_INFINITY else int(up_to / price.per)
    return {"up_to": bound, "unit_amount": tier["amount"]}


def _nickname(product: Product, price: Price) -> str:
    if price.feature is None:
        return display_name(product.external_id)
    size = "" if price.per == 1 else f"{price.per:f} "
    return f"{display_name(product.external_id)}: {size}{display_name(price.feature.external_id)}"
