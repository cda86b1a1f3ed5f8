"""The tables, by noun."""

from persistence.models.access import Balance, LedgerEntry, UsageEvent
from persistence.models.attachments import Attachment, Decision, RuleSetVersion, Step, StripeCall
from persistence.models.base import Base, Driven, Json, Owned
from persistence.models.billing import BilledLine, CheckoutSession, Invoice
from persistence.models.catalog import Catalog, Feature, Price, Product, ProductFeature
from persistence.models.customers import LIVE_CLOCK, Clock, Customer, Entity
from persistence.models.messaging import Due, IdempotencyKey, Inbox, Outbox
from persistence.models.subscriptions import Subscription, SubscriptionItem, SubscriptionProduct, Transition

__all__ = [
    "LIVE_CLOCK",
    "Attachment",
    "Balance",
    "Base",
    "BilledLine",
    "Catalog",
    "CheckoutSession",
    "Clock",
    "Customer",
    "Decision",
    "Driven",
    "Due",
    "Entity",
    "Feature",
    "IdempotencyKey",
    "Inbox",
    "Invoice",
    "Json",
    "LedgerEntry",
    "Outbox",
    "Owned",
    "Price",
    "Product",
    "ProductFeature",
    "RuleSetVersion",
    "Step",
    "StripeCall",
    "Subscription",
    "SubscriptionItem",
    "SubscriptionProduct",
    "Transition",
    "UsageEvent",
]
