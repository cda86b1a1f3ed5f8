"""Who is told? Events and the webhook endpoints that get them."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, not_covered
from engine.sandbox.twin.core.parameters import event_types
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import API_VERSION
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

_SECRET_LENGTH = 32


def create(call: Call) -> Obj:
    """An endpoint; its secret is shown only here."""
    world, params = call.world, call.params
    _check_url(params["url"])
    endpoint = world.new(
        "webhook_endpoint",
        "we",
        {
            "api_version": _version(params),
            "enabled_events": params["enabled_events"],
            "status": "enabled",
            "url": params["url"],
            "_connect": params.get("connect", False),
            "_secret": f"whsec_{world.ids.token(_SECRET_LENGTH)}",
        },
    )
    assign(endpoint, params, "description")
    merge_metadata(endpoint, params)
    return {**endpoint, "secret": endpoint["_secret"]}


def _version(params: Params) -> str | None:
    """The version in which events are rendered: the twin knows its own."""
    version: str | None = params.get("api_version")
    if version not in {None, API_VERSION}:
        raise not_covered("api_version")
    return version


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", param="url")


def update(call: Call) -> Obj:
    """Change what is sent where, or switch it off."""
    endpoint = call.world.fetch("webhook_endpoint", call.id)
    if "url" in call.params:
        _check_url(call.params["url"])
    assign(endpoint, call.params, "url", "enabled_events", "description")
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    merge_metadata(endpoint, call.params)
    return endpoint


def retrieve(call: Call) -> Obj:
    """One endpoint."""
    return call.world.fetch("webhook_endpoint", call.id)


def list_all(call: Call) -> Obj:
    """Endpoints, newest first."""
    return page("/v1/webhook_endpoints", call.params, list(call.world.shelf.kind("webhook_endpoint")))


def delete(call: Call) -> Obj:
    """Stop sending to an endpoint."""
    endpoint = call.world.fetch("webhook_endpoint", call.id)
    call.world.shelf.remove(endpoint)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def retrieve_event(call: Call) -> Obj:
    """One event, as it was."""
    return call.world.fetch("event", call.id)


def list_events(call: Call) -> Obj:
    """Events, newest first."""
    params = call.params
    kind, kinds = params.get("type"), params.get("types")
    if kind and kinds:
        raise exclusive("type", "types")
    wanted = set(kinds or ([kind] if kind else event_types()))
    if kind and kind.endswith(".*"):
        wanted = {name for name in event_types() if name.startswith(kind[:-1])}
    delivered = params.get("delivery_success")
    found = [
        event
        for event in call.world.shelf.kind("event")
        if event["type"] in wanted and (delivered is None or delivered == (event["pending_webhooks"] == 0))
    ]
    return page("/v1/events", params, found)


ROUTES: Routes = {
    "POST /v1/webhook_endpoints": create,
    "GET /v1/webhook_endpoints": list_all,
    "GET /v1/webhook_endpoints/{id}": retrieve,
    "POST /v1/webhook_endpoints/{id}": update,
    "DELETE /v1/webhook_endpoints/{id}": delete,
    "GET /v1/events": list_events,
    "GET /v1/events/{id}": retrieve_event,
}
