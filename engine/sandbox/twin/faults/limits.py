"""Is it too much? Stripe's rate limits, counted by the twin's own clocks.

Source: Stripe docs, rate-limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from engine.sandbox.twin.core.errors import TOO_MANY_REQUESTS, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.protocol.asked import Asked
from engine.sandbox.twin.values.calendar import DAY, HOUR, MINUTE
from engine.sandbox.twin.values.types import Obj, inside

from .book import Book
from .kinds import RATES

_TEXTS = {
    "resource-specific": "This object was changed too often in a short time. Please wait before changing it."
}
_TEXT = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."


def rate_limit(reason: str) -> StripeError:
    """The 429 that tells which limit was met."""
    headers = {"Stripe-Rate-Limited-Reason": reason}
    return StripeError(
        _TEXTS.get(reason, _TEXT),
        status=TOO_MANY_REQUESTS,
        code="rate_limit",
        stored=False,
        headers=headers,
    )


class Limits:
    """The calls of the present second, and the changes of single objects."""

    def __init__(self, world: World, book: Book) -> None:
        self._world = world
        self._book = book
        world.parts["limits"] = self
        self._fault = ""
        self._second = 0
        self._calls: Counter[str] = Counter()
        self._changes: dict[str, list[int]] = {}

    def refusal(self, asked: Asked, hit: Callable[[Obj], bool]) -> StripeError | None:
        """The 429 for a call that is too much, where a fault of kind `rate_limits` is in force."""
        fault = self._book.first("rate_limits", hit)
        if fault is None:
            return None
        limits = {**RATES, **fault.get("limits", {})}
        self._begin(fault["id"], self._world.now())
        return self._by_rate(limits, asked) or self._by_object(limits, asked)

    def save(self) -> Obj:
        """The counts."""
        calls = dict(self._calls)
        return {"fault": self._fault, "second": self._second, "calls": calls, "changes": self._changes}

    def load(self, saved: Obj) -> None:
        """Take saved counts."""
        self._fault, self._second = saved["fault"], saved["second"]
        self._calls = Counter(saved["calls"])
        self._changes = saved["changes"]

    def forget(self) -> None:
        """Count anew."""
        self._fault, self._second, self._calls, self._changes = "", 0, Counter(), {}

    def _begin(self, fault: str, now: int) -> None:
        """Count anew in a new second, and under another fault."""
        if (fault, now) != (self._fault, self._second):
            self._fault, self._second = fault, now
            self._calls.clear()

    def _by_rate(self, limits: dict[str, int], asked: Asked) -> StripeError | None:
        endpoint = asked.endpoint or asked.path
        self._calls["all"] += 1
        self._calls[endpoint] += 1
        if self._calls["all"] > limits["all"]:
            return rate_limit("global-rate")
        most = min([limits["endpoint"], *(limits[group] for group in _groups(endpoint))])
        return rate_limit("endpoint-rate") if self._calls[endpoint] > most else None

    def _by_object(self, limits: dict[str, int], asked: Asked) -> StripeError | None:
        world = self._world
        id_ = asked.ids.get("id", "")
        held = world.shelf.peek(id_)
        if held is None or asked.method != "POST":
            return None
        now = world.now_of(held)
        if held["object"] == "payment_intent":
            return self._changed(id_, now, limits["intent_updates_an_hour"])
        if held["object"] != "subscription":
            return None
        made = [
            invoice["created"]
            for invoice in world.shelf.everywhere("invoice")
            if inside(invoice, "parent", "subscription_details").get("subscription") == id_
        ]
        lately = sum(at > now - MINUTE for at in made)
        today = sum(at > now - DAY for at in made)
        if lately >= limits["invoices_a_minute"] or today >= limits["invoices_a_day"]:
            return rate_limit("resource-specific")
        quantity = "quantity" in str(asked.params.get("items", ""))
        return self._changed(id_, now, limits["quantity_updates_an_hour"]) if quantity else None

    def _changed(self, id_: str, now: int, most: int) -> StripeError | None:
        kept = [at for at in self._changes.get(id_, []) if at > now - HOUR]
        self._changes[id_] = kept
        if len(kept) >= most:
            return rate_limit("resource-specific")
        kept.append(now)
        return None


def _groups(endpoint: str) -> list[str]:
    """The narrower limits that hold for an endpoint."""
    path = endpoint.partition(" ")[2]
    named = {"search": path.endswith("/search"), "payouts": path.startswith("/v1/payouts")}
    named["accounts"] = path.startswith("/v1/accounts")
    return [name for name, holds in named.items() if holds]
