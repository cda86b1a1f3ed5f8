"""Where do the facts come from? All reading that a call needs, in one transaction, turned into a context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.context import (
    AttachContext,
    CustomerTerms,
    HeldProduct,
    ProductTerms,
    StripeItem,
    SubscriptionTerms,
    Waiting,
)
from engine.attach.supported import unbuilt_terms
from engine.errors import NotFound
from engine.mirror.terms import priced_items, quantities_of
from engine.pricing.model import BilledLineView, Period
from persistence.models import (
    Attachment,
    BilledLine,
    Customer,
    Product,
    Subscription,
    SubscriptionProduct,
)
from persistence.repositories import attachments, billing, catalogs, holdings
from persistence.repositories import customers as customer_rows


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request tells which rows to read."""

    product: str
    version: int | None
    quantities: Mapping[str, int]
    entity: str | None
    success_url: str


async def gather(
    session: AsyncSession, customer: Customer, asked: Asked, *, attachment: str, at: datetime
) -> AttachContext:
    """The whole context of one call on one product.

    Raises:
        NotFound: the product (in that version) or the entity does not exist.
    """
    catalog = await catalogs.find(session, customer.catalog)
    assert catalog is not None, "a customer belongs to a catalog"
    product = await _product(session, customer, asked)
    entity = await _entity(session, customer, asked.entity)
    held = await holdings.held_products(session, customer.id)
    defaults = await catalogs.default_products(session, customer.catalog)
    return AttachContext(
        at=at,
        attachment=attachment,
        customer=_customer(customer),
        product=product_terms(product),
        entity=entity,
        asked={feature: Decimal(units) for feature, units in asked.quantities.items()},
        held=tuple(_held(h) for h in held),
        subscriptions=await _subscriptions(session, customer, held),
        settings=catalog.settings,
        success_url=asked.success_url,
        default=_default(defaults, product),
        waiting=tuple(_waiting(a) for a in await attachments.awaiting(session, customer.id)),
        ended_before=await holdings.held_before(session, customer.id, product.external_id),
    )


async def _product(session: AsyncSession, customer: Customer, asked: Asked) -> Product:
    found = await catalogs.product(session, customer.catalog, asked.product, version_number=asked.version)
    if found is None:
        version = f" in version {asked.version}" if asked.version is not None else ""
        raise NotFound(
            "product_not_found",
            f"There is no product {asked.product}{version} in the catalog {customer.catalog}.",
            facts={"product": asked.product, "catalog": customer.catalog},
        )
    return found


async def _entity(session: AsyncSession, customer: Customer, external_id: str | None) -> str | None:
    if external_id is None:
        return None
    found = await customer_rows.entity(session, customer.id, external_id)
    if found is None:
        raise NotFound("entity_not_found", f"The customer has no entity {external_id}; create it first.")
    return found.id


def _customer(customer: Customer) -> CustomerTerms:
    return CustomerTerms(
        row_id=customer.id,
        type=customer.type,
        id=customer.external_id,
        catalog=customer.catalog,
        stripe_id=customer.stripe_customer_id,
        stripe_clock=customer.clock.stripe_test_clock_id,
        currency=customer.currency,
        has_payment_method=customer.payment_method is not None,
        version=customer.version,
    )


def product_terms(product: Product) -> ProductTerms:
    """One version of a product as plain values."""
    return ProductTerms(
        row_id=product.id,
        id=product.external_id,
        version=product.version_number,
        group=product.group,
        add_on=product.add_on,
        is_default=product.is_default,
        price_kind=product.price_kind,
        ready=product.ready,
        trial=product.trial,
        items=priced_items(product),
        features=tuple(granted.feature.external_id for granted in product.features),
        unbuilt=unbuilt_terms(product),
    )


def _held(held: SubscriptionProduct) -> HeldProduct:
    return HeldProduct(
        row_id=held.id,
        product=product_terms(held.product),
        state=held.state,
        quantities=quantities_of(held.quantities),
        subscription=held.subscription_id,
        entity=held.entity_id,
        one_off=held.one_off,
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        trial_ends_at=held.trial_ends_at,
    )


async def _subscriptions(
    session: AsyncSession, customer: Customer, held: Sequence[SubscriptionProduct]
) -> tuple[SubscriptionTerms, ...]:
    """The Subscriptions that hold something, oldest first, with what was billed for them."""
    found = {h.subscription_id: h.subscription for h in held if h.subscription.ended_at is None}
    billed = await billing.billed_lines(session, list(found))
    opened = [i for i in await billing.open_invoices(session, customer.id) if i.state == "open"]
    names = {h.product_id: h.product.external_id for h in held}
    return tuple(
        _subscription(
            subscription,
            [h for h in held if h.subscription_id == row_id],
            tuple(_billed(line, names) for line in billed if line.subscription_id == row_id),
            tuple(i.stripe_invoice_id for i in opened if i.subscription_id == row_id),
        )
        for row_id, subscription in sorted(found.items())
    )


def _subscription(
    subscription: Subscription,
    own: Sequence[SubscriptionProduct],
    billed: tuple[BilledLineView, ...],
    open_invoices: tuple[str, ...],
) -> SubscriptionTerms:
    return SubscriptionTerms(
        row_id=subscription.id,
        stripe_id=subscription.stripe_subscription_id,
        schedule_id=subscription.stripe_schedule_id,
        status=subscription.stripe_status,
        anchor=subscription.anchor,
        cancel_at=_cancel_at(subscription, own),
        items=_stripe_items(own),
        billed=billed,
        open_invoices=open_invoices,
    )


def _cancel_at(subscription: Subscription, held: Sequence[SubscriptionProduct]) -> datetime | None:
    """The end that Stripe was told: that of the last product, when all end and no schedule does it."""
    ends = [h.ends_at for h in held if h.product.price_kind == "recurring" and h.state != "scheduled"]
    if subscription.stripe_schedule_id is not None or not ends or None in ends:
        return None
    return max(end for end in ends if end is not None)


def _stripe_items(held: Sequence[SubscriptionProduct]) -> tuple[StripeItem, ...]:
    """The items that Stripe has: one for each price, whose quantity is the sum of what shares it."""
    found: dict[str, StripeItem] = {}
    for item in (item for h in held for item in h.items):
        if item.stripe_item_id is None or item.price.stripe_price_id is None:
            continue
        before = found[item.stripe_item_id].quantity if item.stripe_item_id in found else 0
        found[item.stripe_item_id] = StripeItem(
            item.stripe_item_id, item.price.stripe_price_id, before + int(item.quantity), item.period_end
        )
    return tuple(found.values())


def _billed(line: BilledLine, names: Mapping[str, str]) -> BilledLineView:
    period = Period(line.period_start, line.period_end) if line.period_start and line.period_end else None
    return BilledLineView(
        id=line.id,
        title=line.description,
        net=line.amount - line.discount,
        currency=line.currency,
        product=names.get(line.product_id or "", ""),
        quantity=int(line.quantity),
        period=period,
        price_id=line.price_id,
        holding=line.subscription_product_id,
        credited=line.credited,
        paid=line.paid,
        access_given=line.access_given,
    )


def _default(defaults: Sequence[Product], product: Product) -> ProductTerms | None:
    """The default product of the same group."""
    return next((product_terms(d) for d in defaults if d.group == product.group), None)


def _waiting(attachment: Attachment) -> Waiting:
    return Waiting(
        attachment=attachment.id,
        params_hash=attachment.params_hash,
        awaiting_type=attachment.awaiting_type or "",
        awaiting_id=attachment.awaiting_id or "",
        url=None,
        subscription=attachment.plan.get("subscription"),
    )
