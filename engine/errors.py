"""The one tree of errors: what can go wrong, under a stable code, with a sentence that says what to do.

    WallstreetError
    ├── InvalidRequest        400  the request itself is wrong; nothing was read, nothing was done
    ├── NotFound              404  something named in the request does not exist
    ├── Refused               409  the request is well formed, but this customer cannot have it now
    ├── PaymentRefused        402  money was needed and did not come
    ├── NotImplementedYet     501  the case is known and decided, but not built
    ├── TemporarilyUnable     503  nothing was done; the same request may succeed in a moment
    └── Contradiction         500  we stopped rather than guess; an alarm was raised

A code is what callers program against; a sentence is what people read. Both are part of the public API.
"""

from __future__ import annotations

from collections.abc import Mapping


class WallstreetError(Exception):
    """An answer to a caller: a stable code, an HTTP status and a sentence that says what to do."""

    status = 500
    title = "Wallstreet stopped"

    def __init__(self, code: str, sentence: str, *, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.facts: dict[str, object] = dict(facts or {})


class InvalidRequest(WallstreetError):
    """The request is wrong in itself; nothing was read and nothing was done."""

    status = 400
    title = "The request is not valid"

    def __init__(
        self, sentence: str, *, code: str = "invalid_request", facts: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(code, sentence, facts=facts)


class NotFound(WallstreetError):
    """Something that the request names does not exist."""

    status = 404
    title = "Not found"


class Refused(WallstreetError):
    """The request is well formed, but the rules or the state of the customer forbid it now."""

    status = 409
    title = "Refused"


class PaymentRefused(WallstreetError):
    """Money was needed at once and did not come; nothing was changed."""

    status = 402
    title = "Payment refused"


class NotImplementedYet(WallstreetError):
    """The case is known and decided, but the function behind it is not built."""

    status = 501
    title = "Not implemented"

    def __init__(self, what: str) -> None:
        super().__init__(
            "not_implemented",
            f"{what} is not built yet; nothing was done. Leave it out of the request.",
            facts={"what": what},
        )


class TemporarilyUnable(WallstreetError):
    """Nothing was done; the same request may succeed in a moment."""

    status = 503
    title = "Try again"


class Contradiction(WallstreetError):
    """Two things that must agree do not: we stop and raise an alarm instead of guessing."""

    status = 500
    title = "Stopped on a contradiction"
