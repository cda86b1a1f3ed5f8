"""Which addresses can be looked at, and what may be done there? Pages to read, three buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.deliveries.admin import resend
from engine.sandbox.twin.hosted.html import el
from engine.sandbox.twin.hosted.serving import page, see, sent_form

from .frame import STYLESHEET, framed
from .pages import (
    clocks,
    customers,
    events,
    faults,
    invoices,
    ledger,
    objects,
    overview,
    requests,
    subscriptions,
)
from .style import STYLE
from .view import Page, Question, Shower, View

_NOT_FOUND, _BAD = 404, 400
_PAGES: dict[str, Shower] = {
    "/": overview.shown,
    "/inside/customers": customers.listed,
    "/inside/customers/{id:path}": customers.one,
    "/inside/subscriptions": subscriptions.listed,
    "/inside/subscriptions/{id:path}": subscriptions.one,
    "/inside/invoices": invoices.listed,
    "/inside/invoices/{id:path}": invoices.one,
    "/inside/events": events.listed,
    "/inside/events/{id:path}": events.one,
    "/inside/requests": requests.listed,
    "/inside/requests/{id:path}": requests.one,
    "/inside/clocks": clocks.listed,
    "/inside/clocks/{id:path}": clocks.one,
    "/inside/faults": faults.listed,
    "/inside/uncovered": faults.uncovered,
    "/inside/ledger": ledger.listed,
    "/inside/accounts": objects.accounts,
    "/inside/accounts/{id:path}": objects.account,
    "/inside/objects/{id:path}": objects.one,
    "/inside/{other:path}": lambda _view, _question: None,
}


@dataclass(frozen=True, slots=True)
class InsidePages:
    """The pages over the parts of the twin."""

    view: View

    async def search(self, request: Request) -> Response:
        """Go to what is called so, or show what is called like that."""
        question = _question(request)
        found = objects.searched(self.view, question)
        return see(found) if isinstance(found, str) else self._shown(found, question.path)

    async def move(self, request: Request) -> Response:
        """Move the live clock on."""
        at = _instant((await sent_form(request)).get("to"))
        if at is None:
            return self._refused("That is no instant; write it as 2026-01-31T12:00:00.")
        if at < self.view.world.now():
            return self._refused("Time only moves forward.")
        self.view.move_live(at)
        return see("/inside/clocks/live")

    async def heal(self, request: Request) -> Response:
        """Take one fault away, or all."""
        self.view.book.heal(request.path_params.get("fault"))
        return see("/inside/faults")

    async def resend(self, request: Request) -> Response:
        """Send an event once more to the endpoints that hear it."""
        event = request.path_params["event"]
        try:
            resend(self.view.world, self.view.courier, event, None)
        except LookupError:
            return self._shown(None, request.url.path)
        return see(f"/inside/events/{event}")

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(STYLESHEET, _style, methods=["GET"]),
            Route("/inside/search", self.search, methods=["GET"]),
            Route("/inside/clock", self.move, methods=["POST"]),
            Route("/inside/faults", self.heal, methods=["POST"]),
            Route("/inside/faults/{fault}", self.heal, methods=["POST"]),
            Route("/inside/events/{event}/resend", self.resend, methods=["POST"]),
            *(self._route(path, shower) for path, shower in _PAGES.items()),
        ]

    def _route(self, path: str, shower: Shower) -> Route:
        async def answer(request: Request) -> Response:
            question = _question(request)
            return self._shown(shower(self.view, question), question.path)

        return Route(path, answer, methods=["GET"])

    def _shown(self, made: Page | None, path: str) -> Response:
        if made is not None:
            return page(framed(self.view.world, path, made))
        text = el(
            "section",
            el("p", "The twin has nothing of that name. It may have been deleted or reset.", class_="empty"),
        )
        return page(framed(self.view.world, path, Page("Not found", (text,))), _NOT_FOUND)

    def _refused(self, text: str) -> Response:
        told = el("p", text, class_="note bad", role="alert")
        back = el("p", el("a", "Back to the clocks", href="/inside/clocks"))
        return page(framed(self.view.world, "/inside/clocks", Page("Not possible", (told, back))), _BAD)


def _question(request: Request) -> Question:
    named = request.path_params.get("id", "")
    return Question(request.url.path, named, dict(request.query_params))


def _instant(text: object) -> int | None:
    """An instant in UTC as a browser sends it."""
    try:
        return int(datetime.fromisoformat(str(text)).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None


async def _style(_request: Request) -> Response:
    return Response(STYLE, media_type="text/css")
