"""What may tests ask beside Stripe's API? Next happenings, deliveries, requests, latency, reset."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.books import ledger
from engine.sandbox.twin.core.settings import SettingUnclear, change
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.deliveries.courier import Courier
from engine.sandbox.twin.values.types import Obj, as_obj

from .api import Api
from .timekeeper import Timekeeper

_BAD, _NOT_FOUND = 400, 404
_LAST = 32_503_680_000
"""The first instant of the year 3000: what is due later could not be told as a date."""


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin endpoints over the parts of the twin."""

    world: World
    api: Api
    courier: Courier
    timekeeper: Timekeeper

    async def health(self, _request: Request) -> Response:
        """Tell that the twin answers."""
        return JSONResponse({"status": "ok"})

    async def upcoming(self, request: Request) -> Response:
        """When something happens next on a clock, and whether the clock stands still until then."""
        clock = request.path_params["clock"]
        held = self.world.shelf.peek(clock) or {"status": "ready"}
        return JSONResponse({"next": self.timekeeper.next(clock), "status": held["status"]})

    async def deliveries(self, request: Request) -> Response:
        """The events of a clock after a number, and how many deliveries are not answered yet."""
        return JSONResponse(self.courier.state(request.path_params["clock"], _after(request)))

    async def requests(self, request: Request) -> Response:
        """The calls after a number."""
        found = [asdict(exchange) for exchange in self.api.exchanges[_after(request) :]]
        return JSONResponse({"last": len(self.api.exchanges), "requests": found})

    async def reset(self, _request: Request) -> Response:
        """Forget everything but the settings."""
        self.world.reset()
        self.api.forget()
        return JSONResponse({"status": "ok"})

    async def latency(self, request: Request) -> Response:
        """Answer each call that much later."""
        body = await request.json()
        self.api.latency_ms = int(body["ms"])
        return JSONResponse({"ms": self.api.latency_ms})

    async def uncovered(self, _request: Request) -> Response:
        """What was asked for and is not played: endpoints and parameters, each with how often."""
        return JSONResponse({"uncovered": dict(sorted(self.world.uncovered.items()))})

    async def ledger(self, request: Request) -> Response:
        """The twin's own books, whole or of one customer."""
        return JSONResponse(ledger.export(self.world, request.query_params.get("customer")))

    async def clock(self, request: Request) -> Response:
        """Read the live clock, or move it on (`{"now": UNIX}`): from then on it stands still."""
        if request.method == "POST":
            to = (await _sent(request) or {}).get("now")
            if type(to) is not int or to > _LAST:
                told = (
                    f'Send the Unix time to move to, at most {_LAST}, such as {{"now": {self.world.now()}}}.'
                )
                return JSONResponse({"error": told}, _BAD)
            if to < self.world.now():
                return JSONResponse({"error": "Time only moves forward.", "now": self.world.now()}, _BAD)
            self.timekeeper.advance_live(to)
        return JSONResponse({"now": self.world.now(), "follows_the_wall": self.world.live is None})

    async def settings(self, request: Request) -> Response:
        """Read or change what an account sets in its dashboard."""
        given = await _sent(request) if request.method == "POST" else {}
        if given is None:
            return JSONResponse({"error": "The body must be a JSON object."}, _BAD)
        try:
            change(self.world.settings, given)
        except SettingUnclear as unclear:
            return JSONResponse({"error": str(unclear)}, _BAD)
        self.world.changes += len(given)
        return JSONResponse(asdict(self.world.settings))

    async def unknown(self, request: Request) -> Response:
        """Say of an address under /_twin that it is none."""
        return JSONResponse({"error": f"No such address of the twin: {request.url.path}"}, _NOT_FOUND)

    def routes(self) -> list[Route]:
        """The routes under /_twin."""
        return [
            Route("/_twin/health", self.health),
            Route("/_twin/clocks/{clock}/next", self.upcoming),
            Route("/_twin/clocks/{clock}/deliveries", self.deliveries),
            Route("/_twin/requests", self.requests),
            Route("/_twin/reset", self.reset, methods=["POST"]),
            Route("/_twin/latency", self.latency, methods=["POST"]),
            Route("/_twin/uncovered", self.uncovered),
            Route("/_twin/ledger", self.ledger),
            Route("/_twin/clock", self.clock, methods=["GET", "POST"]),
            Route("/_twin/settings", self.settings, methods=["GET", "POST"]),
        ]


def _after(request: Request) -> int:
    asked = request.query_params.get("after", "")
    return int(asked) if asked.isdecimal() else 0


async def _sent(request: Request) -> Obj | None:
    """The JSON object of the body, or None where it is none."""
    try:
        return as_obj(await request.json())
    except ValueError:
        return None
