"""What stands around every page? The names of all lists, a search for an id, the title."""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted.html import ICON, Html, badge, el, join

from .pieces import when
from .view import Page

STYLESHEET = "/inside/style.css"
_LISTS = (
    ("/", "Overview"),
    ("/inside/customers", "Customers"),
    ("/inside/subscriptions", "Subscriptions"),
    ("/inside/invoices", "Invoices"),
    ("/inside/events", "Events"),
    ("/inside/requests", "Requests"),
    ("/inside/clocks", "Clocks"),
    ("/inside/faults", "Faults"),
    ("/inside/accounts", "Accounts"),
    ("/inside/ledger", "Ledger"),
    ("/inside/uncovered", "Not covered"),
)


def framed(world: World, path: str, page: Page) -> str:
    """A whole page."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{page.title} · Stripe twin"),
        el("link", rel="stylesheet", href=STYLESHEET),
        el("link", rel="icon", href=ICON),
    )
    title = el("div", el("h1", page.title, page.beside), class_="title")
    body = el("body", _top(world, path), el("main", title, *page.sections))
    return f'<!doctype html><html lang="en">{head}{body}</html>'


def _top(world: World, path: str) -> Html:
    name = el("a", "Stripe twin", badge("TEST MODE", "test"), href="/", class_="name")
    search = el(
        "form",
        el(
            "input",
            name="id",
            placeholder="Search an id, email or number",
            aria_label="Search",
            type="search",
        ),
        action="/inside/search",
        role="search",
    )
    now = el("a", when(world.now()), href="/inside/clocks", class_="now", title="The live clock, in UTC")
    lists = el("nav", *(_entry(address, text, path) for address, text in _LISTS), class_="lists")
    return join([el("div", name, search, now, class_="top"), lists])


def _entry(address: str, text: str, path: str) -> Html:
    here = path == address or (address != "/" and path.startswith(f"{address}/"))
    return el("a", text, href=address, aria_current="page" if here else None)
