"""Was this asked before? Stored answers by Idempotency-Key.

Source: Stripe docs, api/idempotent_requests.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from engine.sandbox.twin.core.errors import CONFLICT, StripeError
from engine.sandbox.twin.values.types import Obj

from .answers import Answer

_KEPT_SECONDS = 24 * 3600
_LONGEST = 255


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    at: int
    answer: Answer | None = None


class Keys:
    """The keys of the last 24 hours; each account has its own."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def begin(self, key: str, account: str | None, asked: str, at: int) -> Answer | None:
        """The stored answer, or nothing and the key is taken; raises where it cannot be used."""
        if len(key) > _LONGEST:
            text = f"Idempotency keys cannot be longer than {_LONGEST} characters."
            raise StripeError(text, kind="idempotency_error", stored=False)
        name = _name(key, account)
        entry = self._entries.get(name)
        if entry is None or at - entry.at > _KEPT_SECONDS:
            self._entries[name] = _Entry(asked, at)
            return None
        if entry.fingerprint != asked:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
                stored=False,
            )
        if entry.answer is None:
            raise in_use(key)
        return entry.answer

    def finish(self, key: str, account: str | None, answer: Answer) -> None:
        """Keep the answer for whoever asks again."""
        entry = self._entries.get(_name(key, account))
        if entry is not None:
            entry.answer = answer

    def release(self, key: str, account: str | None) -> None:
        """Forget a key whose request was never executed."""
        self._entries.pop(_name(key, account), None)

    def save(self) -> Obj:
        """The answers that were given; a key in flight is none."""
        return {name: asdict(entry) for name, entry in self._entries.items() if entry.answer is not None}

    def load(self, saved: Obj) -> None:
        """Take saved answers."""
        self._entries = {
            name: _Entry(entry["fingerprint"], entry["at"], Answer(**entry["answer"]))
            for name, entry in saved.items()
        }

    def forget(self) -> None:
        """Forget all keys."""
        self._entries.clear()


def in_use(key: str) -> StripeError:
    """The error for a key whose first request is still being executed."""
    return StripeError(
        "There is currently another in-progress request using this Idempotent Key (that probably"
        f" means you submitted twice, and the other request is still going through): {key}."
        " Please try again later.",
        status=CONFLICT,
        kind="idempotency_error",
        code="idempotency_key_in_use",
        stored=False,
    )


def fingerprint(method: str, path: str, params: Obj) -> str:
    """What makes two requests the same."""
    return f"{method} {path} {json.dumps(params, sort_keys=True)}"


def _name(key: str, account: str | None) -> str:
    return f"{account or ''}/{key}"
