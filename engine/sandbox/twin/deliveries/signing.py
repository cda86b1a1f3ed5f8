"""How does an endpoint know that an event is Stripe's? The signature header.

Source: Stripe docs, webhooks/signature.
"""

from __future__ import annotations

import hashlib
import hmac

from engine.sandbox.twin.values.types import Obj

_STALE_SECONDS = 3600


def signature(secrets: list[str], body: bytes, at: int) -> str:
    """The Stripe-Signature header of a body: one v1 for each secret in force."""
    signed = f"{at}.".encode() + body
    parts = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={at}", *parts])


def secrets_of(endpoint: Obj, now: int) -> list[str]:
    """The secret of an endpoint, and the former one while it is being rolled."""
    former: Obj | None = endpoint.get("_former")
    return [endpoint["_secret"], *([former["secret"]] if former and now < former["until"] else [])]


def spoiled(how: str, secrets: list[str], body: bytes, at: int) -> dict[str, str]:
    """The header as nobody should accept it: of another secret, of an hour ago, or none at all."""
    match how:
        case "missing":
            return {}
        case "stale":
            return {"Stripe-Signature": signature(secrets, body, at - _STALE_SECONDS)}
        case _:
            return {"Stripe-Signature": signature([f"whsec_not_{secrets[0]}"], body, at)}
