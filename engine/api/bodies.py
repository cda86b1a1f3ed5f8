"""In which form may the other operations be asked for? Access, customers and sandbox clocks."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from engine.attach.body import Body, CustomerRef, Key, Text, Timestamp
from engine.catalog.document import EventName
from engine.catalog.terms import LARGEST_UNITS, Flag, Id, wrong
from persistence.ids import EXTERNAL_ID

Number = Annotated[
    Decimal,
    Field(ge=-LARGEST_UNITS, le=LARGEST_UNITS, max_digits=18, decimal_places=6, allow_inf_nan=False),
]
NotNegative = Annotated[Number, Field(ge=0)]
ClockId = Annotated[str, StringConstraints(pattern=r"^(live|clk_[0-9a-z]{1,40})$")]
CatalogName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
ExternalId = Annotated[str, StringConstraints(pattern=EXTERNAL_ID)]
PaymentMethodId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,100}$")]

_ACME: JsonDict = {"type": "organization", "id": "acme"}


class CheckBody(Body):
    """May this customer use that feature, now?"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"customer": _ACME, "feature": "messages", "required": 1},
                {"scopes": [{"type": "user", "id": "u-7"}, _ACME], "feature": "sso"},
            ]
        }
    )

    customer: CustomerRef | None = None
    scopes: tuple[CustomerRef, ...] | None = Field(
        None,
        min_length=1,
        max_length=10,
        description="The user and the organization it acts in, for example.",
    )
    feature: Id
    required: NotNegative = Decimal(1)
    entity: Id | None = None
    consume: Flag = Field(default=False, description="Deduct what is required in the same step.")

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if (self.customer is None) == (self.scopes is None):
            raise wrong("customer_or_scopes", "give either a customer or scopes")
        return self

    @property
    def asked(self) -> tuple[CustomerRef, ...]:
        """The scopes in which the feature is looked for, in their order."""
        return self.scopes or ((self.customer,) if self.customer else ())


class CheckBatchBody(Body):
    """Several checks in one call, answered in their order."""

    checks: tuple[CheckBody, ...] = Field(min_length=1, max_length=100)


class TrackBody(Body):
    """What was used, of one feature or of all that an event stands for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer": _ACME, "feature": "messages", "value": 3}]}
    )

    customer: CustomerRef
    feature: Id | None = None
    event: EventName | None = None
    value: Number = Decimal(1)
    entity: Id | None = None
    overage: Literal["cap", "reject", "overflow"] = Field(
        "cap", description="What happens beyond the limit: deduct what is left, refuse, or go below zero."
    )
    idempotency_key: Key | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.feature is None) == (self.event is None):
            raise wrong("feature_or_event", "give either a feature or an event")
        return self


class UsageBody(Body):
    """How much of a feature is used by now, counted elsewhere."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer": _ACME, "feature": "seats", "value": 12}]}
    )

    customer: CustomerRef
    feature: Id
    value: NotNegative
    entity: Id | None = None


class CustomerBody(Body):
    """A customer as it is made or changed; catalog and clock are fixed once it exists."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Acme Ltd", "email": "billing@acme.example"}]}
    )

    catalog: CatalogName | None = Field(None, description="`main` unless told.")
    clock: ClockId | None = Field(None, description="`live` unless told; another only in a sandbox.")
    name: Text | None = None
    email: Text | None = None
    receives_default: Flag | None = Field(
        None, description="Whether it is given the default products; a new one is, unless told."
    )


class PaymentMethodBody(Body):
    """The card to charge from now on; null takes the one on file off."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payment_method": "pm_card_visa"}]})

    payment_method: PaymentMethodId | None


class ClockBody(Body):
    """A clock that stands still at an instant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"now": "2026-01-01T00:00:00Z"}]})

    now: Timestamp


class AdvanceBody(Body):
    """Where a clock is moved to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "2026-02-01T00:00:00Z"}]})

    to: Timestamp
