"""Until when does a subscription run? The end that a call names, and since when it is wanted."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.values.types import Obj


def end_named(subscription: Obj, wanted: int | str | None) -> int | None:
    """The instant of a `cancel_at`: a timestamp, or the first or last end of the items' periods."""
    ends = [int(item["current_period_end"]) for item in items_of(subscription)]
    match wanted:
        case int():
            return wanted
        case "min_period_end":
            return min(ends)
        case "max_period_end" | "max_billed_until":
            return max(ends)
        case _:
            return None


def set_end(state: Obj, given: Obj, now: int) -> None:
    """When the subscription is to end after an update, and since when that is wanted."""
    flag = given.get("cancel_at_period_end")
    if flag is True or (flag is None and state["cancel_at_period_end"] and "cancel_at" not in given):
        state["cancel_at_period_end"] = True
        state["cancel_at"] = end_named(state, "min_period_end")
    elif flag is False and state["cancel_at_period_end"]:
        state["cancel_at_period_end"] = False
        state["cancel_at"] = None
    elif "cancel_at" in given:
        state["cancel_at"] = end_named(state, given["cancel_at"])
        state["cancel_at_period_end"] = False
    _note_request(state, now, asked=bool(flag) or given.get("cancel_at") not in {None, ""})


def _note_request(state: Obj, now: int, *, asked: bool) -> None:
    if state["cancel_at"] is None:
        state["canceled_at"] = None
        state["cancellation_details"]["reason"] = None
    elif asked:
        state["canceled_at"] = now
        state["cancellation_details"]["reason"] = "cancellation_requested"
