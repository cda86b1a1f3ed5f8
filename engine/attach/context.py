"""What do we know when we decide? Everything was read once; later steps read nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.pricing.model import BilledLineView, PlanItems, PricedItem
from engine.pricing.quantities import with_units

LIVE = frozenset({"trialing", "active", "past_due", "paused", "canceling"})


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """One version of a product: what it is, what it costs, and which features it grants."""

    row_id: str
    id: str
    version: int
    group: str | None
    add_on: bool
    is_default: bool
    price_kind: str
    ready: bool
    trial: Mapping[str, Any] | None
    items: tuple[PricedItem, ...]
    features: tuple[str, ...]
    unbuilt: tuple[str, ...] = ()

    @property
    def prepaid(self) -> frozenset[str]:
        """The features of which packs can be bought."""
        return frozenset(i.feature for i in self.items if i.feature and i.kind.value == "prepaid")

    def at(
        self,
        asked: Mapping[str, Decimal],
        *,
        kept: Mapping[str, Decimal] | None = None,
        holding: str | None = None,
    ) -> PlanItems:
        """Its prices at the quantities asked for, else at those kept from before."""
        items = with_units(self.items, asked, kept=kept)
        return PlanItems(self.id, tuple(replace(item, holding=holding) for item in items))


@dataclass(frozen=True, slots=True)
class HeldProduct:
    """A product that the customer holds or has scheduled."""

    row_id: str
    product: ProductTerms
    state: str
    quantities: Mapping[str, Decimal]
    subscription: str
    entity: str | None
    one_off: bool
    starts_at: datetime
    ends_at: datetime | None
    trial_ends_at: datetime | None

    @property
    def live(self) -> bool:
        """Whether it is in force now."""
        return self.state in LIVE

    @property
    def items(self) -> PlanItems:
        """Its prices at the quantities held."""
        return self.product.at(self.quantities, holding=self.row_id)


@dataclass(frozen=True, slots=True)
class StripeItem:
    """An item that the Stripe subscription has now."""

    id: str
    price: str
    quantity: int
    period_end: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """A Subscription of the customer, what Stripe has in it, and what was billed for running periods."""

    row_id: str
    stripe_id: str | None
    schedule_id: str | None
    status: str | None
    anchor: datetime
    cancel_at: datetime | None
    items: tuple[StripeItem, ...]
    billed: tuple[BilledLineView, ...]
    open_invoices: tuple[str, ...] = ()

    @property
    def paid(self) -> bool:
        """Whether Stripe has a subscription for it."""
        return self.stripe_id is not None


@dataclass(frozen=True, slots=True)
class CustomerTerms:
    """The customer as far as a purchase needs it."""

    row_id: str
    type: str
    id: str
    catalog: str
    stripe_id: str | None
    stripe_clock: str | None
    currency: str | None
    has_payment_method: bool
    version: int
    had_trial_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An earlier attachment that waits for the buyer: for a checkout session or for an open invoice."""

    attachment: str
    params_hash: str
    awaiting_type: str
    awaiting_id: str
    url: str | None
    subscription: str | None


@dataclass(frozen=True)
class AttachContext:
    """All facts about one call, read after the customer was claimed."""

    at: datetime
    attachment: str
    customer: CustomerTerms
    product: ProductTerms
    entity: str | None
    asked: Mapping[str, Decimal]
    held: tuple[HeldProduct, ...]
    subscriptions: tuple[SubscriptionTerms, ...]
    settings: Mapping[str, Any]
    success_url: str
    default: ProductTerms | None = None
    waiting: tuple[Waiting, ...] = ()
    ended_before: bool = False

    def _in_scope(self) -> tuple[HeldProduct, ...]:
        return tuple(h for h in self.held if h.entity == self.entity)

    @cached_property
    def same(self) -> HeldProduct | None:
        """The product of the call as it is held or scheduled in this scope; a bought one-off never counts."""
        found = [h for h in self._in_scope() if h.product.id == self.product.id and not h.one_off]
        return min(found, key=lambda h: not h.live, default=None)

    @cached_property
    def bought(self) -> HeldProduct | None:
        """The product of the call as it was bought once in this scope, last."""
        found = [h for h in self._in_scope() if h.product.id == self.product.id and h.one_off and h.live]
        return max(found, key=lambda h: h.starts_at, default=None)

    @cached_property
    def current(self) -> HeldProduct | None:
        """The main product in force of the same group and scope; an add-on has and replaces none."""
        return next((h for h in self._group() if h.live), None)

    @cached_property
    def scheduled(self) -> HeldProduct | None:
        """The main product that is scheduled in the same group and scope."""
        return next((h for h in self._group() if h.state == "scheduled"), None)

    def _group(self) -> tuple[HeldProduct, ...]:
        if self.product.group is None or self.product.add_on:
            return ()
        return tuple(
            h
            for h in self._in_scope()
            if h.product.group == self.product.group and not h.product.add_on and not h.one_off
        )

    @cached_property
    def joins(self) -> SubscriptionTerms | None:
        """The paid Subscription that a recurring product would join.

        First one that holds a product of its entity, then one of customer-level products, then the oldest.
        """
        paid = [s for s in self.subscriptions if s.paid]
        if not paid:
            return None
        entities = {s.row_id: {h.entity for h in self.held if h.subscription == s.row_id} for s in paid}
        ranked = sorted(
            paid, key=lambda s: (self.entity not in entities[s.row_id], None not in entities[s.row_id])
        )
        return ranked[0]

    def subscription_of(self, held: HeldProduct) -> SubscriptionTerms:
        """The Subscription that a held product is in."""
        return next(s for s in self.subscriptions if s.row_id == held.subscription)

    @cached_property
    def wanted(self) -> PlanItems:
        """The product of the call at the quantities it will have.

        Quantities that the call does not name are kept: of the same product, or of the one it replaces.
        """
        before = self.same if self.same is not None and self.same.live else self.current
        kept: Mapping[str, Decimal] = before.quantities if before is not None else {}
        return self.product.at(self.asked, kept=kept)
