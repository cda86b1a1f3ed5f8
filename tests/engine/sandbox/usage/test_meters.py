"""Meters, what is reported to them, and how it is summed up."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, HOUR, JAN_1, JAN_16, Clock, Twin, error_of

from .metering import meter, metered_price, report, used


@pytest.fixture
def buyer(clock: Clock) -> str:
    clock.advance(JAN_16)
    return clock.customer(None)


def test_a_meter_is_made_renamed_and_switched(twin: Twin) -> None:
    made = meter(twin)
    assert (made.status, made.customer_mapping.type, made.value_settings.event_payload_key) == (
        "active", "by_id", "value"
    )  # fmt: skip
    assert twin.v1.billing.meters.update(made.id, {"display_name": "More"}).display_name == "More"
    off = twin.v1.billing.meters.deactivate(made.id)
    assert (off.status, off.status_transitions.deactivated_at is None) == ("inactive", False)
    assert made.id in [held.id for held in twin.v1.billing.meters.list({"status": "inactive"}).data]
    with pytest.raises(stripe.InvalidRequestError, match="already inactive"):
        twin.v1.billing.meters.deactivate(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        metered_price(twin, made)
    again = twin.v1.billing.meters.reactivate(made.id)
    assert (again.status, again.status_transitions.deactivated_at) == ("active", None)
    price = metered_price(twin, made)
    assert [held.id for held in twin.v1.prices.list({"recurring": {"meter": made.id}}).data] == [price]
    types = [
        event.type for event in twin.v1.events.list({"limit": 20}).data if event.data.object.id == made.id
    ]
    assert types == [f"billing.meter.{how}" for how in ("reactivated", "deactivated", "updated", "created")]


def test_one_active_meter_listens_to_a_name(twin: Twin) -> None:
    first = meter(twin)
    given = {
        "display_name": "Again",
        "event_name": first.event_name,
        "default_aggregation": {"formula": "sum"},
    }
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        twin.v1.billing.meters.create(given)
    twin.v1.billing.meters.deactivate(first.id)
    second = twin.v1.billing.meters.create(given)
    assert second.id != first.id
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        twin.v1.billing.meters.reactivate(first.id)


@pytest.mark.parametrize(("formula", "expected"), [("sum", 7.5), ("count", 3), ("last", 2.5)])
def test_events_are_added_up(twin: Twin, buyer: str, formula: str, expected: float) -> None:
    held = meter(twin, formula)
    report(twin, held, buyer, 2.5, JAN_16 - HOUR)
    report(twin, held, buyer, 1, JAN_16 - 3 * HOUR)
    report(twin, held, buyer, 4, JAN_16 - 2 * HOUR)
    assert used(twin, held, buyer, JAN_16 - DAY, JAN_16) == expected


def test_the_start_counts_and_the_end_does_not(twin: Twin, buyer: str) -> None:
    held = meter(twin)
    report(twin, held, buyer, 1, JAN_16 - HOUR)
    report(twin, held, buyer, 10, JAN_16)
    assert used(twin, held, buyer, JAN_16 - HOUR, JAN_16) == 1
    assert used(twin, held, buyer, JAN_16, JAN_16 + HOUR) == 10


def test_windows_of_a_day_and_an_hour(twin: Twin, buyer: str) -> None:
    held = meter(twin)
    for value, at in ((1, JAN_16 - 2 * DAY), (2, JAN_16 - HOUR), (3, JAN_16 - HOUR + 60)):
        report(twin, held, buyer, value, at)

    def windows(name: str) -> list[tuple[int, int, float]]:
        wanted = {"customer": buyer, "start_time": JAN_1, "end_time": JAN_16, "value_grouping_window": name}
        found = twin.v1.billing.meters.event_summaries.list(held.id, wanted).data
        return [(each.start_time, each.end_time, each.aggregated_value) for each in found]

    assert windows("day") == [(JAN_16 - DAY, JAN_16, 5), (JAN_16 - 2 * DAY, JAN_16 - DAY, 1)]
    assert windows("hour") == [(JAN_16 - HOUR, JAN_16, 5), (JAN_16 - 2 * DAY, JAN_16 - 2 * DAY + HOUR, 1)]


@pytest.mark.parametrize(
    ("window", "param"),
    [
        ({"start_time": JAN_1 + 1, "end_time": JAN_16}, "start_time"),
        ({"start_time": JAN_1, "end_time": JAN_1 + HOUR, "value_grouping_window": "day"}, "end_time"),
        ({"start_time": JAN_1 + 60, "end_time": JAN_16, "value_grouping_window": "hour"}, "start_time"),
        ({"start_time": JAN_16, "end_time": JAN_16}, "end_time"),
        ({"start_time": -60, "end_time": JAN_16}, "start_time"),
        ({"start_time": JAN_1, "end_time": JAN_16, "customer": "cus_none"}, "customer"),
    ],
)
def test_times_of_a_summary_are_aligned(twin: Twin, buyer: str, window: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.billing.meters.event_summaries.list(meter(twin).id, {"customer": buyer, **window})
    assert error_of(refused.value)["param"] == param


def test_an_identifier_counts_once_a_day(twin: Twin, clock: Clock, buyer: str) -> None:
    held = meter(twin)
    name = f"once-{held.id}"
    first = report(twin, held, buyer, 1, identifier=name)
    assert (first.identifier, first.timestamp, first.created) == (name, JAN_16, JAN_16)
    with pytest.raises(stripe.InvalidRequestError, match=f"An event already exists with identifier {name}."):
        report(twin, held, buyer, 1, identifier=name)
    clock.advance(JAN_16 + DAY)
    report(twin, held, buyer, 1, identifier=name)
    assert used(twin, held, buyer, JAN_16, JAN_16 + 2 * DAY) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"timestamp": JAN_16 - 35 * DAY - 1},
        {"timestamp": JAN_16 + 301},
        {"identifier": "x" * 101},
        {"identifier": ""},
        {"event_name": "nobody listens"},
    ],
)
def test_what_is_no_event(twin: Twin, buyer: str, more: dict[str, Any]) -> None:
    held = meter(twin)
    payload = {"stripe_customer_id": buyer, "value": "1"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.billing.meter_events.create({"event_name": held.event_name, "payload": payload, **more})
    assert refused.value.http_status == 400
    report(twin, held, buyer, 1, JAN_16 - 35 * DAY)
    report(twin, held, buyer, 1, JAN_16 + 300)
    assert used(twin, held, buyer, JAN_16 - 36 * DAY, JAN_16 + DAY) == 2


def test_an_event_without_customer_or_number_counts_nothing(twin: Twin, buyer: str) -> None:
    held = meter(twin)
    report(twin, held, "cus_none", 1)
    report(twin, held, buyer, "many")
    twin.v1.billing.meter_events.create(
        {"event_name": held.event_name, "payload": {"stripe_customer_id": buyer}}
    )
    assert used(twin, held, buyer, JAN_1, JAN_16 + DAY) == 0


def test_a_canceled_event_does_not_count(twin: Twin, clock: Clock, buyer: str) -> None:
    held = meter(twin)
    kept, gone = (report(twin, held, buyer, value).identifier for value in (1, 10))

    def cancel(identifier: str | None) -> Any:
        about = {} if identifier is None else {"cancel": {"identifier": identifier}}
        return twin.v1.billing.meter_event_adjustments.create(
            {"event_name": held.event_name, "type": "cancel", **about}
        )

    made = cancel(gone)
    assert (made.status, made.cancel.identifier) == ("complete", gone)
    assert used(twin, held, buyer, JAN_16, JAN_16 + DAY) == 1
    for identifier in (gone, "unheard of"):
        with pytest.raises(stripe.InvalidRequestError, match="No meter event"):
            cancel(identifier)
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param"):
        cancel(None)
    clock.advance(JAN_16 + DAY)
    with pytest.raises(stripe.InvalidRequestError, match="past 24 hours"):
        cancel(kept)


def test_summaries_see_an_event_after_the_lag(twin: Twin, clock: Clock, buyer: str) -> None:
    held = meter(twin)
    twin.post_json("/_twin/settings", {"usage_lag_seconds": 60})
    try:
        report(twin, held, buyer, 1)
        assert used(twin, held, buyer, JAN_16, JAN_16 + DAY) == 0
        clock.advance(JAN_16 + 60)
        assert used(twin, held, buyer, JAN_16, JAN_16 + DAY) == 1
    finally:
        twin.post_json("/_twin/settings", {"usage_lag_seconds": 0})


def test_a_meter_has_its_own_keys(twin: Twin, buyer: str) -> None:
    keys: dict[str, Any] = {
        "customer_mapping": {"event_payload_key": "who", "type": "by_id"},
        "value_settings": {"event_payload_key": "how_many"},
    }
    held = meter(twin, **keys)
    payload = {"who": buyer, "how_many": "12"}
    shown = twin.v1.billing.meter_events.create({"event_name": held.event_name, "payload": payload})
    assert shown.payload.to_dict() == payload
    assert used(twin, held, buyer, JAN_16, JAN_16 + DAY) == 12
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.v1.billing.meters.create(
            {"display_name": "", "event_name": "x", "default_aggregation": {"formula": "sum"}}
        )
    assert error_of(refused.value)["code"] == "parameter_invalid_empty"
