"""What is known of a delivery? One record for each event and endpoint: its state and every attempt.

Records lie among the objects of the world, so that they are saved with it and are due on its clock.
"""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Dues, Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, public

KIND = "_delivery"
PENDING, DELIVERED, FAILED, DROPPED, STOPPED = "pending", "delivered", "failed", "dropped", "stopped"
_SENT = "send_webhook"
_RANK = 95


def endpoints_for(world: World, event: Obj) -> Objs:
    """The endpoints that want an event, oldest first."""
    return [held for held in world.shelf.everywhere("webhook_endpoint") if _wants(held, event)]


def _wants(endpoint: Obj, event: Obj) -> bool:
    """A Connect endpoint gets what happens in connected accounts, any other what happens in its own."""
    owner, place = endpoint["_account"], event["_account"]
    heard = owner is None and place is not None if endpoint["_connect"] else owner == place
    wanted: list[str] = endpoint["enabled_events"]
    return heard and endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted)


def new_record(world: World, event: Obj, endpoint: Obj) -> Obj:
    """A delivery that nobody tried yet."""
    return world.shelf.add(
        {
            "id": record_id(event["id"], endpoint["id"]),
            "object": KIND,
            "event": event["id"],
            "webhook_endpoint": endpoint["id"],
            "state": PENDING,
            "delivered": False,
            "attempts": [],
            "next_attempt": None,
            "fault": None,
            "_account": endpoint["_account"],
            "_clock": None,
            "_due": None,
            "_plan": {},
        }
    )


def record_id(event: str, endpoint: str) -> str:
    """The name of the delivery of an event to an endpoint."""
    return f"{event}.{endpoint}"


def of_event(world: World, event: str) -> Objs:
    """The deliveries of an event, oldest first."""
    return [held for held in world.shelf.everywhere(KIND) if held["event"] == event]


def shown(world: World, record: Obj) -> Obj:
    """A delivery as the admin endpoint tells it."""
    endpoint = world.shelf.peek(record["webhook_endpoint"])
    return {**public(record), "url": endpoint["url"] if endpoint else None}


def note(world: World, id_: str, attempt: Obj, *, delivered: bool) -> None:
    """Write an attempt down; the first success is taken off the event's `pending_webhooks`."""
    with world.transaction():
        record = world.shelf.take(id_)
        event = world.shelf.take(record["event"]) if record else None
        if record is None:
            return
        record["attempts"].append(attempt)
        if delivered and not record["delivered"]:
            record["delivered"] = True
            if event is not None:
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        if delivered and (record["state"] != PENDING or not attempt["by_hand"]):
            record["state"] = DELIVERED
            record["next_attempt"] = record["_due"] = None


def put_off(world: World, id_: str, until: int) -> bool:
    """Send it at that instant of the live clock; tells whether that is still to come."""
    to_come = until > world.now()
    with world.transaction():
        record = world.shelf.take(id_)
        if record is not None:
            record["next_attempt"] = until
            record["_due"] = until if to_come else None
    return to_come


def end(world: World, id_: str, state: str) -> None:
    """Try it no more."""
    with world.transaction():
        record = world.shelf.take(id_)
        if record is not None and record["state"] == PENDING:
            record["state"] = state
            record["next_attempt"] = record["_due"] = None


def _dues(_world: World, record: Obj) -> list[Due]:
    return [] if record["_due"] is None else [Due(record["_due"], _RANK, _SENT)]


def _send(world: World, record: Obj, _at: int) -> None:
    record["_due"] = None
    world.post(record["id"])


DUES: Dues = {KIND: _dues}
HAPPENINGS: Happenings = {_SENT: _send}
