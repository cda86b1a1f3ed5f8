"""What was asked for? The bodies of attach, cancel and uncancel, refined to plain frozen data.

Everything that can be refused without reading a row is refused here, under its own code, before any query;
what the customer's state decides is left to the rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.attach.body import (
    AttachBody,
    CancelBody,
    CustomBody,
    CustomerRef,
    DiscountBody,
    LineBody,
    PersonBody,
    TrialBody,
    UncancelBody,
)
from engine.catalog.terms import LARGEST_UNITS, ItemTerms, PriceTerms
from engine.customers.reference import Customer
from engine.errors import InvalidRequest
from persistence.models.words import BillingInterval

NOT_PARAMETERS = frozenset({"customer", "product", "products", "idempotency_key"})
PER_PRODUCT = ("quantities", "version", "custom")
MONEY_PARAMETERS = ("force_checkout", "invoice", "discounts", "custom_line_items", "proration")


class Timing(StrEnum):
    """When a change takes effect, if the caller says so."""

    IMMEDIATE = "immediate"
    END_OF_CYCLE = "end_of_cycle"


class Proration(StrEnum):
    """How the rest of the running period is charged, if the caller says so."""

    IMMEDIATE = "immediate"
    NEXT_CYCLE = "next_cycle"
    NONE = "none"


class CancelMode(StrEnum):
    """When a product ends."""

    NOW = "now"
    END_OF_CYCLE = "end_of_cycle"


class Refund(StrEnum):
    """What is given back when a product ends now, if the caller says so."""

    NONE = "none"
    PRORATED = "prorated"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Custom:
    """Terms made for one customer; None leaves those of the catalog."""

    prices: tuple[PriceTerms, ...] | None
    items: tuple[ItemTerms, ...] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One product of a request; quantities are total units, None where none were given."""

    product: str
    quantities: Mapping[str, int] | None
    version: int | None
    custom: Custom | None


@dataclass(frozen=True, slots=True)
class NoTrial:
    """The caller wants no trial, whatever the product offers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The caller wants a trial of these terms, whatever the product offers."""

    days: int
    card_required: bool
    on_end: str


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """A purchase as it was asked for; None everywhere where nothing was said.

    `document` is the body without what was left at its default, as stored with the attachment.
    """

    customer: Customer
    choices: tuple[Choice, ...]
    document: Mapping[str, Any]
    entity: str | None = None
    free_trial: Trial | NoTrial | None = None
    proration: Proration | None = None
    timing: Timing | None = None
    force_checkout: bool = False
    invoice: bool = False
    enable_immediately: bool | None = None
    finalize_invoice: bool | None = None
    discounts: tuple[DiscountBody, ...] = ()
    new_subscription: bool = False
    billing_cycle_anchor: datetime | str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    carry_over_usage: bool = False
    carry_over_balance: bool = False
    remove_products: tuple[str, ...] = ()
    custom_line_items: tuple[LineBody, ...] = ()
    no_billing_changes: bool = False
    customer_data: PersonBody | None = None
    entity_data: PersonBody | None = None
    success_url: str | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """The names of all that was given beside the customer and the products."""
        inner = {name for choice in self.document.get("products", ()) for name in choice}
        return (frozenset(self.document) | inner) - NOT_PARAMETERS

    @property
    def params_hash(self) -> str:
        """The same for two requests that ask for the same."""
        return hash_of({k: v for k, v in self.document.items() if k != "idempotency_key"})


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """The end of a product, as it was asked for."""

    customer: Customer
    product: str
    document: Mapping[str, Any]
    entity: str | None = None
    mode: CancelMode = CancelMode.END_OF_CYCLE
    refund: Refund | None = None


@dataclass(frozen=True, slots=True)
class UncancelRequest:
    """The withdrawal of an end, as it was asked for."""

    customer: Customer
    product: str
    document: Mapping[str, Any]
    entity: str | None = None


def hash_of(document: Mapping[str, Any]) -> str:
    """A digest that two documents share when they say the same."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def attach_request(body: AttachBody) -> AttachRequest:
    """The request that a body makes.

    Raises:
        InvalidRequest: it contradicts itself, or asks for what no customer can have.
    """
    _check_products(body)
    _check_quantities(body)
    _check_conflicts(body)
    return AttachRequest(
        customer=_customer(body.customer),
        choices=_choices(body),
        document=body.model_dump(mode="json", exclude_defaults=True),
        entity=body.entity,
        free_trial=_trial(body.free_trial),
        proration=Proration(body.proration) if body.proration else None,
        timing=Timing(body.timing) if body.timing else None,
        force_checkout=body.force_checkout,
        invoice=body.invoice,
        enable_immediately=body.enable_immediately,
        finalize_invoice=body.finalize_invoice,
        discounts=body.discounts or (),
        new_subscription=body.new_subscription,
        billing_cycle_anchor=body.billing_cycle_anchor,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        carry_over_usage=body.carry_over_usage,
        carry_over_balance=body.carry_over_balance,
        remove_products=body.remove_products or (),
        custom_line_items=body.custom_line_items or (),
        no_billing_changes=body.no_billing_changes,
        customer_data=body.customer_data,
        entity_data=body.entity_data,
        success_url=body.success_url,
    )


def cancel_request(body: CancelBody) -> CancelRequest:
    """The cancellation that a body makes; a refund of what goes on to its end is refused."""
    mode = CancelMode(body.mode)
    if body.refund is not None and mode is CancelMode.END_OF_CYCLE:
        raise _conflict("refund goes with mode: now; what runs to its end is used up.", "refund", "mode")
    return CancelRequest(
        customer=_customer(body.customer),
        product=body.product,
        document=body.model_dump(mode="json", exclude_defaults=True),
        entity=body.entity,
        mode=mode,
        refund=Refund(body.refund) if body.refund else None,
    )


def uncancel_request(body: UncancelBody) -> UncancelRequest:
    """The withdrawal that a body makes."""
    return UncancelRequest(
        customer=_customer(body.customer),
        product=body.product,
        document=body.model_dump(mode="json", exclude_defaults=True),
        entity=body.entity,
    )


def _check_products(body: AttachBody) -> None:
    if body.product is None and body.products is None:
        raise InvalidRequest("Name what to attach: product, or products for several.")
    if body.products is None:
        return
    if body.product is not None:
        raise _conflict("Give either product or products, not both.", "product", "products")
    misplaced = [name for name in PER_PRODUCT if getattr(body, name) is not None]
    if misplaced:
        raise _conflict(f"With products, give {misplaced[0]} for each product.", "products", *misplaced)
    said = [choice.model_dump_json() for choice in body.products]
    if len(set(said)) < len(said):
        raise InvalidRequest(
            "The same product is listed twice with the same terms; give it once, in the quantity you want.",
            facts={"parameters": ["products"]},
        )


def _check_quantities(body: AttachBody) -> None:
    given = [body.quantities or {}, *(choice.quantities or {} for choice in body.products or ())]
    for feature, quantity in ((f, q) for quantities in given for f, q in quantities.items()):
        if not 0 <= quantity <= LARGEST_UNITS:
            raise InvalidRequest(
                f"The quantity of {feature} must be between 0 and {LARGEST_UNITS}; it is {quantity}.",
                code="invalid_quantity",
                facts={"feature": feature, "quantity": quantity},
            )


def _check_conflicts(body: AttachBody) -> None:
    if body.force_checkout and body.invoice:
        raise _conflict(
            "A checkout and an invoice are two ways to pay; ask for one.", "force_checkout", "invoice"
        )
    if body.finalize_invoice is not None and not body.invoice:
        raise _conflict("finalize_invoice goes with invoice: true.", "finalize_invoice", "invoice")
    if body.starts_at is not None and body.timing is not None:
        raise _conflict("starts_at says when; leave timing out.", "starts_at", "timing")
    if body.entity_data is not None and body.entity is None:
        raise _conflict("entity_data describes an entity; name it.", "entity_data", "entity")
    if body.starts_at is not None and body.ends_at is not None and body.ends_at <= body.starts_at:
        raise InvalidRequest("ends_at must be after starts_at.", code="end_date_invalid")
    removed = {c.product for c in _choices(body)} & set(body.remove_products or ())
    if removed:
        raise _conflict(f"{min(removed)} is both attached and removed.", "remove_products", "product")
    paid = [name for name in MONEY_PARAMETERS if getattr(body, name)]
    if body.no_billing_changes and paid:
        raise _conflict(f"Without billing changes {paid[0]} has no meaning.", "no_billing_changes", paid[0])


def _conflict(sentence: str, *parameters: str) -> InvalidRequest:
    return InvalidRequest(sentence, code="conflicting_parameters", facts={"parameters": list(parameters)})


def _customer(ref: CustomerRef) -> Customer:
    return Customer(type=ref.type, id=ref.id)


def _choices(body: AttachBody) -> tuple[Choice, ...]:
    if body.product is not None:
        return (Choice(body.product, body.quantities, body.version, _custom(body.custom)),)
    return tuple(
        Choice(choice.product, choice.quantities, choice.version, _custom(choice.custom))
        for choice in body.products or ()
    )


def _custom(custom: CustomBody | None) -> Custom | None:
    if custom is None:
        return None
    if custom.price is None:
        return Custom(custom.prices, custom.items)
    interval = custom.interval or BillingInterval.MONTH
    return Custom((PriceTerms(amount=custom.price, interval=interval),), custom.items)


def _trial(trial: TrialBody | bool | None) -> Trial | NoTrial | None:  # noqa: FBT001 -- false is a value of the API
    if trial is None:
        return None
    if isinstance(trial, TrialBody):
        return Trial(trial.days, trial.card_required, trial.on_end)
    return NoTrial()
