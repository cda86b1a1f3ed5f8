"""What should Stripe hold? The items and phases that the products of a Subscription add up to.

Stripe refuses one price twice on a subscription, so products that share a flat price share an item whose
quantity is their sum. Stripe docs: billing/subscriptions/multiple-products, billing/subscriptions/
subscription-schedules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.clock import to_unix
from engine.errors import Contradiction, NotImplementedYet
from engine.pricing.model import PricedItem
from engine.pricing.periods import cadences
from engine.pricing.quantities import billed_packs

Params = dict[str, Any]
"""Parameters of a Stripe call, as they are frozen in a plan."""


@dataclass(frozen=True, slots=True)
class WantedItem:
    """An item that a subscription should have."""

    price: str
    quantity: int

    def params(self) -> Params:
        """As a call that creates it says it."""
        return {"price": self.price, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class PresentItem:
    """An item that a subscription has."""

    id: str
    price: str
    quantity: int


def wanted_items(items: Iterable[PricedItem]) -> tuple[WantedItem, ...]:
    """The items that all recurring prices of a Subscription add up to, in the order they were given.

    Packs of which none is bought are left out, unless nothing would remain: Stripe has no empty subscription.
    """
    sums: dict[str, int] = {}
    for item in items:
        if item.is_one_off or item.is_usage:
            continue
        price = _stripe_price(item)
        if price in sums and item.tiers:
            raise NotImplementedYet("the same tiered price twice on one subscription")
        sums[price] = sums.get(price, 0) + billed_packs(item)
    bought = tuple(WantedItem(price, quantity) for price, quantity in sums.items() if quantity)
    return bought or tuple(WantedItem(price, quantity) for price, quantity in list(sums.items())[:1])


def invoice_items(items: Iterable[PricedItem]) -> list[Params]:
    """The `add_invoice_items` for what is charged once; packs that are not bought are left out."""
    return [
        {"price": _stripe_price(item), "quantity": billed_packs(item)}
        for item in items
        if item.is_one_off and not item.is_usage and billed_packs(item)
    ]


def item_changes(wanted: Sequence[WantedItem], present: Sequence[PresentItem]) -> list[Params]:
    """The `items` of an update that turns what is there into what is wanted; what agrees is not mentioned.

    Every change says its quantity, since Stripe takes 1 where it is missing. To want nothing is refused: the
    last item cannot be deleted, the subscription has to be cancelled instead.
    """
    if not wanted:
        raise Contradiction("no_items_left", "A subscription cannot lose its last item; cancel it instead.")
    there = _one_by_price(present)
    changes: list[Params] = []
    for item in wanted:
        found = there.get(item.price)
        if found is None:
            changes.append(item.params())
        elif found.quantity != item.quantity:
            changes.append({"id": found.id, "quantity": item.quantity})
    keep = {there[item.price].id for item in wanted if item.price in there}
    changes.extend({"id": item.id, "deleted": True} for item in present if item.id not in keep)
    return changes


def current_phase(phase: Mapping[str, Any], *, until: datetime) -> Params:
    """The running phase of a schedule as Stripe shows it, copied whole into parameters, with another end.

    What an update leaves out of a phase is lost at Stripe, discounts and metadata included.
    """
    copied: Params = {
        name: phase[name] for name in _COPIED_FIELDS if phase.get(name) not in (None, [], {}, "")
    }
    copied["items"] = [_copied_item(item) for item in phase["items"]]
    if phase.get("discounts"):
        copied["discounts"] = [_copied_discount(discount) for discount in phase["discounts"]]
    copied["start_date"] = phase["start_date"]
    copied["end_date"] = to_unix(until)
    copied["proration_behavior"] = "none"
    return copied


def next_phase(
    wanted: Sequence[WantedItem],
    items: Iterable[PricedItem],
    *,
    restart_anchor: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> Params:
    """The phase after a switch: the wanted items for one interval, after which the schedule lets go.

    `restart_anchor` begins a new grid at the switch, needed where an item would join in mid-period.
    """
    longest = cadences(items)[-1]
    assert longest.interval is not None
    phase: Params = {
        "items": [item.params() for item in wanted],
        "duration": {"interval": longest.interval.value, "interval_count": longest.count},
        "proration_behavior": "none",
    }
    if restart_anchor:
        phase["billing_cycle_anchor"] = "phase_start"
    if metadata:
        phase["metadata"] = dict(metadata)
    return phase


def schedule_params(phases: Sequence[Params]) -> Params:
    """An update of a schedule that prorates nothing, now or on entering a phase, and lets go at the end."""
    return {"phases": list(phases), "proration_behavior": "none", "end_behavior": "release"}


_COPIED_FIELDS = (
    "automatic_tax",
    "collection_method",
    "currency",
    "default_payment_method",
    "description",
    "metadata",
    "trial_end",
)


def _copied_item(item: Mapping[str, Any]) -> Params:
    copied: Params = {"price": _id(item["price"]), "quantity": item.get("quantity", 1)}
    if item.get("discounts"):
        copied["discounts"] = [_copied_discount(discount) for discount in item["discounts"]]
    if item.get("metadata"):
        copied["metadata"] = dict(item["metadata"])
    if item.get("tax_rates"):
        copied["tax_rates"] = [_id(rate) for rate in item["tax_rates"]]
    return copied


def _copied_discount(discount: Mapping[str, Any]) -> Params:
    return {
        name: _id(discount[name]) for name in ("discount", "coupon", "promotion_code") if discount.get(name)
    }


def _id(reference: str | Mapping[str, str]) -> str:
    return reference if isinstance(reference, str) else reference["id"]


def _stripe_price(item: PricedItem) -> str:
    if item.stripe_price_id is None:
        raise Contradiction(
            "product_not_ready",
            f"The price {item.price_id} of {item.product} has no Stripe price yet.",
            facts={"price": item.price_id, "product": item.product},
        )
    return item.stripe_price_id


def _one_by_price(present: Sequence[PresentItem]) -> dict[str, PresentItem]:
    there: dict[str, PresentItem] = {}
    for item in present:
        there.setdefault(item.price, item)
    return there
