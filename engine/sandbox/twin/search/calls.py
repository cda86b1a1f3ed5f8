"""Which objects can be searched? One endpoint for each kind; what was written last is found after a while."""

from __future__ import annotations

from collections.abc import Callable

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs

from .language import parse
from .matching import check, fits

_USUAL = 10
_MOST = 100
_PAGE = "after_"
_SEARCHED = {
    "charges": "charge",
    "customers": "customer",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "prices": "price",
    "products": "product",
    "subscriptions": "subscription",
}


def _search(resource: str, kind: str) -> Callable[[Call], Obj]:
    def run(call: Call) -> Obj:
        """The objects that fit the query, newest first."""
        world, params = call.world, call.params
        query = parse(params["query"])
        check(query, kind, resource)
        limit = within(params.get("limit", _USUAL), "limit", least=1, most=_MOST) or _USUAL
        found = [world.shelf.objects[seen["id"]] for seen in _visible(world, kind) if fits(seen, query)]
        rest = _after(found, params.get("page"))
        more = len(rest) > limit
        shown: Obj = {
            "object": "search_result",
            "data": rest[:limit],
            "has_more": more,
            "next_page": f"{_PAGE}{rest[limit - 1]['id']}" if more else None,
            "url": f"/v1/{resource}/search",
        }
        if "total_count" in (params.get("expand") or ()):
            shown["total_count"] = len(found)
        return shown

    return run


def _after(found: Objs, page: str | None) -> Objs:
    """What comes after the object that a page names."""
    if page is None:
        return found
    ids = [f"{_PAGE}{obj['id']}" for obj in found]
    if page not in ids:
        raise invalid(f"{page} is an invalid page.", param="page")
    return found[ids.index(page) + 1 :]


def _visible(world: World, kind: str) -> Objs:
    """The objects as search knows them, newest first: with a lag, as their events told of them before it."""
    objects = [obj for obj in world.shelf.kind(kind) if not obj.get("deleted")]
    objects.reverse()
    lag = world.settings.search_lag_seconds
    if not lag:
        return objects
    seen: dict[str, Obj] = {}
    for event in world.shelf.kind("event"):
        if event["created"] + lag <= world.now_of(event):
            told = event["data"]["object"]
            seen[str(told.get("id"))] = told
    return [seen[obj["id"]] for obj in objects if obj["id"] in seen]


ROUTES: Routes = {
    f"GET /v1/{resource}/search": _search(resource, kind) for resource, kind in _SEARCHED.items()
}
