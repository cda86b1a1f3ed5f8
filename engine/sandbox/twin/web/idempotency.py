"""Was this asked before? Stored answers by Idempotency-Key.

Source: Stripe docs, api/idempotent_requests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.sandbox.twin.core.errors import CONFLICT, StripeError
from engine.sandbox.twin.values.types import Obj

_KEPT_SECONDS = 24 * 3600
_LONGEST = 255


@dataclass(slots=True)
class Answer:
    """What was answered once, and by which request."""

    status: int
    body: Obj
    request_id: str


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    at: float
    answer: Answer | None = None


class Keys:
    """The keys of the last 24 hours."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def begin(self, key: str, endpoint: str, params: Obj, at: float) -> Answer | None:
        """The stored answer, or nothing and the key is taken; raises where it cannot be used."""
        if len(key) > _LONGEST:
            text = f"Idempotency keys cannot be longer than {_LONGEST} characters."
            raise StripeError(text, kind="idempotency_error", stored=False)
        fingerprint = f"{endpoint} {json.dumps(params, sort_keys=True)}"
        entry = self._entries.get(key)
        if entry is None or at - entry.at > _KEPT_SECONDS:
            self._entries[key] = _Entry(fingerprint, at)
            return None
        if entry.fingerprint != fingerprint:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
                stored=False,
            )
        if entry.answer is None:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that probably"
                f" means you submitted twice, and the other request is still going through): {key}."
                " Please try again later.",
                status=CONFLICT,
                kind="idempotency_error",
                code="idempotency_key_in_use",
                stored=False,
            )
        return entry.answer

    def finish(self, key: str, answer: Answer) -> None:
        """Keep the answer for whoever asks again."""
        self._entries[key].answer = answer

    def release(self, key: str) -> None:
        """Forget a key whose request was never executed."""
        self._entries.pop(key, None)
