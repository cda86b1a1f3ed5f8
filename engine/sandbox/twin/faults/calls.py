"""What goes wrong with a call? Nothing, or what the faults in force say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.sandbox.twin.core.errors import CONFLICT, TOO_MANY_REQUESTS, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.protocol.asked import Asked
from engine.sandbox.twin.protocol.keys import in_use
from engine.sandbox.twin.values.types import Obj

from .book import Book, contains, fits
from .limits import Limits, rate_limit

_UNAVAILABLE = 503
_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is currently"
    " accessing it. If you see this error intermittently, retry the request. If you see this error frequently"
    " and are making multiple concurrent requests to a single object, make your requests serially or at a"
    " lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts."
)


class Work(StrEnum):
    """Whether the work of a call that answers 500 is done."""

    DONE = "done"
    NOT_DONE = "not_done"


@dataclass(slots=True)
class Trouble:
    """What a call meets on its way: `refused` before anything was done, `lost` without an answer."""

    refused: bool = False
    lost: bool = False
    before_ms: int = 0
    after_ms: int = 0
    refusal: StripeError | None = None


def trouble_of(world: World, book: Book, limits: Limits, asked: Asked) -> Trouble:
    """What the faults in force do to this call; each that is asked counts."""
    if not book.any():
        return Trouble()
    hit = _hitting(world, asked)
    if book.first("refuse_connection", hit) is not None:
        return Trouble(refused=True, lost=True)
    trouble = Trouble()
    for fault in book.hits("slow", hit):
        if fault.get("when", "before") == "before":
            trouble.before_ms += fault["milliseconds"]
        else:
            trouble.after_ms += fault["milliseconds"]
    trouble.refusal = _refusal(book, hit, asked) or limits.refusal(asked, hit)
    trouble.lost = book.first("lose_answer", hit) is not None
    return trouble


def work_of(world: World, book: Book, asked: Asked) -> Work | None:
    """Whether this call ends in a 500, and whether its work is done all the same."""
    fault = book.first("server_error", _hitting(world, asked))
    return None if fault is None else Work(fault.get("work", "not_done"))


def customer_of(world: World, asked: Asked) -> str | None:
    """The customer whom a call is about: named in it, or the owner of what it names."""
    named = asked.params.get("customer")
    if isinstance(named, str):
        return named
    for id_ in asked.ids.values():
        held = world.shelf.peek(id_)
        if held is not None and held["object"] == "customer":
            return id_
        if held is not None and isinstance(held.get("customer"), str):
            return str(held["customer"])
    return None


def _hitting(world: World, asked: Asked) -> Callable[[Obj], bool]:
    def hits(fault: Obj) -> bool:
        return (
            fits(fault.get("method"), asked.method)
            and _on_path(fault.get("path"), asked)
            and fits(fault.get("account"), asked.account)
            and contains(asked.params, fault.get("params", {}))
            and ("customer" not in fault or fits(fault["customer"], customer_of(world, asked)))
        )

    return hits


def _on_path(pattern: str | None, asked: Asked) -> bool:
    """A path, one with `*`, or one of Stripe's own with `{id}`."""
    endpoint = (asked.endpoint or "").partition(" ")[2]
    return fits(pattern, asked.path) or pattern == endpoint


def _refusal(book: Book, hit: Callable[[Obj], bool], asked: Asked) -> StripeError | None:
    """Answers that come before any work and are not stored."""
    if (fault := book.first("conflict", hit)) is not None:
        return _locked(CONFLICT) if fault.get("code") == "lock_timeout" else in_use(asked.key or "")
    if (fault := book.first("rate_limited", hit)) is not None:
        return rate_limit(fault.get("reason", "global-rate"))
    if book.first("lock_timeout", hit) is not None:
        return _locked(TOO_MANY_REQUESTS)
    if book.first("unavailable", hit) is not None:
        text = "Stripe is temporarily unavailable. Please try again."
        return StripeError(text, status=_UNAVAILABLE, kind="api_error", stored=False)
    return None


def _locked(status: int) -> StripeError:
    return StripeError(_LOCKED, status=status, code="lock_timeout", stored=False)
