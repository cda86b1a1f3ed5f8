"""Paths for those who run Wallstreet: is it alive, can it work, what does it count?"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from engine.api.answers import ReadyAnswer
from engine.api.routes.door import Served, said
from engine.api.services import Readiness
from engine.telemetry import metrics_page

router = APIRouter(tags=["health"])

LONGEST_CHECK: Final = 2.0


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> JSONResponse:
    """Answers as long as the process does; asks nobody else."""
    return said({"alive": True})


@router.get(
    "/readyz",
    summary="Can it do its work?",
    responses={
        200: {"model": ReadyAnswer, "description": "Everything that is needed can be reached."},
        503: {"model": ReadyAnswer, "description": "Something cannot be reached."},
    },
)
async def readyz(services: Served) -> JSONResponse:
    """Asks the database and the bus, each for at most two seconds."""
    names = list(services.readiness)
    found = await asyncio.gather(*(_outcome(services.readiness[name]) for name in names))
    ready = all(outcome == "ok" for outcome in found)
    answer = {"ready": ready, "checks": dict(zip(names, found, strict=True))}
    return said(answer, status=200 if ready else 503)


@router.get("/metrics", summary="What it counts, for Prometheus", response_class=Response)
async def metrics() -> Response:
    """In the text form of Prometheus."""
    page, content_type = metrics_page()
    return Response(page, media_type=content_type)


async def _outcome(check: Readiness) -> str:
    try:
        async with asyncio.timeout(LONGEST_CHECK):
            await check()
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, it is not ready
        return type(error).__name__
    return "ok"
