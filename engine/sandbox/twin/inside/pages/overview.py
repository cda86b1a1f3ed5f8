"""What is going on in the twin? How much there is, what is next, the latest requests and events."""

from __future__ import annotations

from collections import Counter

from engine.sandbox.twin.deliveries import records
from engine.sandbox.twin.hosted.html import Html, el
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View

from . import events, requests

_LATEST = 12
_REFUSED = 400


def shown(view: View, _question: Question) -> Page:
    """The first page."""
    latest = requests.table(view, view.exchanges[: -_LATEST - 1 : -1])
    told = events.table(view, view.all("event")[:_LATEST])
    return Page(
        "Overview",
        (
            _tiles(view),
            pieces.section("Latest requests", latest, beside=el("a", "all", href="/inside/requests")),
            pieces.section("Latest events", told, beside=el("a", "all", href="/inside/events")),
        ),
    )


def _tiles(view: View) -> Html:
    shelf = view.world.shelf
    refused = sum(made.status >= _REFUSED or made.lost for made in view.exchanges)
    subscriptions = Counter(held["status"] for held in shelf.everywhere("subscription"))
    invoices = Counter(held["status"] for held in shelf.everywhere("invoice"))
    deliveries = Counter(held["state"] for held in shelf.everywhere(records.KIND))
    clocks = Counter(held["status"] for held in shelf.everywhere("test_helpers.test_clock"))
    return el(
        "div",
        _tile("customers", "Customers", len(list(shelf.everywhere("customer"))), ""),
        _tile("subscriptions", "Subscriptions", sum(subscriptions.values()), _words(subscriptions)),
        _tile("invoices", "Invoices", sum(invoices.values()), _words(invoices)),
        _tile("requests", "Requests", len(view.exchanges), f"{refused:,} refused" if refused else ""),
        _tile("events", "Events", len(list(shelf.everywhere("event"))), _words(deliveries)),
        _tile("clocks", "Test clocks", sum(clocks.values()), _words(clocks)),
        _tile("faults", "Faults", len(view.book.shown()), ""),
        _tile("accounts", "Accounts", len(list(shelf.everywhere("account"))), ""),
        _tile("uncovered", "Not covered", len(view.world.uncovered), ""),
        class_="tiles",
    )


def _words(counted: Counter[str]) -> str:
    return ", ".join(f"{count:,} {word.replace('_', ' ')}" for word, count in counted.most_common(3))


def _tile(path: str, name: str, count: int, more: str) -> Html:
    return el("a", el("span", name), el("b", f"{count:,}"), el("small", more), href=f"/inside/{path}")
