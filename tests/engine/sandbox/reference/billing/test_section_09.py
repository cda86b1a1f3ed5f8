"""Section 9 of the reference: what does a schedule do, and what does it forbid?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.reference.shop import Shop
from tests.engine.sandbox.twin_client import unix

MANAGED = (
    "The subscription is managed by the subscription schedule `{}`, and updating any cancelation behavior"
    " directly is not allowed. Please update the schedule instead."
)


def scheduled(shop: Shop) -> tuple[Any, Any]:
    """A subscription of 20.00 a month and the schedule made from it."""
    sold = shop.subscribe(shop.customer(), shop.price(2000))
    return sold, shop.post("subscription_schedules", from_subscription=sold["id"])


def of(price: str, **more: Any) -> dict[str, Any]:
    return {"items": [{"price": price}], **more}


def test_made_from_a_subscription(shop: Shop) -> None:
    """9, bullet 1: one phase, the current period; nothing else may be said."""
    sold, schedule = scheduled(shop)
    (phase,) = schedule["phases"]
    assert (phase["start_date"], phase["end_date"]) == (unix("2026-01-01"), unix("2026-02-01"))
    assert (schedule["status"], schedule["end_behavior"]) == ("active", "release")
    assert shop.read(sold)["schedule"] == schedule["id"]
    other = shop.subscribe(shop.customer(), shop.price())
    told = shop.refused("subscription_schedules", from_subscription=other["id"], end_behavior="cancel")
    assert told["param"] == "end_behavior"


@pytest.mark.parametrize(
    "given",
    [{"cancel_at_period_end": True}, {"cancel_at": unix("2026-02-01")}, {"cancel_at": "min_period_end"}],
)
def test_cancelling_is_the_schedules(shop: Shop, given: dict[str, Any]) -> None:
    """9, under a schedule: cancel flags are refused in Stripe's words."""
    sold, schedule = scheduled(shop)
    told = shop.refused(f"subscriptions/{sold['id']}", **given)
    assert (told["type"], told["message"]) == ("invalid_request_error", MANAGED.format(schedule["id"]))
    assert shop.read(sold)["cancel_at"] is None


def test_pausing_and_schedules_exclude_each_other(shop: Shop) -> None:
    """9, under a schedule: no pause, and no schedule for what is paused."""
    sold, _ = scheduled(shop)
    shop.refused(f"subscriptions/{sold['id']}/pause")
    other = shop.subscribe(shop.customer(), shop.price())
    shop.post(f"subscriptions/{other['id']}/pause")
    shop.refused("subscription_schedules", from_subscription=other["id"])


def test_an_update_sends_whole_phases(shop: Shop) -> None:
    """9, update: the first phase needs its start; no anchor at a phase's start with a trial; at most ten."""
    sold, schedule = scheduled(shop)
    price = sold["items"]["data"][0]["price"]["id"]
    path, month = f"subscription_schedules/{schedule['id']}", {"duration": {"interval": "month"}}
    assert shop.refused(path, phases=[of(price, **month)])["param"] == "phases[0][start_date]"
    first = of(price, start_date=unix("2026-01-01"), **month)
    assert shop.refused(path, phases=[{**first, "iterations": 2}])["code"] == "parameter_unknown"
    shop.refused(path, phases=[{**first, "billing_cycle_anchor": "phase_start", "trial": True}])
    shop.refused(path, phases=[first, *(of(price, **month) for _ in range(10))])


def test_a_switch_at_once(shop: Shop) -> None:
    """9, update: `end_date: now` with the next phase from now."""
    sold, schedule = scheduled(shop)
    shop.until("2026-01-16")
    price = sold["items"]["data"][0]["price"]["id"]
    first = of(price, start_date=unix("2026-01-01"), end_date="now")
    second = of(shop.price(500), start_date="now", duration={"interval": "month"})
    changed = shop.post(f"subscription_schedules/{schedule['id']}", phases=[first, second])
    starts = [phase["start_date"] for phase in changed["phases"]]
    assert starts == [unix("2026-01-01"), unix("2026-01-16")]
    assert shop.read(sold)["items"]["data"][0]["price"]["unit_amount"] == 500


def test_a_downgrade_at_the_end_of_the_period(shop: Shop) -> None:
    """9, typical downgrade: nothing prorated, released after a month of the new price."""
    sold, schedule = scheduled(shop)
    price = sold["items"]["data"][0]["price"]["id"]
    first = of(price, start_date=unix("2026-01-01"), end_date=unix("2026-02-01"))
    second = of(shop.price(500), duration={"interval": "month"}, proration_behavior="none")
    shop.post(f"subscription_schedules/{schedule['id']}", phases=[first, second], end_behavior="release")
    shop.until("2026-02-01T01:00")
    assert shop.latest(sold)["amount_paid"] == 500
    shop.until("2026-03-01")
    done = shop.get(f"subscription_schedules/{schedule['id']}")
    assert (done["status"], done["released_subscription"]) == ("released", sold["id"])
    assert (shop.read(sold)["status"], shop.read(sold)["schedule"]) == ("active", None)


def test_end_behavior_cancel(shop: Shop) -> None:
    """9, end_behavior: cancel_at appears in the last phase only."""
    sold, schedule = scheduled(shop)
    price = sold["items"]["data"][0]["price"]["id"]
    first = of(price, start_date=unix("2026-01-01"), end_date=unix("2026-02-01"))
    phases = [first, of(price, duration={"interval": "month"})]
    shop.post(f"subscription_schedules/{schedule['id']}", phases=phases, end_behavior="cancel")
    assert shop.read(sold)["cancel_at"] is None
    shop.until("2026-02-01")
    assert shop.read(sold)["cancel_at"] == unix("2026-03-01")
    shop.until("2026-03-01")
    assert shop.read(sold)["status"] == "canceled"


def test_cancel_bills_by_default(shop: Shop) -> None:
    """9, cancel: `invoice_now` and `prorate` are true unless said; what ended moves no more."""
    sold, schedule = scheduled(shop)
    shop.until("2026-01-16")
    path = f"subscription_schedules/{schedule['id']}"
    assert shop.post(f"{path}/cancel")["status"] == "canceled"
    found = shop.read(sold)
    assert (found["status"], found["latest_invoice"]["total"]) == ("canceled", -1032)
    shop.refused(f"{path}/cancel")
    shop.refused(f"{path}/release")


def test_release_and_deletion(shop: Shop) -> None:
    """9, release: the subscription stays; deleting the subscription cancels its schedule."""
    sold, schedule = scheduled(shop)
    released = shop.post(f"subscription_schedules/{schedule['id']}/release")
    assert (released["status"], released["subscription"]) == ("released", None)
    again = shop.post("subscription_schedules", from_subscription=sold["id"])
    shop.delete(f"subscriptions/{sold['id']}")
    assert shop.get(f"subscription_schedules/{again['id']}")["status"] == "canceled"


def test_metadata_of_phases(shop: Shop) -> None:
    """9, metadata: merged on entry, an empty value takes a key away."""
    sold, schedule = scheduled(shop)
    price = sold["items"]["data"][0]["price"]["id"]
    dates = {"start_date": unix("2026-01-01"), "end_date": unix("2026-02-01")}
    month = {"duration": {"interval": "month"}}
    phases = [of(price, metadata={"a": "1", "b": "2"}, **dates), of(price, metadata={"a": ""}, **month)]
    shop.post(f"subscription_schedules/{schedule['id']}", phases=phases)
    assert shop.read(sold)["metadata"] == {"a": "1", "b": "2"}
    shop.until("2026-02-01")
    assert shop.read(sold)["metadata"] == {"b": "2"}


def test_a_direct_change_splits_the_phase(shop: Shop) -> None:
    """9, under a schedule: items changed directly split the running phase in two."""
    sold, schedule = scheduled(shop)
    shop.until("2026-01-16")
    shop.change(sold, items=shop.other_price(sold, shop.price(500)))
    phases = shop.get(f"subscription_schedules/{schedule['id']}")["phases"]
    assert [phase["start_date"] for phase in phases] == [unix("2026-01-01"), unix("2026-01-16")]


def test_started_by_a_schedule(shop: Shop) -> None:
    """9, first invoice: a draft for an hour, the subscription active."""
    given = {"customer": shop.customer(), "start_date": "now"}
    phases = [of(shop.price(), duration={"interval": "month"})]
    schedule = shop.post("subscription_schedules", phases=phases, **given)
    sold = shop.get(f"subscriptions/{schedule['subscription']}", expand=["latest_invoice"])
    assert (sold["status"], sold["latest_invoice"]["status"]) == ("active", "draft")
    shop.until("2026-01-01T01:00")
    assert shop.latest(sold)["status"] == "paid"
