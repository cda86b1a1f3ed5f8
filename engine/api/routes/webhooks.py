"""The path on which Stripe tells us what happened, for installations without a tunnel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from engine.api.routes.door import ERRORS, Served, said
from engine.errors import InvalidRequest, NotFound

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

Signature = Annotated[str | None, Header(alias="Stripe-Signature", description="Made by Stripe.")]


@router.post("/stripe", summary="An event of Stripe's", responses=ERRORS)
async def stripe_event(request: Request, services: Served, signature: Signature = None) -> JSONResponse:
    """The raw body goes onto the tunnel once its signature is verified; 200 means that it is stored there."""
    door = services.webhooks
    if not door.configured():
        raise NotFound(
            "webhooks_not_configured", "No webhook secret is set; set WALLSTREET_STRIPE_WEBHOOK_SECRET."
        )
    body, received_at = await request.body(), services.now()
    if signature is None or not door.verify(body, signature, received_at=received_at):
        raise InvalidRequest(
            "The signature does not fit the body and the time; it must come from Stripe, unchanged.",
            code="bad_signature",
        )
    await door.publish(body, signature=signature, received_at=received_at)
    return said({"received": True})
