"""Short ways to meters, metered prices and what is reported to them."""

from __future__ import annotations

from itertools import count
from typing import Any, cast

from tests.engine.sandbox.twin_client import Twin

_names = count(1)


def meter(twin: Twin, formula: str = "sum", **more: Any) -> Any:
    """A new meter of its own event name."""
    name = f"calls_{next(_names)}"
    aggregation = {"default_aggregation": {"formula": formula}}
    return twin.v1.billing.meters.create({"display_name": "Calls", "event_name": name, **aggregation, **more})


def report(twin: Twin, held: Any, customer: str, value: object, at: int | None = None, **more: Any) -> Any:
    """One event of a customer."""
    payload = {"stripe_customer_id": customer, "value": str(value)}
    given: dict[str, Any] = {"event_name": held.event_name, "payload": payload, **more}
    if at is not None:
        given["timestamp"] = at
    return twin.v1.billing.meter_events.create(given)


def used(twin: Twin, held: Any, customer: str, start: int, end: int) -> float:
    """What the summary of a time says."""
    window = {"customer": customer, "start_time": start, "end_time": end}
    (summary,) = twin.v1.billing.meters.event_summaries.list(held.id, window).data
    return cast("float", summary.aggregated_value)


def metered_price(twin: Twin, held: Any, amount: int = 100, **more: Any) -> str:
    """A monthly price of what a meter counts."""
    recurring = {"interval": "month", "usage_type": "metered", "meter": held.id}
    given: dict[str, Any] = {
        "currency": "usd",
        "product_data": {"name": "Calls"},
        "recurring": recurring,
        **more,
    }
    if "tiers" not in given and "unit_amount_decimal" not in given:
        given["unit_amount"] = amount
    return cast("str", twin.v1.prices.create(given).id)
