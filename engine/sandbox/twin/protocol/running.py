"""How is an endpoint run? Checked, executed in one transaction, rendered: all of it or nothing."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call
from engine.sandbox.twin.core.errors import not_covered, unknown_url
from engine.sandbox.twin.core.parameters import checked
from engine.sandbox.twin.core.render import render
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.clocks import refuse_while_advancing
from engine.sandbox.twin.parts import INCLUDING, ROUTES
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, as_list, as_obj

from .asked import Asked

_READ = "GET"


def prepared(world: World, asked: Asked) -> Call:
    """The call with its checked parameters; raises what Stripe says before it begins to work."""
    endpoint = asked.endpoint
    if endpoint is None:
        raise unknown_url(asked.method, asked.path)
    if endpoint not in ROUTES:
        raise unknown_url(asked.method, asked.path, uncovered=endpoint)
    call = Call(world, asked.ids, Params(checked(endpoint, asked.params)))
    if not endpoint.startswith(_READ):
        _refuse_on_moving_clock(world, asked.ids, asked.params)
    return call


def run(world: World, asked: Asked, call: Call, *, by_request: bool = True) -> Obj:
    """Do what was asked, in its account; `by_request` says whether its events name the request."""
    handler = ROUTES[asked.endpoint or ""]
    cause = (asked.request_id, asked.key) if by_request else (None, None)
    with world.acting_as(asked.account), world.transaction(request=cause):
        result = handler(call)
        unread = call.params.unread()
        if unread:
            raise not_covered(unread[0])
        return render(world, result, call.params.get("expand") or [], INCLUDING)


def _refuse_on_moving_clock(world: World, ids: dict[str, str], params: Obj) -> None:
    """Whatever names something on a clock that is being advanced has to wait."""
    for id_ in [*ids.values(), *_strings(params)]:
        named = world.shelf.peek(id_) or {}
        on = id_ if named.get("object") == "test_helpers.test_clock" else named.get("_clock") or ""
        clock = world.shelf.peek(on)
        if clock is not None:
            refuse_while_advancing(clock)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    named, listed = as_obj(value), as_list(value)
    inner = list(named.values()) if named is not None else listed or []
    return [text for item in inner for text in _strings(item)]
