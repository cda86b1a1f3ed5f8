"""Paths of what is sold, and of the rules by which it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from engine.api.answers import AppliedAnswer, RulesAnswer
from engine.api.bodies import CatalogName
from engine.api.routes.door import ERRORS, Served, answers, said
from engine.catalog.document import CatalogDocument

router = APIRouter(prefix="/v1", tags=["catalog"])

Name = Annotated[CatalogName, Path(description="`main`, unless there are several.")]


@router.put(
    "/catalogs/{name}",
    summary="Apply a whole catalog",
    responses=answers(AppliedAnswer, "The catalog, and whether each product can be attached."),
)
async def apply_catalog(name: Name, body: CatalogDocument, services: Served) -> JSONResponse:
    """Makes what the document names, archives what it leaves out, and makes products and prices at Stripe.

    Prices never change once they are used: a product that customers hold needs a new version.
    """
    return said(await services.catalogs.apply(name, body))


@router.get(
    "/catalogs/{name}",
    summary="The catalog as it was applied",
    responses={200: {"model": CatalogDocument, "description": "The document."}, **ERRORS},
)
async def get_catalog(name: Name, services: Served) -> JSONResponse:
    """The same document that was put there last."""
    return said(await services.catalogs.get(name))


@router.get("/rules", summary="The rules in force", responses=answers(RulesAnswer, "The rules."))
async def rules(services: Served) -> JSONResponse:
    """All rule files, and the digest under which each decision names them."""
    return said(services.rules())
