"""Section 15: meters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import DAY, HOUR, JAN_1

from .shop import Shop

EVENTS = "billing/meter_events"
ADJUSTMENTS = "billing/meter_event_adjustments"


@pytest.fixture
def meter(shop: Shop) -> Any:
    """A meter that adds up calls."""
    formula = {"formula": "sum"}
    return shop.post("billing/meters", display_name="Calls", event_name="calls", default_aggregation=formula)


@pytest.fixture
def buyer(shop: Shop) -> str:
    """A customer who uses things."""
    return shop.customer()


def event(buyer: str, value: str = "1", **more: Any) -> dict[str, Any]:
    return {"event_name": "calls", "payload": {"stripe_customer_id": buyer, "value": value}, **more}


def total(shop: Shop, meter: Any, buyer: str) -> float:
    """What was used today."""
    when = {"start_time": JAN_1, "end_time": JAN_1 + DAY}
    found = shop.get(f"billing/meters/{meter['id']}/event_summaries", customer=buyer, **when)["data"]
    return float(found[0]["aggregated_value"]) if found else 0


def test_a_meter_has_defaults(meter: Any) -> None:
    """The customer and the value have usual keys; it is active."""
    mapping = {"type": "by_id", "event_payload_key": "stripe_customer_id"}
    assert (meter["customer_mapping"], meter["value_settings"]) == (mapping, {"event_payload_key": "value"})
    assert (meter["status"], meter["event_time_window"]) == ("active", None)


@pytest.mark.parametrize(("formula", "status"), [("sum", 200), ("count", 200), ("last", 200), ("max", 400)])
def test_formulas(shop: Shop, formula: str, status: int) -> None:
    """Sum, count and last."""
    given = {"display_name": "M", "event_name": "m", "default_aggregation": {"formula": formula}}
    assert shop.inside.call("POST", "/v1/billing/meters", given).status == status


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"identifier": "x" * 100}, 200),
        ({"identifier": "x" * 101}, 400),
        ({"timestamp": JAN_1 - 35 * DAY}, 200),
        ({"timestamp": JAN_1 - 35 * DAY - 1}, 400),
        ({"timestamp": JAN_1 + 300}, 200),
        ({"timestamp": JAN_1 + 301}, 400),
    ],
)
def test_bounds_of_an_event(shop: Shop, buyer: str, more: dict[str, Any], status: int) -> None:
    """An identifier of 100 characters; a time from 35 days ago to five minutes ahead."""
    assert shop.inside.call("POST", f"/v1/{EVENTS}", event(buyer, **more)).status == status


@pytest.mark.usefixtures("meter")
def test_an_identifier_counts_once(shop: Shop, buyer: str) -> None:
    """Refused within 24 hours; one is made where none is given."""
    assert shop.post(EVENTS, **event(buyer))["identifier"]
    shop.post(EVENTS, **event(buyer, identifier="a"))
    assert shop.refused(EVENTS, **event(buyer, identifier="a"))["param"] == "identifier"


def test_decimal_and_negative_values(shop: Shop, meter: Any, buyer: str) -> None:
    """Values are texts of numbers, of either sign."""
    for value in ("1.5", "-3"):
        shop.post(EVENTS, **event(buyer, value))
    assert total(shop, meter, buyer) == -1.5


@pytest.mark.parametrize(
    ("start", "end", "window", "status"),
    [
        (0, 60, None, 200),
        (1, 60, None, 400),
        (0, 61, None, 400),
        (0, HOUR, "hour", 200),
        (60, HOUR, "hour", 400),
        (0, DAY, "day", 200),
        (HOUR, DAY, "day", 400),
    ],
)
def test_summaries_are_aligned(
    shop: Shop, meter: Any, buyer: str, start: int, end: int, window: str | None, status: int
) -> None:
    """To minutes, or to hours and days where they group so."""
    given: dict[str, Any] = {"customer": buyer, "start_time": JAN_1 + start, "end_time": JAN_1 + end}
    if window:
        given["value_grouping_window"] = window
    path = f"/v1/billing/meters/{meter['id']}/event_summaries"
    assert shop.inside.call("GET", path, given).status == status


def test_an_event_is_taken_back_within_a_day(shop: Shop, meter: Any, buyer: str) -> None:
    """By its identifier, once, for 24 hours after it was received."""
    for name in ("a", "b"):
        shop.post(EVENTS, **event(buyer, "4", identifier=name))

    def cancel(name: str) -> dict[str, Any]:
        return {"event_name": "calls", "type": "cancel", "cancel": {"identifier": name}}

    shop.post(ADJUSTMENTS, **cancel("a"))
    assert total(shop, meter, buyer) == 4
    shop.refused(ADJUSTMENTS, **cancel("a"))
    shop.until(JAN_1 + DAY + 1)
    shop.refused(ADJUSTMENTS, **cancel("b"))
    assert total(shop, meter, buyer) == 4


def test_a_meter_is_switched_off_and_on(shop: Shop, meter: Any, buyer: str) -> None:
    """While it is inactive no event is taken."""
    path = f"billing/meters/{meter['id']}"
    assert shop.post(f"{path}/deactivate")["status"] == "inactive"
    shop.refused(EVENTS, **event(buyer))
    assert shop.post(f"{path}/reactivate")["status"] == "active"
    shop.post(EVENTS, **event(buyer))


def test_usage_is_billed_in_arrears(shop: Shop, meter: Any, buyer: str) -> None:
    """From the start of a period to its end. The draft's hour takes what is late, below zero is free."""
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter["id"]}
    price = shop.price(10, None, recurring=recurring)
    subscription = shop.subscribe(buyer, price)
    first, second = JAN_1 + 31 * DAY, JAN_1 + 59 * DAY
    shop.post(EVENTS, **event(buyer, "3"))
    shop.until(first + 60)
    shop.post(EVENTS, **event(buyer, "4", timestamp=first - 1))
    shop.post(EVENTS, **event(buyer, "-9", timestamp=first))
    shop.until(first + HOUR)
    assert shop.latest(subscription)["total"] == 70
    shop.until(second + HOUR)
    assert shop.latest(subscription)["total"] == 0
