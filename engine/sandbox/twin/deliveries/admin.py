"""What may be asked about deliveries? Those of an event, and one more attempt by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs

from . import records
from .courier import Courier

_NOT_FOUND = 404
_BAD = 400
_MOST = 100


@dataclass(frozen=True, slots=True)
class DeliveriesAdmin:
    """The admin endpoints about deliveries."""

    world: World
    courier: Courier

    async def of_event(self, request: Request) -> Response:
        """The deliveries of an event with every attempt."""
        event = self.world.shelf.peek(request.path_params["event"])
        if event is None or event["object"] != "event":
            return JSONResponse({"error": f"No such event: {request.path_params['event']}"}, _NOT_FOUND)
        found = records.of_event(self.world, event["id"])
        body = {"event": event["id"], "type": event["type"], "pending_webhooks": event["pending_webhooks"]}
        return JSONResponse({**body, "deliveries": [records.shown(self.world, each) for each in found]})

    async def every(self, request: Request) -> Response:
        """The latest deliveries, newest first, of one state where it is asked."""
        state = request.query_params.get("state")
        held = list(self.world.shelf.everywhere(records.KIND))
        found = [each for each in reversed(held) if state is None or each["state"] == state]
        limit = request.query_params.get("limit", "")
        most = int(limit) if limit.isdecimal() else _MOST
        shown = [records.shown(self.world, each) for each in found[:most]]
        return JSONResponse({"deliveries": shown})

    async def resend(self, request: Request) -> Response:
        """Send an event once more, to one endpoint or to all that got it."""
        given: Obj = await request.json() if await request.body() else {}
        try:
            sent = resend(
                self.world, self.courier, request.path_params["event"], given.get("webhook_endpoint")
            )
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, _BAD)
        return JSONResponse({"event": request.path_params["event"], "sent_to": sent})

    def routes(self) -> list[Route]:
        """The routes under /_twin."""
        return [
            Route("/_twin/deliveries", self.every),
            Route("/_twin/events/{event}/deliveries", self.of_event),
            Route("/_twin/events/{event}/resend", self.resend, methods=["POST"]),
        ]


def resend(world: World, courier: Courier, event_id: str, endpoint_id: str | None) -> list[str]:
    """Send an event once more by hand; answers the endpoints, raises LookupError with a sentence."""
    event = world.shelf.peek(event_id)
    if event is None or event["object"] != "event":
        raise LookupError(f"No such event: {event_id}")
    if endpoint_id is None:
        endpoints = _hearing(world, event)
    else:
        endpoint = world.shelf.peek(endpoint_id)
        if endpoint is None or endpoint["object"] != "webhook_endpoint":
            raise LookupError(f"No such webhook endpoint: {endpoint_id}")
        endpoints = [endpoint]
    for endpoint in endpoints:
        if world.shelf.peek(records.record_id(event_id, endpoint["id"])) is None:
            record = records.new_record(world, event, endpoint)
            record["state"] = records.STOPPED
            event["pending_webhooks"] += 1
        courier.send_by_hand(records.record_id(event_id, endpoint["id"]))
    return [cast("str", endpoint["id"]) for endpoint in endpoints]


def _hearing(world: World, event: Obj) -> Objs:
    """The endpoints to which an event went, as far as they are there, or else those that want it."""
    held = [world.shelf.peek(record["webhook_endpoint"]) for record in records.of_event(world, event["id"])]
    return [endpoint for endpoint in held if endpoint is not None] or records.endpoints_for(world, event)
