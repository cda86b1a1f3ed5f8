"""What do the handlers of all pages share? Reading a form, refusing, answering pages or JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from engine.sandbox.twin.core.errors import NOT_FOUND, PAYMENT_REQUIRED, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.clocks import refuse_while_advancing
from engine.sandbox.twin.protocol import forms
from engine.sandbox.twin.values.types import Obj

from .bank_page import asks_bank
from .html import message

_SEE_OTHER = 303


async def sent_form(request: Request) -> Obj:
    """The form as nested hashes."""
    return forms.decode((await request.body()).decode(errors="replace"))


async def sent_pairs(request: Request, *without: str) -> list[tuple[str, str]]:
    """The form as it was sent, to send it once more."""
    body = (await request.body()).decode(errors="replace")
    return [(name, value) for name, value in parse_qsl(body, keep_blank_values=True) if name not in without]


def wants_json(request: Request) -> bool:
    """Whether a program filled the form in, not a person."""
    return "application/json" in request.headers.get("accept", "")


def find(world: World, kind: str, id_: str) -> Obj | None:
    """The object of a page, for reading."""
    found = world.shelf.peek(id_)
    return found if found is not None and found["object"] == kind else None


def refuse_on_moving_clock(world: World, obj: Obj) -> None:
    """Nobody buys while the clock is being advanced."""
    clock = world.shelf.peek(obj["_clock"] or "")
    if clock is not None:
        refuse_while_advancing(clock)


def see(url: str) -> Response:
    """Look at another page."""
    return RedirectResponse(url, _SEE_OTHER)


def page(text: str, status: int = 200) -> Response:
    """A page; it loads nothing from elsewhere and cannot be framed."""
    policy = "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(text, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def gone(text: str) -> Response:
    """A page of nothing."""
    return page(message("Not found", text), NOT_FOUND)


def refused(request: Request, error: StripeError, shown: str | None) -> Response:
    """What a refused try looks like: the page again with what is wrong, or Stripe's error in JSON."""
    if not wants_json(request):
        return page(shown or message("Not possible", str(error)), error.status)
    state = "requires_action" if asks_bank(error.error) else "declined"
    body: dict[str, Any] = {"status": state if error.status == PAYMENT_REQUIRED else "refused"}
    return JSONResponse(body | {"error": error.error}, error.status)
