"""How does Stripe show usage? Summaries of a customer's events, whole or in windows of an hour or a day."""

from __future__ import annotations

from hashlib import blake2b
from itertools import groupby

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.values.calendar import DAY, HOUR, MINUTE
from engine.sandbox.twin.values.types import Obj, Objs

from .measuring import aggregated, events_between

_WINDOWS = {"hour": HOUR, "day": DAY}


def list_all(call: Call) -> Obj:
    """One summary of the whole time, or one for each window with events, the newest first."""
    world, params = call.world, call.params
    meter = world.fetch("billing.meter", call.id)
    customer = world.refer("customer", params["customer"], "customer")["id"]
    window = params.get("value_grouping_window")
    start, end = params["start_time"], params["end_time"]
    _check_times(start, end, window)
    events = events_between(world, meter, customer, start, end)
    if window is None:
        found = [_summary(meter, customer, (start, end), events)]
    else:
        length = _WINDOWS[window]
        grouped = groupby(events, key=lambda event: int(event["timestamp"]) // length * length)
        found = [_summary(meter, customer, (at, at + length), [*inside]) for at, inside in grouped]
    return page(f"/v1/billing/meters/{meter['id']}/event_summaries", params, found)


def _check_times(start: int, end: int, window: str | None) -> None:
    length, name = _WINDOWS.get(window or "", MINUTE), window or "minute"
    for param, at in (("start_time", start), ("end_time", end)):
        if at < 0 or at % length:
            raise invalid(f"`{param}` must be aligned with {name} boundaries.", param=param)
    if end <= start:
        raise invalid("`end_time` must be after `start_time`.", param="end_time")


def _summary(meter: Obj, customer: str, window: tuple[int, int], events: Objs) -> Obj:
    start, end = window
    about = f"{meter['id']}/{customer}/{start}/{end}"
    value = aggregated(meter, events)
    return {
        "id": f"mtrusg_test_{blake2b(about.encode(), digest_size=12).hexdigest()}",
        "object": "billing.meter_event_summary",
        "aggregated_value": int(value) if value.denominator == 1 else float(value),
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }


ROUTES: Routes = {"GET /v1/billing/meters/{id}/event_summaries": list_all}
