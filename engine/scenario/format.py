"""What may a scenario file say? Its form, strict: an unknown key is refused by name, never overlooked."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

# fmt: off
PARAMETERS = frozenset({
    "quantities", "version", "custom", "free_trial", "proration", "timing", "force_checkout", "success_url",
    "invoice", "enable_immediately", "finalize_invoice", "discounts", "new_subscription", "customer_data",
    "billing_cycle_anchor", "starts_at", "ends_at", "carry_over_usage", "carry_over_balance", "entity_data",
    "remove_products", "custom_line_items", "no_billing_changes", "idempotency_key",
})
# fmt: on
CardName = Literal["visa", "none", "declines_on_charge", "requires_3ds"]
Number = int | float
ResetWord = Literal["hour", "day", "week", "month", "year", "never"]
BilledWord = Literal["day", "week", "month", "year", "one_off"]


class Form(BaseModel):
    """A part of a scenario file: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def document(self) -> dict[str, Any]:
        """The part as JSON, only with what the file said itself."""
        return self.model_dump(mode="json", exclude_unset=True)


class Feature(Form):
    """A capability that products include: a switch, something used up or held, or a pool of credits."""

    id: str
    type: Literal["boolean", "metered", "credit_system"]
    consumable: bool = True
    event_names: list[str] = []
    costs: dict[str, Number] | None = None


class Price(Form):
    """What a product costs whatever is used of it."""

    amount: int
    interval: BilledWord
    interval_count: int = 1


class Overage(Form):
    """What units beyond the included ones cost, and when they are billed."""

    billing: Literal["prepaid", "arrears", "allocated", "allocated_arrears"]
    amount: int | None = None
    per: Number = 1
    tiers: list[dict[str, Any]] | None = None
    tier_mode: Literal["graduated", "volume"] = "graduated"
    max_purchase: Number | None = None
    on_increase: str | None = None
    on_decrease: str | None = None


class Item(Form):
    """A feature as one product includes it."""

    feature: str
    included: Number = 0
    unlimited: bool = False
    reset: ResetWord = "never"
    reset_on_switch: bool = True
    per_entity: str | None = None
    rollover: dict[str, Any] | None = None
    interval: BilledWord | None = None
    overage: Overage | None = None


class Product(Form):
    """A product of the scenario's own catalog, in one version."""

    id: str
    group: str | None = None
    add_on: bool = False
    default: bool = False
    version: int = 1
    trial: dict[str, Any] | None = None
    prices: list[Price] = []
    items: list[Item] = []


class Buyer(Form):
    """Who buys, and with which card."""

    type: Literal["organization", "user"] = "organization"
    payment_method: CardName = "visa"
    receives_default: bool = True


class Entities(Form):
    """Sub-accounts that exist at the start."""

    feature: str
    ids: list[str]


class NextCycle(Form):
    """The first renewal after a change, as a preview tells it."""

    total: int | None = None
    starts_at: AwareDatetime | None = None


class Expectations(Form):
    """What must be true after a step; what is not named is not checked."""

    result: (
        Literal["active", "scheduled", "checkout", "invoice", "payment_failed", "requires_action", "error"]
        | None
    ) = None
    error: str | list[str] | None = None
    branch: str | None = None
    config: dict[str, str | bool] | None = None
    function: str | None = None
    invoices: list[int] | None = None
    invoice_status: list[Literal["draft", "open", "paid", "void", "uncollectible"]] | None = None
    products: dict[str, str] | None = None
    entity_products: dict[str, dict[str, str]] | None = None
    balances: dict[str, dict[str, Number]] | None = None
    entity_balances: dict[str, dict[str, dict[str, Number]]] | None = None
    subscriptions: int | None = None
    total: int | None = None
    next_cycle: NextCycle | None = None
    allowed: bool | None = None
    reason: str | None = None
    remaining: Number | None = None
    succeeded: int | None = None
    rejected: int | None = None
    denied: int | None = None
    trial_ends_at: AwareDatetime | None = None
    next_reset_at: dict[str, AwareDatetime] | None = None
    product_version: dict[str, int] | None = None
    session: str | None = None
    required_action: str | None = None
    upcoming_quantities: dict[str, Any] | None = None
    rollovers: dict[str, list[Number]] | None = None
    feed: list[dict[str, Any]] | None = None
    tolerance: int = 1


class Act(Form):
    """A step: something is done, then something must be true."""

    customer: str | None = None
    expect: Expectations = Expectations()


def _known_parameters(given: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(given) - PARAMETERS)
    if unknown:
        raise ValueError(f"unknown parameter {', '.join(unknown)}")
    return given


class Line(Form):
    """One product of a call that names several."""

    product: str
    quantities: dict[str, Number] | None = None
    custom: dict[str, Any] | None = None
    version: int | None = None


class Attach(Act):
    """The one call, or its preview."""

    do: Literal["attach", "preview"]
    product: str | None = None
    products: list[Line] | None = None
    entity: str | None = None
    params: Annotated[dict[str, Any], AfterValidator(_known_parameters)] = {}

    @model_validator(mode="after")
    def _names_a_product(self) -> Attach:
        if (self.product is None) == (self.products is None):
            raise ValueError("name either `product` or `products`")
        return self


class CancelParameters(Form):
    """What a cancel may add."""

    refund: Literal["none", "prorated", "full"] | None = None


class Cancel(Act):
    """A product is given up, now or at the end of its cycle."""

    do: Literal["cancel"]
    product: str
    entity: str | None = None
    mode: Literal["now", "end_of_cycle"] = "end_of_cycle"
    params: CancelParameters = CancelParameters()


class Uncancel(Act):
    """A product that was going to end stays."""

    do: Literal["uncancel"]
    product: str
    entity: str | None = None


class Check(Act):
    """May the customer use a feature?"""

    do: Literal["check"]
    feature: str
    required: Number = 1
    entity: str | None = None
    consume: bool = False


class Track(Act):
    """Something was used."""

    do: Literal["track"]
    feature: str | None = None
    event: str | None = None
    value: Number = 1
    entity: str | None = None
    overage: Literal["cap", "reject", "overflow"] | None = None
    idempotency_key: str | None = None


class SetUsage(Act):
    """So much is used in all."""

    do: Literal["set_usage"]
    feature: str
    value: Number
    entity: str | None = None


class By(Form):
    """How far the clock moves."""

    months: int = 0
    weeks: int = 0
    days: int = 0
    seconds: int = 0


class Advance(Act):
    """The clock moves."""

    do: Literal["advance"]
    by: By | None = None
    to: AwareDatetime | Literal["period_end", "next_invoice"] | None = None

    @model_validator(mode="after")
    def _says_where_to(self) -> Advance:
        if (self.by is None) == (self.to is None):
            raise ValueError("name either `by` or `to`")
        return self


class CompleteCheckout(Act):
    """The buyer pays on the hosted page."""

    do: Literal["complete_checkout"]
    session: str | None = None
    payment_method: CardName = "visa"
    quantities: dict[str, Number] | None = None


class PayInvoice(Act):
    """The buyer pays the open invoice on its hosted page."""

    do: Literal["pay_invoice"]
    confirm_3ds: bool = False


class SetPaymentMethod(Act):
    """Another card is put on file, or none."""

    do: Literal["set_payment_method"]
    payment_method: CardName


class ExpireCheckout(Act):
    """The checkout session lapses."""

    do: Literal["expire_checkout"]
    session: str | None = None


class Stripe(Act):
    """Something happens at Stripe behind our back."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)
    do: Literal["stripe"]
    action: str


class Break(Act):
    """Faults come into force at Stripe, or those of this scenario go."""

    do: Literal["fault", "heal"]
    faults: list[dict[str, Any]] = []


class ChangeEntities(Act):
    """Sub-accounts come or go."""

    do: Literal["create_entity", "delete_entity"]
    ids: list[str]
    feature: str | None = None


class CreateVersion(Act):
    """A product gets a new version."""

    do: Literal["create_version"]
    product: str
    changes: dict[str, Any]


class SetLimit(Act):
    """A customer's own limits."""

    do: Literal["set_limit"]
    feature: str
    entity: str | None = None
    spend_limit: Number | None = None
    usage_limit: dict[str, Any] | None = None
    overage_allowed: bool | None = None


class Parallel(Act):
    """Several steps at the same time."""

    do: Literal["parallel"]
    repeat: int = 1
    step: Step | None = None
    steps: list[Step] = []


Step = Annotated[
    Attach
    | Cancel
    | Uncancel
    | Check
    | Track
    | SetUsage
    | Advance
    | CompleteCheckout
    | ExpireCheckout
    | PayInvoice
    | SetPaymentMethod
    | Stripe
    | Break
    | ChangeEntities
    | CreateVersion
    | SetLimit
    | Parallel,
    Field(discriminator="do"),
]


class Scenario(Form):
    """An executable example: a catalog, a customer, a clock that stands still, and steps."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    proves: str = ""
    area: str = ""
    tags: list[str] = []
    tier: Literal["core", "extra"] = "core"
    confidence: str = ""
    source: str = ""
    notes: str = ""
    features: list[Feature] = []
    products: list[Product] = []
    settings: dict[str, Any] = {}
    customer: Buyer = Buyer()
    entities: Entities | None = None
    now: AwareDatetime
    steps: list[Step]

    def catalog(self) -> dict[str, Any]:
        """The document that `PUT /v1/catalogs/{name}` takes."""
        return {
            "features": [feature.document() for feature in self.features],
            "products": [product.document() for product in self.products],
            "settings": self.settings,
        }
