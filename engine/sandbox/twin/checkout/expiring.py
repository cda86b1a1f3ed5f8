"""What is left of a session that nobody completed? Its event, and where asked a way to begin again."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, clone, inside

_RECOVERABLE = 30 * calendar.DAY
_LONGEST = calendar.DAY


def expire_session(world: World, session: Obj) -> None:
    """The page is closed for good."""
    session["status"] = "expired"
    session["url"] = None
    session["client_secret"] = None
    recovery = inside(session, "after_expiration", "recovery")
    if recovery.get("enabled"):
        session["after_expiration"]["recovery"] |= {
            "expires_at": world.now_of(session) + _RECOVERABLE,
            "url": f"{world.base_url}/c/recover/{session['id']}",
        }
    world.emit("checkout.session.expired", session)


def recover(world: World, id_: str) -> Obj:
    """A copy of an expired session, open again; raises when it cannot be recovered any more."""
    session = world.shelf.peek(id_)
    recovery = inside(session, "after_expiration", "recovery")
    if session is None or session["object"] != "checkout.session" or not recovery.get("url"):
        raise no_such("checkout session", id_, param="session")
    now = world.now_of(session)
    if recovery["expires_at"] < now:
        raise invalid("This link has expired.")
    copied = {name: clone(value) for name, value in session.items() if name not in {"id", "_n"}}
    again = world.new("checkout.session", "cs_test", copied, clock=session["_clock"])
    again |= {"created": now, "expires_at": now + _LONGEST, "status": "open", "recovered_from": id_}
    again["url"] = f"{world.base_url}/c/pay/{again['id']}"
    again["after_expiration"]["recovery"] |= {"expires_at": None, "url": None}
    if recovery["allow_promotion_codes"]:
        again["allow_promotion_codes"] = True
    for line in again["_lines"]:
        line["id"] = world.ids.new("li")
    return again
