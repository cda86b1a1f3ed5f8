"""Which words may a column hold? The closed lists, each of which is also a constraint of its table."""

from __future__ import annotations

from enum import StrEnum


class CustomerType(StrEnum):
    """Who buys."""

    USER = "user"
    ORGANIZATION = "organization"


class FeatureType(StrEnum):
    """How a feature is granted."""

    BOOLEAN = "boolean"
    METERED = "metered"
    CREDIT_SYSTEM = "credit_system"


class ProductKind(StrEnum):
    """What is sold, and to whom."""

    ORGANIZATION_TIER = "organization_tier"
    USER_PLAN = "user_plan"
    SPACE_MEMBERSHIP = "space_membership"
    ADD_ON = "add_on"
    ONE_OFF = "one_off"
    PLAN = "plan"


class PaidHow(StrEnum):
    """Whether a product costs something, and how often."""

    FREE = "free"
    ONE_OFF = "one_off"
    RECURRING = "recurring"


class PriceKind(StrEnum):
    """What a price is for: the product itself, or units of a feature billed before or after their use."""

    FIXED = "fixed"
    PREPAID = "prepaid"
    ARREARS = "arrears"
    ALLOCATED = "allocated"
    ALLOCATED_ARREARS = "allocated_arrears"


class BillingInterval(StrEnum):
    """How often a price is billed."""

    ONE_OFF = "one_off"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class ResetInterval(StrEnum):
    """How often used units start again at nothing."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    NEVER = "never"


class TierMode(StrEnum):
    """Whether each unit costs what its tier says, or all units what the last one reached says."""

    GRADUATED = "graduated"
    VOLUME = "volume"


class SettledBy(StrEnum):
    """Who counts and bills the units used."""

    WALLSTREET = "wallstreet"
    STRIPE_METER = "stripe_meter"


class Collection(StrEnum):
    """How the money of a Subscription comes in."""

    CHARGE = "charge"
    INVOICE = "invoice"


class LedgerKind(StrEnum):
    """Why a balance moved."""

    GRANT = "grant"
    USAGE = "usage"
    RESET = "reset"
    CARRY = "carry"
    EXPIRE = "expire"
    ADJUST = "adjust"


class DecisionKind(StrEnum):
    """What was decided: something to do, something to show, or a default product to give."""

    ATTACH = "attach"
    PREVIEW = "preview"
    DEFAULT = "default"


class AttachmentKind(StrEnum):
    """What a durable run of steps is for."""

    ATTACH = "attach"
    CANCEL = "cancel"
    UNCANCEL = "uncancel"
    CATALOG = "catalog"
    PAYMENT_METHOD = "payment_method"
    CUSTOMER = "customer"
    SETTLE = "settle"


class StepState(StrEnum):
    """How far a frozen step is."""

    PENDING = "pending"
    SENT = "sent"
    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    COMPENSATED = "compensated"


class Verb(StrEnum):
    """What happened to an entity of the change feed."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
