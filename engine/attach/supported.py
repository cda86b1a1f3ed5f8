"""What of a request is not built yet? Known parameters answer a clear error instead of being ignored."""

from __future__ import annotations

from engine.attach.context import AttachContext
from engine.errors import NotImplementedYet

NOT_BUILT = frozenset(
    {
        "products",
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


def refuse_unbuilt_product(context: AttachContext) -> None:
    """Raise NotImplementedYet for a product with terms that cannot be sold yet."""
    held = (context.product, *(h.product for h in (context.current, context.same) if h is not None))
    unbuilt = sorted({word for product in held for word in product.unbuilt})
    if unbuilt:
        raise NotImplementedYet(f"a product with {unbuilt[0]}")
