"""What was reported? Meter events, each counted once, and their cancellation.

What Stripe finds out only after it took an event (no such customer, no value) leaves it without effect.
Source: Stripe docs, billing/subscriptions/usage-based/recording-usage-api.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import StripeError, invalid, missing
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY, MINUTE
from engine.sandbox.twin.values.types import Obj, inside

from .measuring import EVENT
from .meters import active_meter

_IDENTIFIER = "_meter_event_identifier"
_OLDEST = 35 * DAY
_NEWEST = 5 * MINUTE
_UNIQUE_FOR = DAY
_LONGEST = 100
_TOKEN = 24
_WHEN = "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future."


def report(call: Call) -> Obj:
    """Take one event; it counts once Stripe has looked at it."""
    world, params = call.world, call.params
    name = not_blank(params["event_name"], "event_name", longest=_LONGEST)
    payload: Obj = params.whole("payload")
    meter = active_meter(world, name)
    if meter is None:
        raise invalid(f'No active meter found for event name "{name}".', param="event_name")
    customer = _customer_of(world, payload.get(meter["customer_mapping"]["event_payload_key"], ""))
    clock = None if customer is None else customer["_clock"]
    now = world.now(clock)
    at = params.get("timestamp", now)
    if not now - _OLDEST <= at <= now + _NEWEST:
        raise invalid(_WHEN, param="timestamp")
    identifier = not_blank(params.get("identifier", world.ids.token(_TOKEN)), "identifier", longest=_LONGEST)
    _refuse_repeated(world, identifier)
    event = {"event_name": name, "identifier": identifier, "payload": payload, "timestamp": at}
    _keep(world, {**event, "_received": now, "_clock": clock}, customer)
    return {"object": "billing.meter_event", "created": now, "livemode": False, **event}


def _customer_of(world: World, id_: str) -> Obj | None:
    """The customer whom an event names, where there is one."""
    found = world.shelf.peek(id_)
    if found is None or found["object"] != "customer" or found["_account"] != world.account:
        return None
    return None if found.get("deleted") else found


def _identifier(world: World, identifier: str) -> Obj | None:
    """The event that holds an identifier, as long as no other may have it."""
    holder = world.shelf.take(f"{world.account or 'platform'}/{identifier}")
    if holder is None or world.now(holder["_clock"]) - holder["_received"] >= _UNIQUE_FOR:
        return None
    return holder


def _refuse_repeated(world: World, identifier: str) -> None:
    if _identifier(world, identifier) is not None:
        raise invalid(f"An event already exists with identifier {identifier}.", param="identifier")


def _keep(world: World, fields: Obj, customer: Obj | None) -> None:
    """The event as it is counted, and who holds its identifier for a day."""
    owner = None if customer is None else customer["id"]
    made = {"object": EVENT, "customer": owner, "_canceled": False, **fields}
    event = world.shelf.add({"id": world.ids.new("mevt"), **made})
    key = f"{world.account or 'platform'}/{fields['identifier']}"
    held = world.shelf.take(key)
    if held is not None:
        world.shelf.remove(held)
    times = {name: fields[name] for name in ("_received", "_clock")}
    world.shelf.add({"id": key, "object": _IDENTIFIER, "event": event["id"], **times})


def adjust(call: Call) -> Obj:
    """Take an event back within a day of its receipt."""
    world, params = call.world, call.params
    name, wanted = params["event_name"], inside(params, "cancel").get("identifier")
    if not wanted:
        raise missing("cancel[identifier]")
    held = _identifier(world, wanted)
    event = world.shelf.take(held["event"]) if held is not None else None
    if event is None or event["event_name"] != name or event["_canceled"]:
        raise _nothing_to_cancel(name, wanted)
    event["_canceled"] = True
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": wanted},
        "event_name": name,
        "livemode": False,
        "status": "complete",
        "type": params["type"],
    }


def _nothing_to_cancel(name: str, identifier: str) -> StripeError:
    text = (
        f"No meter event with the identifier {identifier} and the event name {name} was received within the"
        " past 24 hours."
    )
    return invalid(text, param="cancel[identifier]", code="resource_missing")


ROUTES: Routes = {
    "POST /v1/billing/meter_events": report,
    "POST /v1/billing/meter_event_adjustments": adjust,
}
