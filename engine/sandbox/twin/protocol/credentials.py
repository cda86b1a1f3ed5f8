"""Who asks, and in which version? Keys by Basic or Bearer; live ones and publishable ones are refused.

Source: Stripe docs, api/authentication and api/versioning.
"""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from engine.sandbox.twin.core.errors import FORBIDDEN, UNAUTHORIZED, StripeError, invalid
from engine.sandbox.twin.core.world import API_VERSION

_NONE_GIVEN = (
    "You did not provide an API key. You need to provide your API key in the Authorization header,"
    " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
    " https://stripe.com/docs/api#authentication for details, or we can help at"
    " https://support.stripe.com/."
)
_PUBLISHABLE = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a"
    " list of your API keys at https://dashboard.stripe.com/account/apikeys."
)
_SECRET = ("sk_test_", "rk_test_")
_SHOWN = 4


def authenticate(request: Request) -> None:
    """Raise unless a secret or restricted key of the sandbox is given, and this version or none."""
    key = _key(request)
    if not key:
        raise StripeError(_NONE_GIVEN, status=UNAUTHORIZED, stored=False)
    if key.startswith("pk_"):
        raise StripeError(_PUBLISHABLE, status=FORBIDDEN, code="secret_key_required", stored=False)
    if not key.startswith(_SECRET):
        text = f"Invalid API Key provided: {_masked(key)}"
        raise StripeError(text, status=UNAUTHORIZED, stored=False)
    version = request.headers.get("stripe-version")
    if version not in {None, API_VERSION}:
        raise invalid(f"Invalid Stripe API version: {version}")


def _key(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return token.strip() if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _masked(key: str) -> str:
    """Only its beginning and its end are shown."""
    head = "_".join(key.split("_")[:2]) + "_" if key.count("_") > 1 else ""
    rest = key[len(head) :]
    return f"{head}{'*' * max(0, len(rest) - _SHOWN)}{rest[-_SHOWN:]}"
