"""Which facts decide? The context, turned into the flat records of closed words that the rules read.

A request gives one line for its product and one for each quantity of a held product that changes. Whatever is
not built yet has its value for "absent" here: a request that names it was refused before.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.attach.context import AttachContext, HeldProduct
from engine.attach.request import AttachRequest
from engine.pricing.compare import (
    due_now,
    interval_change,
    mixed_intervals,
    price_change,
    product_price,
    usage_only,
)
from engine.pricing.lines import full_lines
from engine.pricing.model import PricedItem, quote
from engine.pricing.quantities import bought_packs, exceeds_maximum

Facts = Mapping[str, str | bool]


def lines_of(context: AttachContext, request: AttachRequest) -> tuple[Facts, ...]:
    """The facts of every line of the request: its product first, then each quantity that changes."""
    call = {**_asked(request), **_about_customer(context), **_money(context)}
    product = {**call, **_about_product(context), **_about_holdings(context), **_compared(context)}
    whole = {
        **product,
        "line_kind": "product",
        "quantities": _quantities(context),
        "quantity_problem": _problem(context),
        "quantity_change": "none",
        "on_increase": "unset",
        "on_decrease": "unset",
    }
    changes = _changed_items(context)
    return (whole, *({**product, **_quantity_line(old, new)} for old, new in changes))


def _asked(request: AttachRequest) -> dict[str, str | bool]:
    return {
        "asked_timing": request.timing.value if request.timing else "unset",
        "asked_proration": request.proration.value if request.proration else "unset",
        "force_checkout": request.force_checkout,
        "invoice_mode": request.invoice,
        "enable_immediately": bool(request.enable_immediately),
        "asked_finalize": _tri(request.finalize_invoice),
        "asked_trial": "unset" if request.free_trial is None else "off",
        "new_subscription": request.new_subscription,
        "anchor": "unset",
        "start_date": "unset",
        "end_date": "unset",
        "discount": "none",
        "carry_over": "none",
        "removes_products": bool(request.remove_products),
        "custom_lines": bool(request.custom_line_items),
        "no_billing_changes": request.no_billing_changes,
    }


def _tri(value: bool | None) -> str:  # noqa: FBT001 -- a yes, a no, or nothing said
    if value is None:
        return "unset"
    return "yes" if value else "no"


def _about_customer(context: AttachContext) -> dict[str, str | bool]:
    return {
        "payment_method": "on_file" if context.customer.has_payment_method else "none",
        "entity_known": True,
    }


def _money(context: AttachContext) -> dict[str, str | bool]:
    lines = full_lines(context.wanted.items, at=context.at)
    currency = next((item.currency for item in context.wanted.items), "usd")
    return {
        "due_now": due_now(quote(lines, currency=currency)).value,
        "mixed_intervals": mixed_intervals(context.wanted.items),
    }


def _about_product(context: AttachContext) -> dict[str, str | bool]:
    product = context.product
    return {
        "product_price": product_price(context.wanted).value,
        "add_on": product.add_on,
        "product_ready": product.ready,
        "group_taken_in_call": False,
        "trial_offer": _trial_offer(context),
        "custom_items": "none",
        "version_change": context.same is not None
        and context.same.live
        and context.same.product.version != product.version,
        "becomes_paid": False,
    }


def _trial_offer(context: AttachContext) -> str:
    trial = context.product.trial
    if trial is None or context.product.id in context.customer.had_trial_of:
        return "none"
    return "card_required" if trial.get("card_required", True) else "card_free"


def _about_holdings(context: AttachContext) -> dict[str, str | bool]:
    same, current, scheduled = context.same, _other(context), context.scheduled
    return {
        "held": same.state if same is not None else "none",
        "ending": same is not None and same.live and same.ends_at is not None,
        "current_plan": _plan(current),
        "current_state": _state(current),
        "scheduled_in_group": _scheduled(context, scheduled),
        "live_subscription": _live_subscription(context),
        "currency_matches": _currency_matches(context),
    }


def _other(context: AttachContext) -> HeldProduct | None:
    """The other plan of the group that is in force; never the product itself."""
    current = context.current
    return None if current is None or current is context.same else current


def _plan(current: HeldProduct | None) -> str:
    if current is None:
        return "none"
    return "free" if not current.items.items else "paid"


def _state(current: HeldProduct | None) -> str:
    if current is None:
        return "none"
    in_trial = current.state == "canceling" and current.trial_ends_at is not None
    return "trialing" if in_trial else current.state


def _scheduled(context: AttachContext, scheduled: HeldProduct | None) -> str:
    if scheduled is None:
        return "none"
    return "this" if scheduled.product.id == context.product.id else "other"


def _live_subscription(context: AttachContext) -> str:
    """The paid Subscription that the line is about: of what is held, of what is replaced, or to be joined."""
    held = next((h for h in (context.same, context.current) if h is not None and h.live), None)
    own = context.subscription_of(held) if held is not None else None
    found = own if own is not None and own.paid else context.joins
    if found is None:
        return "none"
    return found.status if found.status in {"trialing", "past_due"} else "active"


def _currency_matches(context: AttachContext) -> bool:
    currency = context.customer.currency
    return currency is None or all(item.currency == currency for item in context.wanted.items)


def _compared(context: AttachContext) -> dict[str, str | bool]:
    current = _other(context)
    plan = None if current is None else current.items
    return {
        "interval_change": interval_change(plan, context.wanted).value,
        "price_change": price_change(plan, context.wanted).value,
        "usage_only": usage_only(plan, context.wanted),
    }


def _quantities(context: AttachContext) -> str:
    if not context.asked:
        return "unset"
    if context.same is None or not context.same.live:
        return "changed"
    return "changed" if _changed_items(context) else "same"


def _problem(context: AttachContext) -> str:
    if any(units < 0 for units in context.asked.values()):
        return "negative"
    if not context.asked.keys() <= context.product.prepaid:
        return "not_prepaid"
    return "above_maximum" if any(map(exceeds_maximum, context.wanted.items)) else "none"


def _changed_items(context: AttachContext) -> list[tuple[PricedItem, PricedItem]]:
    """The items of the held product whose quantity the request changes, as they are and as they will be."""
    same = context.same
    if same is None or not same.live or same.product.row_id != context.product.row_id:
        return []
    pairs = zip(same.items.items, context.wanted.items, strict=True)
    return [(old, new) for old, new in pairs if old.units != new.units]


def _quantity_line(old: PricedItem, new: PricedItem) -> dict[str, str | bool]:
    more = bought_packs(new) >= bought_packs(old)
    return {
        "line_kind": "quantity",
        "quantities": "changed",
        "quantity_problem": "none",
        "quantity_change": "increase" if more else "decrease",
        "on_increase": new.on_increase.value if more else "unset",
        "on_decrease": "unset" if more else new.on_decrease.value,
    }
