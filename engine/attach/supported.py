"""What of a request is not built yet? Known parameters answer a clear error instead of being ignored."""

from __future__ import annotations

from engine.attach.context import AttachContext
from engine.attach.request import AttachRequest
from engine.errors import NotImplementedYet
from persistence.models import Product
from persistence.models.words import FeatureType

SETTLED_BY_US = frozenset({"fixed", "prepaid"})
"""The kinds of price that are billed in advance, which is all that is sold so far."""

NOT_BUILT = frozenset(
    {
        "custom",
        "free_trial",
        "invoice",
        "enable_immediately",
        "finalize_invoice",
        "discounts",
        "new_subscription",
        "billing_cycle_anchor",
        "starts_at",
        "ends_at",
        "carry_over_usage",
        "carry_over_balance",
        "remove_products",
        "custom_line_items",
        "no_billing_changes",
        "customer_data",
        "entity_data",
        "entity",
        "refund",
    }
)


def refuse_unbuilt(parameters: frozenset[str]) -> None:
    """Raise NotImplementedYet for the first parameter that nothing behind it can follow."""
    named = sorted(parameters & NOT_BUILT)
    if named:
        raise NotImplementedYet(f"the parameter {named[0]}")


def refuse_unbuilt_request(request: AttachRequest) -> None:
    """Raise NotImplementedYet for an attach that asks for more than one product, or by such a parameter."""
    refuse_unbuilt(request.parameters)
    if len(request.choices) > 1:
        raise NotImplementedYet("attaching several products in one call")


def unbuilt_terms(product: Product) -> tuple[str, ...]:
    """What of a product cannot be sold yet, in the words of the catalog."""
    words = {price.kind for price in product.prices if price.kind not in SETTLED_BY_US}
    words |= {"tiers" for price in product.prices if price.tiers}
    words |= {"trial"} if product.trial else set()
    words |= {"add_on"} if product.add_on else set()
    for granted in product.features:
        words |= {"rollover"} if granted.rollover else set()
        words |= {"per_entity"} if granted.per_entity else set()
        words |= {granted.feature.type} & {FeatureType.CREDIT_SYSTEM.value}
    return tuple(sorted(words))


def refuse_unbuilt_product(context: AttachContext) -> None:
    """Raise NotImplementedYet for a product with terms that cannot be sold yet."""
    held = (context.product, *(h.product for h in (context.current, context.same) if h is not None))
    unbuilt = sorted({word for product in held for word in product.unbuilt})
    if unbuilt:
        raise NotImplementedYet(f"a product with {unbuilt[0]}")
