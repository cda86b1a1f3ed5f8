"""How much was used? The events of a customer between two instants, as their meter adds them up."""

from __future__ import annotations

import re
from fractions import Fraction

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs

EVENT = "_meter_event"
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,12})?|\.\d{1,12})")


def number(text: object) -> Fraction | None:
    """The value of an event, or nothing where it is no number that Stripe counts."""
    return Fraction(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def events_between(world: World, meter: Obj, customer: str, start: int, end: int) -> Objs:
    """The events that count for a meter from the start on and before the end, in order of their time."""
    now_seen = world.settings.usage_lag_seconds
    found = [
        event
        for event in world.shelf.owned(EVENT, customer)
        if event["event_name"] == meter["event_name"]
        and start <= event["timestamp"] < end
        and not event["_canceled"]
        and event["_received"] + now_seen <= world.now_of(event)
        and _value(meter, event) is not None
    ]
    return sorted(found, key=lambda event: (event["timestamp"], event["_n"]))


def _value(meter: Obj, event: Obj) -> Fraction | None:
    if meter["default_aggregation"]["formula"] == "count":
        return Fraction(1)
    return number(event["payload"].get(meter["value_settings"]["event_payload_key"]))


def aggregated(meter: Obj, events: Objs) -> Fraction:
    """What events come to: their sum, their count, or the last one."""
    values = [value for event in events if (value := _value(meter, event)) is not None]
    if meter["default_aggregation"]["formula"] == "last":
        values = values[-1:]
    return sum(values, Fraction(0))


def usage_between(world: World, meter_id: str, customer: str, start: int, end: int) -> Fraction:
    """What a customer used of a meter; a sum below zero counts as none."""
    meter = world.shelf.peek(meter_id)
    if meter is None:
        return Fraction(0)
    return max(Fraction(0), aggregated(meter, events_between(world, meter, customer, start, end)))


def spelled(value: Fraction) -> str:
    """A quantity as a decimal: 12, 0.25."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.12f}".rstrip("0")
