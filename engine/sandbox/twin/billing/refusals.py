"""Which changes of a subscription does Stripe refuse?"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.values.types import Obj, as_list

_ENDED = {"canceled", "incomplete_expired"}
_ALWAYS = {"expand"}
_WHEN_ENDED = {"metadata", "cancellation_details"}
_ITEM_WHEN_PENDING = {"id", "price", "price_data", "plan", "quantity", "deleted", "discounts"}
_WHEN_INCOMPLETE = {
    "metadata", "description", "default_payment_method", "payment_settings", "cancellation_details",
    "off_session", "payment_behavior",
}  # fmt: skip
# Stripe docs: billing/subscriptions/pending-updates-reference.
_WHEN_PENDING = {
    "payment_behavior", "proration_behavior", "proration_date", "billing_cycle_anchor", "items", "trial_end",
    "trial_from_plan", "add_invoice_items", "cancel_at_period_end", "discounts", "metadata",
}  # fmt: skip
_ENDS = {"cancel_at", "cancel_at_period_end"}


def refuse_update(subscription: Obj, given: Obj) -> None:
    """Raise where the subscription's state does not allow these parameters."""
    names = {name for name in set(given) - _ALWAYS if not name.startswith("_")}
    status = subscription["status"]
    if status in _ENDED and names - _WHEN_ENDED:
        text = "A canceled subscription can only update its cancellation_details and metadata."
        raise invalid(text, code="invalid_canceled_subscription_fields")
    if status == "incomplete" and names - _WHEN_INCOMPLETE:
        text = (
            "This subscription is `incomplete`: only attributes that do not create an invoice or invoice item"
            " can be updated until its first invoice is paid."
        )
        raise invalid(text, param=min(names - _WHEN_INCOMPLETE))
    _refuse_ends(subscription, given)
    if given.get("payment_behavior") == "pending_if_incomplete":
        _refuse_pending(subscription, given, names)


def _refuse_ends(subscription: Obj, given: Obj) -> None:
    ends = _ENDS & set(given)
    if len(ends) > 1:
        raise exclusive("cancel_at", "cancel_at_period_end")
    if ends and subscription["schedule"]:
        text = (
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and"
            " updating any cancelation behavior directly is not allowed. Please update the schedule instead."
        )
        raise invalid(text)


def _refuse_pending(subscription: Obj, given: Obj, names: set[str]) -> None:
    if subscription["collection_method"] != "charge_automatically":
        text = "`pending_if_incomplete` needs `collection_method=charge_automatically`."
        raise invalid(text, param="payment_behavior")
    items = as_list(given.get("items")) or []
    inner = {
        f"items[{index}][{name}]"
        for index, entry in enumerate(items)
        for name in set(entry) - _ITEM_WHEN_PENDING
    }
    others = sorted((names - _WHEN_PENDING) | inner)
    if others:
        text = (
            "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass supported params."
            f" Unsupported: {', '.join(others)}. See"
            " https://stripe.com/docs/billing/subscriptions/pending-updates-reference for the supported ones."
        )
        raise invalid(text, param=others[0])


def refuse_when_ended(subscription: Obj) -> None:
    """Raise where a subscription is over."""
    if subscription["status"] in _ENDED:
        raise no_such("subscription", subscription["id"])
