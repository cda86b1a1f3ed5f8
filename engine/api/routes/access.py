"""Paths that ask what a customer may do, and that report what it has used."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from engine.api.answers import CheckAnswer, CheckBatchAnswer, TrackAnswer
from engine.api.bodies import CheckBatchBody, CheckBody, TrackBody, UsageBody
from engine.api.routes.door import Doing, IdempotencyKey, answers, said

router = APIRouter(prefix="/v1", tags=["access"])


@router.post(
    "/check",
    summary="May this customer use that feature?",
    responses=answers(CheckAnswer, "Yes or no, and why."),
)
async def check(body: CheckBody, doing: Doing) -> JSONResponse:
    """Ask before every gated action; with `consume: true` what is required is deducted in the same step."""
    return said(await doing.check(body))


@router.post(
    "/check/batch",
    summary="Several checks in one call",
    responses=answers(CheckBatchAnswer, "The answers, in order."),
)
async def check_batch(body: CheckBatchBody, doing: Doing) -> JSONResponse:
    """A check that fails is a problem in its place; the others are answered."""
    return said(await doing.check_batch(body))


@router.post(
    "/track",
    summary="Report what was used",
    responses=answers(TrackAnswer, "What was deducted, and what is left."),
)
async def track(body: TrackBody, doing: Doing, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Of one feature, or of all features that an event name stands for."""
    return said(await doing.track(body, idempotency_key))


@router.post(
    "/usage",
    summary="Say how much is used in all",
    responses=answers(TrackAnswer, "What was deducted, and what is left."),
)
async def usage(body: UsageBody, doing: Doing) -> JSONResponse:
    """For what is counted elsewhere, such as seats: the usage becomes this much."""
    return said(await doing.usage(body))
