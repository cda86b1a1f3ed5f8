"""Did Stripe send this? The signature of a webhook, checked against the time at which it was received.

The library's own check refuses old timestamps only and compares with now; an event that waited in a queue is
as genuine as before, and one from the future is not (Stripe docs: webhooks, "Verify manually").
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

TOLERANCE = timedelta(seconds=300)
_SECONDS = re.compile(r"[0-9]{1,12}")
"""What somebody writes who is not Stripe may be any text, and a number of any length."""


class BadSignature(Exception):
    """The body was not signed by one of the known secrets around the time at which it was received."""


def verify(body: bytes, header: str, *, secrets: Sequence[str], received_at: datetime) -> None:
    """Return when the raw body carries a valid v1 signature of one of the secrets.

    Raises:
        BadSignature: no secret is known, the header is malformed, the time is more than five minutes away
            from the receipt in either direction, or no signature fits.
    """
    pairs = [part.split("=", 1) for part in header.split(",") if "=" in part]
    times = [value for name, value in pairs if name.strip() == "t" and _SECONDS.fullmatch(value)]
    if len(times) != 1:
        raise BadSignature("the header names no single time")
    if abs(int(times[0]) - received_at.timestamp()) > TOLERANCE.total_seconds():
        raise BadSignature("the time of the signature is too far from the time of receipt")
    given = [value.encode(errors="replace") for name, value in pairs if name.strip() == "v1"]
    message = times[0].encode() + b"." + body
    wanted = [hmac.new(secret.encode(), message, sha256).hexdigest() for secret in secrets if secret]
    if not any(hmac.compare_digest(a, b.encode()) for a in given for b in wanted):
        raise BadSignature("no signature fits")
