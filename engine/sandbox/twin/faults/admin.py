"""How are faults set and taken away? `/_twin/faults`, JSON in and out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.values.types import as_list

from .book import Book
from .kinds import FaultUnclear, checked

_CREATED = 201
_BAD = 400
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class FaultsAdmin:
    """The admin endpoints about faults."""

    book: Book

    async def faults(self, request: Request) -> Response:
        """Show all with their counts, add one or several, or take all away."""
        match request.method:
            case "POST":
                return await self._add(request)
            case "DELETE":
                return JSONResponse({"healed": self.book.heal()})
            case _:
                return JSONResponse({"faults": self.book.shown()})

    async def fault(self, request: Request) -> Response:
        """Show one fault, or take it away."""
        id_ = request.path_params["fault"]
        found = [fault for fault in self.book.shown() if fault["id"] == id_]
        if not found:
            return JSONResponse({"error": f"No such fault: {id_}"}, _NOT_FOUND)
        if request.method == "DELETE":
            self.book.heal(id_)
        return JSONResponse(found[0])

    async def _add(self, request: Request) -> Response:
        """Add what was sent: all of it, or nothing where one is unclear."""
        try:
            given = await request.json()
            several = as_list(given)
            for fault in several if several is not None else [given]:
                checked(fault)
            if several is None:
                return JSONResponse(self.book.add(given), _CREATED)
            return JSONResponse({"faults": [self.book.add(fault) for fault in several]}, _CREATED)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return JSONResponse({"error": "The body must be JSON."}, _BAD)
        except FaultUnclear as unclear:
            return JSONResponse({"error": str(unclear)}, _BAD)

    def routes(self) -> list[Route]:
        """The routes under /_twin."""
        return [
            Route("/_twin/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_twin/faults/{fault}", self.fault, methods=["GET", "DELETE"]),
        ]
