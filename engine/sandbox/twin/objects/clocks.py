"""Which time is it for a customer? Test clocks, moved on asynchronously.

Source: Stripe docs, billing/testing/test-clocks.
"""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes
from engine.sandbox.twin.core.errors import TOO_MANY_REQUESTS, StripeError, invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj

from . import customers

_KIND = "test_helpers.test_clock"
_KEPT_DAYS = 30
_LAPSE = "clock_lapse"
_RANK = 95
_MOST_INTERVALS = 2
_WITHOUT_SUBSCRIPTION = ("year", 1)
_ENDED = {"canceled", "incomplete_expired"}


def create(call: Call) -> Obj:
    """A clock that stands still at an instant."""
    world, params = call.world, call.params
    clock = world.new(
        _KIND,
        "clock",
        {
            "created": world.now(),
            "deletes_after": world.now() + _KEPT_DAYS * calendar.DAY,
            "frozen_time": params["frozen_time"],
            "name": params.get("name"),
            "status": "ready",
        },
    )
    world.emit("test_helpers.test_clock.created", clock)
    return clock


def advance(call: Call) -> Obj:
    """Begin to move a clock on; it is `ready` again when everything in between has happened."""
    world = call.world
    clock = world.fetch(_KIND, call.id)
    target: int = call.params["frozen_time"]
    refuse_while_advancing(clock)
    if target <= clock["frozen_time"]:
        text = "Test clocks can only be advanced to a time in the future of their current frozen time."
        raise invalid(text, param="frozen_time")
    if target > _furthest(world, clock):
        text = (
            "A test clock can only be advanced by up to two intervals at a time, based on the shortest"
            " subscription interval attached to it."
        )
        raise invalid(text, param="frozen_time")
    clock["status"] = "advancing"
    clock["status_details"] = {"advancing": {"target_frozen_time": target}}
    world.emit("test_helpers.test_clock.advancing", clock)
    return clock


def _furthest(world: World, clock: Obj) -> int:
    """Two intervals of the shortest subscription ahead, or two years."""
    frozen = clock["frozen_time"]
    intervals = {
        (item["price"]["recurring"]["interval"], item["price"]["recurring"]["interval_count"])
        for held in world.shelf.kind("subscription")
        if held["_clock"] == clock["id"] and held["status"] not in _ENDED
        for item in held["items"]["data"]
    } or {_WITHOUT_SUBSCRIPTION}
    return min(calendar.instant(frozen, interval, count, _MOST_INTERVALS) for interval, count in intervals)


def refuse_while_advancing(clock: Obj) -> None:
    """Raise 429 while a clock is being moved."""
    if clock["status"] == "advancing":
        text = f"Test clock advancement underway - cannot perform modifications: {clock['id']}"
        raise StripeError(text, status=TOO_MANY_REQUESTS, stored=False)


def retrieve(call: Call) -> Obj:
    """One clock."""
    return call.world.fetch(_KIND, call.id)


def list_all(call: Call) -> Obj:
    """Clocks, newest first."""
    return page("/v1/test_helpers/test_clocks", call.params, list(call.world.shelf.kind(_KIND)))


def delete(call: Call) -> Obj:
    """Delete a clock with everything that lives on it."""
    clock = call.world.fetch(_KIND, call.id)
    refuse_while_advancing(clock)
    _remove(call.world, clock)
    return {"id": clock["id"], "object": _KIND, "deleted": True}


def _remove(world: World, clock: Obj) -> None:
    """Customers are deleted and their subscriptions canceled; what was bought and paid stays in the books."""
    lives = [obj for obj in world.shelf.kind("customer") if obj["_clock"] == clock["id"]]
    for obj in lives:
        if not obj.get("deleted"):
            customers.remove(world, world.fetch("customer", obj["id"]))
    world.shelf.remove(clock)
    world.emit("test_helpers.test_clock.deleted", clock)


def _dues(_world: World, clock: Obj) -> list[Due]:
    return [Due(clock["deletes_after"], _RANK, _LAPSE)]


def _lapse(world: World, clock: Obj, _at: int) -> None:
    """Nobody needs a clock for ever."""
    _remove(world, clock)


DUES: Dues = {_KIND: _dues}
HAPPENINGS: Happenings = {_LAPSE: _lapse}
ROUTES: Routes = {
    "POST /v1/test_helpers/test_clocks": create,
    "GET /v1/test_helpers/test_clocks": list_all,
    "GET /v1/test_helpers/test_clocks/{id}": retrieve,
    "DELETE /v1/test_helpers/test_clocks/{id}": delete,
    "POST /v1/test_helpers/test_clocks/{id}/advance": advance,
}
