"""In which form is a catalog written? Features, products with their versions, settings; unknown keys refused.

The same form is used by scenario files. `engine/catalog/lint.py` checks what no single part can know.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PlainSerializer, Strict, StringConstraints, model_validator

from engine.catalog.terms import Flag, Id, ItemTerms, PriceTerms, Terms, plain, wrong
from persistence.models.words import BillingInterval, FeatureType, PaidHow

EventName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
Cost = Annotated[
    Decimal,
    Field(gt=0, le=10**9, max_digits=18, decimal_places=6, allow_inf_nan=False),
    PlainSerializer(plain, return_type=int | float, when_used="json"),
]


class FeatureTerms(Terms):
    """Something a product can grant."""

    id: Id
    type: FeatureType
    consumable: Flag | None = None
    event_names: tuple[EventName, ...] = Field((), max_length=50)
    costs: dict[Id, Cost] | None = Field(None, description="Credits that one unit of a feature costs.")

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.costs is not None) != (self.type is FeatureType.CREDIT_SYSTEM):
            raise wrong("costs", "a credit_system says its costs, and nothing else does")
        if self.type is FeatureType.BOOLEAN and (self.consumable or self.event_names):
            raise wrong("boolean", "a boolean feature is granted or not: it has no events and is not used up")
        if self.type is FeatureType.METERED and self.consumable is None:
            raise wrong("consumable", "say whether it is used up (consumable: true) or held (false)")
        return self

    @property
    def used_up(self) -> bool:
        """True when units are spent, false when they are held while in use."""
        return self.type is FeatureType.CREDIT_SYSTEM or bool(self.consumable)


class TrialTerms(Terms):
    """How long a product can be tried before it is paid."""

    days: Annotated[int, Strict(), Field(ge=1, le=730)]
    card_required: Flag = True
    on_end: Literal["bill", "revert"] = "bill"


class ProductTerms(Terms):
    """One version of a product."""

    id: Id
    group: Id | None = None
    add_on: Flag = False
    default: Flag = False
    version: Annotated[int, Strict(), Field(ge=1, le=1_000_000)] = 1
    active: Flag | None = Field(None, description="Without it the highest version is the active one.")
    trial: TrialTerms | None = None
    prices: tuple[PriceTerms, ...] = Field((), max_length=20)
    items: tuple[ItemTerms, ...] = Field((), max_length=100)

    @property
    def price_kind(self) -> PaidHow:
        """Free without a price and without priced overage; recurring when anything of it recurs."""
        intervals = {price.interval for price in self.prices}
        intervals |= {item.billed_every for item in self.items if item.overage is not None}
        if not intervals:
            return PaidHow.FREE
        return PaidHow.ONE_OFF if intervals == {BillingInterval.ONE_OFF} else PaidHow.RECURRING


class CatalogDocument(Terms):
    """A whole catalog: applying it makes what it names, and archives what it leaves out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "features": [{"id": "messages", "type": "metered", "consumable": True}],
                    "products": [
                        {
                            "id": "pro",
                            "group": "main",
                            "prices": [{"amount": 2000, "interval": "month"}],
                            "items": [{"feature": "messages", "included": 100, "reset": "month"}],
                        }
                    ],
                    "settings": {},
                }
            ]
        }
    )

    features: tuple[FeatureTerms, ...] = Field((), max_length=500)
    products: tuple[ProductTerms, ...] = Field((), max_length=1000)
    settings: dict[str, Any] = Field(default_factory=dict)

    def active_versions(self) -> dict[str, int]:
        """The version of each product that is attached when none is named."""
        chosen: dict[str, int] = {}
        for product in sorted(self.products, key=lambda p: (bool(p.active), p.version)):
            if product.active is not False:
                chosen[product.id] = product.version
        return chosen
