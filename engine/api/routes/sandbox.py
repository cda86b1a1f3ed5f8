"""Paths of the sandbox clocks; they are not there in production."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from engine.api.answers import ClockAnswer
from engine.api.bodies import AdvanceBody, ClockBody
from engine.api.routes.door import Served, answers, said
from engine.api.services import Clocks, Services
from engine.errors import NotFound

router = APIRouter(prefix="/v1/sandbox/clocks", tags=["sandbox"])

ClockName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,60}$", description="live, or a clk_ id.")]


@router.post("", summary="Make a clock that stands still", responses=answers(ClockAnswer, "The clock."))
async def create_clock(body: ClockBody, services: Served) -> JSONResponse:
    """Customers that are made with it live by it, here and at Stripe."""
    return said(await _clocks(services).create(body.now))


@router.get("/{clock}", summary="What a clock shows", responses=answers(ClockAnswer, "The clock."))
async def get_clock(clock: ClockName, services: Served) -> JSONResponse:
    """Its time."""
    return said(await _clocks(services).get(clock))


@router.post("/{clock}/advance", summary="Move a clock", responses=answers(ClockAnswer, "The clock."))
async def advance(clock: ClockName, body: AdvanceBody, services: Served) -> JSONResponse:
    """Everything that is due until then has happened when this returns: renewals, resets, ends, webhooks."""
    return said(await _clocks(services).advance(clock, body.to))


@router.post(
    "/{clock}/settle", summary="Wait until nothing is under way", responses=answers(ClockAnswer, "The clock.")
)
async def settle(clock: ClockName, services: Served) -> JSONResponse:
    """Returns when deliveries, inbox, steps and outbox of the clock's customers are empty."""
    return said(await _clocks(services).settle(clock))


def _clocks(services: Services) -> Clocks:
    if services.clocks is None:
        raise NotFound("not_found", "There are no sandbox clocks here.")
    return services.clocks
