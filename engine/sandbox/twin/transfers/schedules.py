"""When is an account paid out by itself? On the days of its payout schedule, all that is available.

Source: Stripe docs, payouts and connect/manage-payout-schedule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from engine.sandbox.twin.books.transactions import held_funds
from engine.sandbox.twin.core.agenda import SETTLING, Due
from engine.sandbox.twin.core.call import Dues, Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

from . import arriving
from .payouts import destinations

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AFTER_PAYOUTS = SETTLING + 3


def _date(day: int) -> date:
    return datetime.fromtimestamp(day * DAY, UTC).date()


def _falls_on(schedule: Obj, day: int) -> bool:
    """Whether money is sent on a day, counted from 1970."""
    on = _date(day)
    if schedule["interval"] == "weekly":
        days: list[str] = schedule.get("weekly_payout_days") or [schedule["weekly_anchor"]]
        return _DAYS[on.weekday()] in days
    if schedule["interval"] == "monthly":
        dates: list[int] = schedule.get("monthly_payout_days") or [schedule["monthly_anchor"]]
        last = _date(day + 1).day == 1
        return on.day in dates or (last and max(dates) > on.day)
    return True


def _next_day(schedule: Obj, after: int) -> int:
    day = after // DAY + 1
    while not _falls_on(schedule, day):
        day += 1
    return day * DAY


def _dues(_world: World, account: Obj) -> list[Due]:
    if account.get("deleted") or not account["payouts_enabled"]:
        return []
    schedule: Obj = account["settings"]["payouts"]["schedule"]
    if schedule["interval"] == "manual":
        return []
    since = account.get("_paid_out_at") or account["created"]
    return [Due(_next_day(schedule, since), _AFTER_PAYOUTS, "payout.scheduled")]


def _pay_out(world: World, account: Obj, at: int) -> None:
    """Send what is available to the default bank account of each currency, if the bank took the last one."""
    account["_paid_out_at"] = at
    with world.acting_as(account["id"]):
        for to in destinations(world):
            available, _ = held_funds(world, to["currency"])
            if available > 0 and to["default_for_currency"] and to["status"] != "errored":
                _send_all(world, to, available)


def _send_all(world: World, to: Obj, amount: int) -> None:
    about: Obj = {
        "automatic": True,
        "description": "STRIPE PAYOUT",
        "method": "standard",
        "reconciliation_status": "completed",
    }
    payout = arriving.send_off(world, amount, to, about)
    for made in world.shelf.find("balance_transaction", status="available", currency=to["currency"]):
        made.setdefault("_payout", payout["id"])
    world.emit("payout.created", payout)
    world.emit("payout.reconciliation_completed", payout)


DUES: Dues = {"account": _dues}
HAPPENINGS: Happenings = {"payout.scheduled": _pay_out}
