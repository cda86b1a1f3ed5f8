"""In which form may an attach or a cancel be asked for? The bodies, read strictly: unknown names are refused.

The same bodies come over HTTP and over NATS; `engine/attach/request.py` refines them to plain frozen data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    model_validator,
)

from engine.catalog.terms import LARGEST_AMOUNT, Amount, Flag, Id, ItemTerms, PriceTerms, wrong
from persistence.ids import EXTERNAL_ID
from persistence.models.words import BillingInterval, CustomerType


def _only_text(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise wrong("timestamp", "a timestamp is text as in RFC 3339, such as 2026-01-11T00:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=0)


Timestamp = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_in_utc)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[!-~]+$")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
SignedAmount = Annotated[int, Strict(), Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]
Quantities = Annotated[dict[Id, Annotated[int, Strict()]], Field(max_length=100)]
Version = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]


class Body(BaseModel):
    """A part of a request: frozen, and refusing every name that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerRef(Body):
    """Who buys, by the type and the id under which your own systems know them."""

    type: CustomerType
    id: Annotated[
        str,
        StringConstraints(pattern=EXTERNAL_ID),
        Field(description="Letters, digits and dashes, at most 64."),
    ]


class CustomBody(Body):
    """Terms made for this customer, in the place of those of the catalog."""

    price: Amount | None = Field(None, description="The only fixed price, in minor units.")
    prices: tuple[PriceTerms, ...] | None = Field(None, description="All fixed prices.", max_length=20)
    interval: BillingInterval | None = Field(None, description="How often `price` is billed.")
    items: tuple[ItemTerms, ...] | None = Field(None, description="All items.", max_length=100)

    @model_validator(mode="after")
    def _says_something_once(self) -> Self:
        if self.price is None and self.prices is None and self.items is None:
            raise wrong("empty", "custom must name a price, prices or items")
        if self.price is not None and self.prices is not None:
            raise wrong("price_or_prices", "give either price or prices")
        if self.interval is not None and self.price is None:
            raise wrong("interval", "interval says how often `price` is billed; there is none")
        return self


class TrialBody(Body):
    """A trial of its own for this attach."""

    days: Annotated[int, Strict(), Field(ge=1, le=730)]
    card_required: Flag = True
    on_end: Literal["bill", "revert"] = "bill"


class DiscountBody(Body):
    """A coupon or a promotion code."""

    coupon: Id | None = None
    promotion_code: Id | None = None
    percent_off: Annotated[float, Field(gt=0, le=100)] | None = None
    amount_off: Annotated[Amount, Field(gt=0)] | None = None
    duration: Literal["once", "forever", "repeating"] = "once"
    months: Annotated[int, Strict(), Field(ge=1, le=36)] | None = None
    first_time_only: Flag = False
    only_product: Id | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.coupon is None) == (self.promotion_code is None):
            raise wrong("coupon_or_code", "give either a coupon or a promotion_code")
        if self.percent_off is not None and self.amount_off is not None:
            raise wrong("percent_or_amount", "give either percent_off or amount_off")
        if (self.duration == "repeating") != (self.months is not None):
            raise wrong("months", "months goes with duration: repeating, and only with it")
        return self


class LineBody(Body):
    """An invoice line of your own, in the place of those that would be computed."""

    amount: SignedAmount
    description: Text


class PersonBody(Body):
    """What is kept of a customer or an entity that the attach creates."""

    name: Text | None = None
    email: Text | None = None


class ProductBody(Body):
    """One of several products that are bought together."""

    product: Id
    quantities: Quantities | None = Field(
        None, description="Total units by feature, the included ones counted."
    )
    version: Version | None = Field(None, description="The active one unless told.")
    custom: CustomBody | None = None


class AttachBody(Body):
    """A purchase: who, what, and as little else as is needed.

    What it means (new, upgrade, downgrade, another quantity ...) is decided by the rules, not by the caller.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"customer": {"type": "organization", "id": "acme"}, "product": "pro"},
                {
                    "customer": {"type": "user", "id": "u-7"},
                    "product": "premium",
                    "quantities": {"messages": 300},
                    "success_url": "https://example.com/thanks",
                },
            ]
        }
    )

    customer: CustomerRef
    product: Id | None = Field(None, description="The one product to attach.")
    products: tuple[ProductBody, ...] | None = Field(None, min_length=1, max_length=20)
    entity: Id | None = Field(None, description="The sub-account that gets it.")
    quantities: Quantities | None = Field(
        None, description="Total units by feature, the included ones counted.", examples=[{"messages": 300}]
    )
    version: Version | None = None
    custom: CustomBody | None = None
    free_trial: Literal[False] | TrialBody | None = Field(None, description="false: no trial.")
    proration: Literal["immediate", "next_cycle", "none"] | None = None
    timing: Literal["immediate", "end_of_cycle"] | None = None
    force_checkout: Flag = Field(default=False, description="A checkout session even with a card on file.")
    invoice: Flag = Field(default=False, description="An invoice to be paid later instead of a charge.")
    enable_immediately: Flag | None = Field(None, description="Access before the payment.")
    finalize_invoice: Flag | None = Field(None, description="false: the invoice stays a draft.")
    discounts: tuple[DiscountBody, ...] | None = Field(None, max_length=20)
    new_subscription: Flag = False
    billing_cycle_anchor: Literal["now"] | Timestamp | None = None
    starts_at: Timestamp | None = None
    ends_at: Timestamp | None = None
    carry_over_usage: Flag = False
    carry_over_balance: Flag = False
    remove_products: tuple[Id, ...] | None = Field(None, max_length=20)
    custom_line_items: tuple[LineBody, ...] | None = Field(None, min_length=1, max_length=20)
    no_billing_changes: Flag = False
    idempotency_key: Key | None = Field(None, description="The same as the header `Idempotency-Key`.")
    customer_data: PersonBody | None = None
    entity_data: PersonBody | None = None
    success_url: Url | None = Field(None, description="Where the buyer goes after paying.")


class CancelBody(Body):
    """The end of a product: now, or when what is paid for is over."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"customer": {"type": "user", "id": "u-7"}, "product": "pro", "mode": "end_of_cycle"}
            ]
        }
    )

    customer: CustomerRef
    product: Id
    entity: Id | None = None
    mode: Literal["now", "end_of_cycle"] = "end_of_cycle"
    refund: Literal["none", "prorated", "full"] | None = Field(None, description="Only with mode: now.")
    idempotency_key: Key | None = None


class UncancelBody(Body):
    """The withdrawal of an end that has not come yet."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer": {"type": "user", "id": "u-7"}, "product": "pro"}]}
    )

    customer: CustomerRef
    product: Id
    entity: Id | None = None
    idempotency_key: Key | None = None
