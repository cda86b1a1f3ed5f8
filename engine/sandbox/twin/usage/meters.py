"""What is measured? Billing meters: made, renamed, switched off and on.

Source: Stripe docs, billing/subscriptions/usage-based/meters/configure.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone, inside

_LONGEST_NAME = 250
_LONGEST_EVENT = 100
_LONGEST_KEY = 100


def active_meter(world: World, event_name: str) -> Obj | None:
    """The active meter that listens to events of this name."""
    found = world.shelf.find("billing.meter", event_name=event_name, status="active")
    return found[0] if found else None


def _refuse_second(world: World, event_name: str) -> None:
    if active_meter(world, event_name) is not None:
        text = f"An active meter with the event name `{event_name}` already exists."
        raise invalid(text, param="event_name")


def create(call: Call) -> Obj:
    """A meter that listens to the events of one name."""
    world, params = call.world, call.params
    name = not_blank(params["event_name"], "event_name", longest=_LONGEST_EVENT)
    _refuse_second(world, name)
    mapping = inside(params, "customer_mapping").get("event_payload_key", "stripe_customer_id")
    value = inside(params, "value_settings").get("event_payload_key", "value")
    meter = world.new(
        "billing.meter",
        "mtr_test",
        {
            "customer_mapping": {
                "event_payload_key": _key(mapping, "customer_mapping"),
                "type": inside(params, "customer_mapping").get("type", "by_id"),
            },
            "default_aggregation": params.whole("default_aggregation"),
            "display_name": not_blank(params["display_name"], "display_name", longest=_LONGEST_NAME),
            "event_name": name,
            "event_time_window": params.get("event_time_window"),
            "status": "active",
            "status_transitions": {"deactivated_at": None},
            "updated": world.now(),
            "value_settings": {"event_payload_key": _key(value, "value_settings")},
        },
    )
    world.emit("billing.meter.created", meter)
    return meter


def _key(given: str, where: str) -> str:
    return not_blank(given, f"{where}[event_payload_key]", longest=_LONGEST_KEY)


def update(call: Call) -> Obj:
    """Give it another name to show."""
    meter = call.world.fetch("billing.meter", call.id)
    before = clone(meter)
    if "display_name" in call.params:
        meter["display_name"] = not_blank(call.params["display_name"], "display_name", longest=_LONGEST_NAME)
    return _changed(call.world, meter, before, "updated")


def _changed(world: World, meter: Obj, before: Obj, how: str) -> Obj:
    meter["updated"] = world.now()
    world.emit(f"billing.meter.{how}", meter, before=before if how == "updated" else None)
    return meter


def deactivate(call: Call) -> Obj:
    """From now on it takes no events and no new price can have it."""
    meter = call.world.fetch("billing.meter", call.id)
    if meter["status"] != "active":
        raise invalid("This meter is already inactive.")
    meter["status"] = "inactive"
    meter["status_transitions"] = {"deactivated_at": call.world.now()}
    return _changed(call.world, meter, meter, "deactivated")


def reactivate(call: Call) -> Obj:
    """Take events again."""
    meter = call.world.fetch("billing.meter", call.id)
    if meter["status"] == "active":
        raise invalid("This meter is already active.")
    _refuse_second(call.world, meter["event_name"])
    meter["status"] = "active"
    meter["status_transitions"] = {"deactivated_at": None}
    return _changed(call.world, meter, meter, "reactivated")


def retrieve(call: Call) -> Obj:
    """One meter."""
    return call.world.fetch("billing.meter", call.id)


def list_all(call: Call) -> Obj:
    """Meters, newest first."""
    status = call.params.get("status")
    found = [meter for meter in call.world.shelf.kind("billing.meter") if status in {None, meter["status"]}]
    return page("/v1/billing/meters", call.params, found)


ROUTES: Routes = {
    "POST /v1/billing/meters": create,
    "GET /v1/billing/meters": list_all,
    "GET /v1/billing/meters/{id}": retrieve,
    "POST /v1/billing/meters/{id}": update,
    "POST /v1/billing/meters/{id}/deactivate": deactivate,
    "POST /v1/billing/meters/{id}/reactivate": reactivate,
}
