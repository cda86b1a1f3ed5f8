"""How does a customer pause a plan? For as long as they like, or for one of the spans that are offered."""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings
from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.pausing import calls
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs

_RANK = 3


def pause(world: World, session: Obj, subscription: Obj, chosen: str | None, features: Obj) -> None:
    """Let the plan stand still; with a span chosen it goes on by itself."""
    duration = features["subscription_pause"]["duration"]
    span = _span(duration, chosen)
    calls.pause(Call(world, {"id": subscription["id"]}, Params({})))
    held = world.fetch("billing_portal.session", session["id"])
    if span is not None:
        now = world.now_of(subscription)
        until = calendar.instant(now, span["interval"], span["interval_count"], 1)
        held["_resumes"] = {"at": until, "subscription": subscription["id"]}


def _span(duration: Obj, chosen: str | None) -> Obj | None:
    options: Objs = duration["interval_options"]
    if duration["type"] == "indefinite":
        return None
    if chosen is None or not chosen.isdecimal() or int(chosen) >= len(options):
        raise invalid("Choose how long to pause.", param="duration")
    return options[int(chosen)]


def resume(world: World, subscription: Obj) -> None:
    """Let the plan go on."""
    calls.resume(Call(world, {"id": subscription["id"]}, Params({})))


def _dues(_world: World, session: Obj) -> list[Due]:
    waits = session.get("_resumes")
    return [Due(waits["at"], _RANK, "portal_resumes")] if waits else []


def _resumes(world: World, session: Obj, _at: int) -> None:
    waits = session["_resumes"]
    session["_resumes"] = None
    subscription = world.shelf.peek(waits["subscription"])
    if subscription is None or subscription["status"] != "paused":
        return
    try:
        resume(world, subscription)
    except StripeError:
        return  # it stays paused, as it would in the dashboard


DUES: Dues = {"billing_portal.session": _dues}
HAPPENINGS: Happenings = {"portal_resumes": _resumes}
