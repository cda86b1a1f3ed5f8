"""In which form does the API answer? Read by /openapi.json; a service may say more than is promised here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["active", "scheduled", "checkout", "invoice", "payment_failed", "requires_action"]


class AnswerForm(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="allow")


class MistakeAnswer(AnswerForm):
    """One mistake, and where it is."""

    pointer: str | None = Field(None, description="A JSON pointer into the body (RFC 6901).")
    parameter: str | None = Field(None, description="The parameter of the path, the query or the header.")
    detail: str


class ProblemAnswer(AnswerForm):
    """Any error, as application/problem+json (RFC 9457); `code` is stable."""

    type: str
    title: str
    status: int
    detail: str = Field(description="A sentence for people, which says what to do.")
    code: str = Field(examples=["product_already_attached"])
    instance: str
    errors: list[MistakeAnswer] | None = None
    facts: dict[str, Any] | None = None
    request_id: str | None = None


class RequiredAction(AnswerForm):
    """What the buyer has to do before anything changes."""

    code: Literal["payment_failed", "3ds_required", "payment_method_required"]
    url: str | None


class CheckoutAnswer(AnswerForm):
    """The page at Stripe on which the buyer pays."""

    session: str
    url: str | None


class InvoiceShort(AnswerForm):
    """The invoice of a change."""

    id: str
    state: str
    total: int
    amount_due: int
    currency: str
    hosted_url: str | None


class AttachAnswer(AnswerForm):
    """What came of it, what it was taken for, and what is left to do."""

    id: str = Field(description="See GET /v1/attachments/{id}.")
    status: Status
    branch: str | None = Field(description="Which case it is; none of a cancel.", examples=["upgrade"])
    config: dict[str, Any]
    function: str | None = Field(examples=["update_product"])
    required_action: RequiredAction | None
    checkout: CheckoutAnswer | None
    invoice: InvoiceShort | None
    customer_version: int = Field(description="The customer's version after it.")
    decision: dict[str, Any] | None = Field(description="The facts, and the rules that matched them.")


class Period(AnswerForm):
    """From the first instant to the one after the last."""

    start: datetime
    end: datetime


class LineAnswer(AnswerForm):
    """One line of an invoice, with the formula by which it was computed."""

    description: str
    amount: int
    quantity: float | None
    period: Period | None
    product: str | None
    feature: str | None
    kind: str
    formula: str | None


class NextCycle(AnswerForm):
    """What the next invoice will be."""

    total: int
    starts_at: datetime
    lines: list[LineAnswer]


class PreviewAnswer(AnswerForm):
    """What an attach would be taken for and would cost; its total is the invoice's, to the cent."""

    branch: str
    config: dict[str, Any]
    function: str
    currency: str
    lines: list[LineAnswer]
    total: int
    amount_due: int = Field(description="The total after the customer's balance.")
    next_cycle: NextCycle | None
    incoming: list[Any]
    outgoing: list[Any]
    decision: dict[str, Any] = Field(description="The facts, and the rules that matched them.")


class AttachmentAnswer(AnswerForm):
    """Everything known of one attachment."""

    id: str
    kind: str
    state: str
    status: str | None
    request: dict[str, Any]
    decision: dict[str, Any] | None
    lines: list[Any]
    steps: list[Any]
    calls: list[Any]
    transitions: list[Any]
    result: Any
    error: dict[str, Any] | None


class CheckAnswer(AnswerForm):
    """Whether it may be done, why or why not, and how much is left."""

    allowed: bool
    reason: str
    feature: str
    required: float
    remaining: float | None
    balance: dict[str, Any] | None
    granted_by: dict[str, Any] | str | None
    valid_until: datetime | None


class CheckBatchAnswer(AnswerForm):
    """The answers in the order of the checks; one that failed is a problem in its place."""

    data: list[CheckAnswer | ProblemAnswer]


class TrackAnswer(AnswerForm):
    """What was reported, what of it was deducted, and what is left."""

    value: float
    deducted: float
    balances: dict[str, Any]


class ProductAnswer(AnswerForm):
    """A product that the customer has, had, or will have."""

    id: str
    product: str
    version: int
    group: str | None
    add_on: bool
    state: str
    end_reason: str | None
    quantities: dict[str, int]
    starts_at: datetime
    started_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    trial_ends_at: datetime | None
    entity: str | None
    subscription: str


class SubscriptionAnswer(AnswerForm):
    """What is billed together."""

    id: str
    stripe_subscription: str | None
    state: str | None
    anchor: datetime
    current_period_start: datetime | None
    current_period_end: datetime | None
    ends_at: datetime | None
    paid: bool


class CustomerAnswer(AnswerForm):
    """A customer and what it has."""

    type: Literal["user", "organization"]
    id: str
    catalog: str
    clock: str
    now: datetime
    version: int
    currency: str | None
    payment_method: dict[str, Any] | None
    products: list[ProductAnswer]
    subscriptions: list[SubscriptionAnswer]
    balances: dict[str, Any]


class InvoiceAnswer(AnswerForm):
    """An invoice as Stripe has it."""

    id: str
    stripe_invoice: str
    state: str
    total: int
    amount_due: int
    amount_paid: int
    currency: str
    created: datetime
    finalized_at: datetime | None
    reason: str | None
    hosted_url: str | None
    lines: list[Any]


class InvoicesAnswer(AnswerForm):
    """The invoices of a customer, oldest first."""

    data: list[InvoiceAnswer]


class AppliedProduct(AnswerForm):
    """A product after its catalog was applied."""

    id: str
    version: int
    ready: bool = Field(description="Everything of it that can be sold is at Stripe.")
    not_built: list[str] | None = Field(
        None, description="What of it cannot be sold yet; attaching it answers not_implemented."
    )


class AppliedAnswer(AnswerForm):
    """A catalog after it was applied."""

    name: str
    version: int
    products: list[AppliedProduct]
    stopped: dict[str, Any] | None = Field(
        None, description="Why the work at Stripe stopped; apply the same document again to go on."
    )


class ClockAnswer(AnswerForm):
    """A clock and what it shows."""

    id: str
    now: datetime


class RulesAnswer(AnswerForm):
    """The rule files by which decisions are made, and the digest under which each decision names them."""

    hash: str
    files: dict[str, str] = Field(description="Each file as it is, by its path.")


class ReadyAnswer(AnswerForm):
    """Whether everything that is needed can be reached."""

    ready: bool
    checks: dict[str, str]
