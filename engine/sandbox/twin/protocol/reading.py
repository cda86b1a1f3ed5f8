"""What was sent? A form in the body, a query, or something that Stripe does not read."""

from __future__ import annotations

from starlette.requests import Request

from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.values.types import Obj

from .forms import decode

_LARGEST = 1024 * 1024
_TOO_LARGE = 413
_NOT_A_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have"
    " any questions, we can help at https://support.stripe.com/."
)
_FORMS = {"", "application/x-www-form-urlencoded"}


async def parameters(request: Request) -> Obj:
    """The parameters of the query and of the form in the body; raises Stripe's refusal of anything else."""
    query = decode(request.url.query)
    body = await _body(request)
    if not body:
        return query
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        raise StripeError(_NOT_A_FORM, stored=False)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise invalid("Invalid request: the body is not valid UTF-8.") from None
    return {**query, **decode(text)}


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise StripeError("Request body is too large.", status=_TOO_LARGE, stored=False)
    return body
