"""How is something done in the dashboard? `POST /_twin/dashboard`, with events whose `request.id` is null."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.core.errors import StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.deliveries.admin import resend
from engine.sandbox.twin.deliveries.courier import Courier
from engine.sandbox.twin.protocol.asked import Asked
from engine.sandbox.twin.protocol.routes import Router
from engine.sandbox.twin.protocol.running import prepared, run
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, as_list, as_obj, public

from .actions import ACTIONS, ActionUnclear
from .edits import dispute, edit, edit_metadata, found

_BAD = 400
_ALWAYS = frozenset({"action", "account"})
_SECRET_LENGTH = 32
_OWN_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "edit_metadata": (("id", "metadata"), ()),
    "edit": (("id", "fields"), ("event",)),
    "dispute": ((), ("charge", "invoice", "reason")),
    "call": (("method", "path"), ("params",)),
    "resend_event": (("event",), ("webhook_endpoint",)),
    "resend_last_event": ((), ("type", "customer", "webhook_endpoint")),
    "roll_secret": (("webhook_endpoint",), ("expires_in",)),
}
"""Actions that are no single endpoint: what they need, and what they may name."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Does what somebody would do in the dashboard of the account."""

    world: World
    router: Router
    courier: Courier

    async def __call__(self, request: Request) -> Response:
        """Do one action; Stripe's refusals come as Stripe's errors, unclear actions as a sentence."""
        try:
            return JSONResponse(self.do(await request.json()))
        except (json.JSONDecodeError, UnicodeDecodeError):
            return JSONResponse({"error": "The body must be JSON."}, _BAD)
        except (ActionUnclear, LookupError) as unclear:
            return JSONResponse({"error": str(unclear.args[0])}, _BAD)
        except StripeError as error:
            return JSONResponse({"error": error.error}, error.status)

    def do(self, asked: Any) -> Obj:
        """Do one action and answer the object that it made or changed."""
        given = as_obj(asked)
        if given is None:
            raise ActionUnclear('Send an action, such as {"action": "cancel_now", "subscription": "sub_…"}.')
        name = given.get("action")
        _check_fields(str(name), given)
        own: dict[str, Callable[[Obj], Obj]] = {
            "edit_metadata": lambda given: self._edited(edit_metadata, given),
            "edit": lambda given: self._edited(edit, given),
            "dispute": lambda given: self._edited(dispute, given),
            "call": self._call,
            "resend_event": lambda given: self._resend(given["event"], given),
            "resend_last_event": self._resend_last,
            "roll_secret": self._roll_secret,
        }
        return own[name](given) if name in own else self._endpoint(str(name), given)

    def routes(self) -> list[Route]:
        """The route under /_twin."""
        return [Route("/_twin/dashboard", self.__call__, methods=["POST"])]

    def _endpoint(self, name: str, given: Obj) -> Obj:
        action = ACTIONS[name]
        method, _, path = action.endpoint.partition(" ")
        target = str(given.get(action.target, ""))
        params = action.parameters(self.world, given)
        return self._run(method, path.replace("{id}", target), params, given.get("account"))

    def _call(self, given: Obj) -> Obj:
        return self._run(given["method"], given["path"], given.get("params", {}), given.get("account"))

    def _run(self, method: str, path: str, params: Any, account: Any) -> Obj:
        asked = Asked(method, path, "", account=account, params=as_obj(_as_form(params)) or {})
        if asked.account is None:
            asked.account = self._owner(path)
        self.router.find(asked)
        return run(self.world, asked, prepared(self.world, asked), by_request=False)

    def _owner(self, path: str) -> str | None:
        """The account of what a path names, so that nobody has to say it."""
        held = [self.world.shelf.peek(part) for part in path.split("/")]
        return next((obj["_account"] for obj in held if obj is not None), None)

    def _edited(self, change: Callable[[World, Obj], Obj], given: Obj) -> Obj:
        named = given.get("id") or given.get("charge") or given.get("invoice")
        held = self.world.shelf.peek(str(named)) or {}
        with self.world.acting_as(held.get("_account")), self.world.transaction():
            obj = change(self.world, given)
        return dict(public(obj))

    def _resend(self, event: str, given: Obj) -> Obj:
        return {
            "event": event,
            "sent_to": resend(self.world, self.courier, event, given.get("webhook_endpoint")),
        }

    def _resend_last(self, given: Obj) -> Obj:
        held = list(self.world.shelf.everywhere("event"))
        wanted = [event for event in held if _is_about(event, given)]
        if not wanted:
            raise ActionUnclear("There is no such event to send again.")
        return self._resend(wanted[-1]["id"], given)

    def _roll_secret(self, given: Obj) -> Obj:
        with self.world.transaction():
            endpoint = found(self.world, given["webhook_endpoint"])
            lasts = given.get("expires_in", DAY)
            if not isinstance(lasts, int) or not 0 <= lasts <= DAY:
                raise ActionUnclear("`expires_in` is a number of seconds up to a day.")
            endpoint["_former"] = {"secret": endpoint["_secret"], "until": self.world.now() + lasts}
            self.world.ids.count += 1
            endpoint["_secret"] = f"whsec_{self.world.ids.token(_SECRET_LENGTH)}"
        return {"webhook_endpoint": endpoint["id"], "secret": endpoint["_secret"]}


def _check_fields(name: str, given: Obj) -> None:
    known = [*ACTIONS, *_OWN_FIELDS]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ActionUnclear(f"Unknown action: {name}.{hint} Known: {', '.join(known)}.")
    if name in ACTIONS:
        action = ACTIONS[name]
        needs, may = (*([action.target] if action.target else []), *action.needs), action.may
    else:
        needs, may = _OWN_FIELDS[name]
    missing = [field for field in needs if given.get(field) is None or given[field] == ""]
    if missing:
        raise ActionUnclear(f"`{name}` needs `{missing[0]}`.")
    unknown = sorted(set(given) - _ALWAYS - set(needs) - set(may))
    if unknown:
        raise ActionUnclear(f"`{name}` does not know `{unknown[0]}`; it takes {', '.join([*needs, *may])}.")


def _is_about(event: Obj, given: Obj) -> bool:
    about = event["data"]["object"]
    customer = about.get("id") if about.get("object") == "customer" else about.get("customer")
    return ("type" not in given or event["type"] == given["type"]) and (
        "customer" not in given or customer == given["customer"]
    )


def _as_form(value: Any) -> Any:
    """JSON as a form would send it: every leaf a text."""
    if (named := as_obj(value)) is not None:
        return {name: _as_form(each) for name, each in named.items()}
    if (listed := as_list(value)) is not None:
        return [_as_form(each) for each in listed]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
