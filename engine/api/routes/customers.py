"""Paths of one customer: what it is, what it has, its invoices and its card."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from engine.api.answers import CustomerAnswer, InvoicesAnswer
from engine.api.bodies import CustomerBody, ExternalId, PaymentMethodBody
from engine.api.routes.door import Served, answers, said
from engine.customers.reference import Customer, CustomerTerms
from persistence.models.words import CustomerType

router = APIRouter(prefix="/v1/customers/{type}/{id}", tags=["customers"])

Type = Annotated[CustomerType, Path(alias="type", description="user or organization")]
Id = Annotated[ExternalId, Path(alias="id", description="Your id: letters, digits, dashes, at most 64.")]


@router.put("", summary="Make a customer, or change it", responses=answers(CustomerAnswer, "The customer."))
async def put_customer(kind: Type, external_id: Id, body: CustomerBody, services: Served) -> JSONResponse:
    """A new customer is given the default products of its catalog, by the same rules as any attach.

    Catalog and clock are fixed once it exists; a call that names others is refused.
    """
    terms = CustomerTerms(**body.model_dump())
    return said(await services.customers.put(Customer(kind, external_id), terms))


@router.get("", summary="Tell what a customer has", responses=answers(CustomerAnswer, "The customer."))
async def get_customer(kind: Type, external_id: Id, services: Served) -> JSONResponse:
    """Its products with their states, its subscriptions and what is left of each feature."""
    return said(await services.customers.view(Customer(kind, external_id)))


@router.get("/invoices", summary="List its invoices", responses=answers(InvoicesAnswer, "The invoices."))
async def invoices(kind: Type, external_id: Id, services: Served) -> JSONResponse:
    """Oldest first, as Stripe has them."""
    return said(await services.customers.invoices(Customer(kind, external_id)))


@router.put(
    "/payment-method",
    summary="Put a card on file, or take it off",
    responses=answers(CustomerAnswer, "The customer."),
)
async def set_payment_method(
    kind: Type, external_id: Id, body: PaymentMethodBody, services: Served
) -> JSONResponse:
    """The card is given by the id of a payment method of Stripe's; card data never comes here."""
    customer = Customer(kind, external_id)
    return said(await services.customers.set_payment_method(customer, body.payment_method))
