"""Paths that change what a customer has, and that tell how it came about."""

from __future__ import annotations

import re

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from engine.api.answers import AttachAnswer, AttachmentAnswer, PreviewAnswer
from engine.api.routes.door import Doing, IdempotencyKey, Served, answers, said
from engine.attach.body import AttachBody, CancelBody, UncancelBody
from engine.errors import NotFound

router = APIRouter(prefix="/v1", tags=["attach"])

_ATTACHMENT_ID = re.compile(r"att_[0-9a-z]{1,40}")


@router.post(
    "/attach",
    summary="Attach a product: buy, upgrade, downgrade, renew, change quantities",
    responses=answers(AttachAnswer, "What came of it."),
)
async def attach(body: AttachBody, doing: Doing, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """One call for every purchase.

    What it is, the rule files decide from what the customer has; the answer says what it was taken for and
    what is left to do.
    """
    return said(await doing.attach(body, idempotency_key))


@router.post(
    "/attach/preview",
    summary="Say what an attach would do and cost",
    responses=answers(PreviewAnswer, "What it would be."),
)
async def preview(body: AttachBody, doing: Doing) -> JSONResponse:
    """The same path as attach, without doing it: nothing is created, here or at Stripe."""
    return said(await doing.preview(body))


@router.post(
    "/cancel",
    summary="End a product, now or when what is paid for is over",
    responses=answers(AttachAnswer, "What came of it."),
)
async def cancel(body: CancelBody, doing: Doing, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """The default product of the group follows; what was scheduled to follow is taken off."""
    return said(await doing.cancel(body, idempotency_key))


@router.post(
    "/uncancel",
    summary="Withdraw an end that has not come yet",
    responses=answers(AttachAnswer, "What came of it."),
)
async def uncancel(body: UncancelBody, doing: Doing, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """The product goes on as if it had not been cancelled."""
    return said(await doing.uncancel(body, idempotency_key))


@router.get(
    "/attachments/{attachment_id}",
    summary="Tell everything about one attachment",
    responses=answers(AttachmentAnswer, "The attachment."),
)
async def attachment(attachment_id: str, services: Served) -> JSONResponse:
    """The request, the decision with the rules that matched, the lines, the steps, and every state it had."""
    if not _ATTACHMENT_ID.fullmatch(attachment_id):
        raise NotFound("attachment_not_found", f"There is no attachment {attachment_id[:60]!r}.")
    return said(await services.attaching.describe(attachment_id))
