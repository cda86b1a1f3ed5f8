"""How does an answer look? Its status, its body and the headers that Stripe sends with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from starlette.responses import Response

from engine.sandbox.twin.core.errors import CONFLICT, UNAUTHORIZED, StripeError
from engine.sandbox.twin.core.world import API_VERSION
from engine.sandbox.twin.values.types import Obj

_LOG = "https://dashboard.stripe.com/test/logs/"
_FAULT = 500
_UNAVAILABLE = 503


@dataclass(slots=True)
class Answer:
    """What was answered once, and by which request."""

    status: int
    body: Obj
    request_id: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


def refused(error: StripeError, request_id: str) -> Answer:
    """The answer that says no."""
    # Who could not say who they are have no log to look into.
    log = {} if error.status == UNAUTHORIZED else {"request_log_url": f"{_LOG}{request_id}"}
    body = {"error": {**error.error, **log}}
    return Answer(error.status, body, request_id, error.headers)


def broken() -> StripeError:
    """Stripe's words for a fault of its own."""
    text = "An unknown error occurred. If you have any questions, we can help at https://support.stripe.com/."
    return StripeError(text, status=_FAULT, kind="api_error")


def response(answer: Answer, request_id: str, key: str | None, account: str | None) -> Response:
    """The answer on its way, to the request that gets it now."""
    headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION, "Cache-Control": "no-cache, no-store"}
    if account is not None:
        headers["Stripe-Account"] = account
    if key is not None:
        headers |= {"Idempotency-Key": key, "Original-Request": answer.request_id}
        headers |= _advice(answer)
    if answer.request_id != request_id:
        headers["Idempotent-Replayed"] = "true"
    body = json.dumps(answer.body, indent=2)
    return Response(body, answer.status, headers | answer.headers, "application/json")


def _advice(answer: Answer) -> dict[str, str]:
    """Whether the same request is worth another try; of a fault of its own Stripe does not know."""
    code = answer.body.get("error", {}).get("code")
    if answer.status in {CONFLICT, _UNAVAILABLE} or code == "lock_timeout":
        return {"Stripe-Should-Retry": "true"}
    return {} if answer.status >= _FAULT else {"Stripe-Should-Retry": "false"}
