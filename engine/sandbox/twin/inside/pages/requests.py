"""What was asked, and what was answered? Every request, with its parameters; refusals in colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.sandbox.twin.hosted.html import Html, Part, badge, el
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.protocol.asked import Exchange
from engine.sandbox.twin.values.types import as_list, as_obj, inside

_REFUSED, _BROKEN = 400, 500
_LATEST = 10


def listed(view: View, question: Question) -> Page:
    """All requests, by path, status and what they are about."""
    found = [made for made in reversed(view.exchanges) if _is_wanted(made, question)]
    fields = (
        ("path", "Path, such as /v1/invoices"),
        ("status", "Status: 402, 4xx, error"),
        ("about", "Customer or other id"),
    )
    return Page(
        "Requests",
        (pieces.searching(question, fields), pieces.paged(question, found, lambda some: table(view, some))),
    )


def about(view: View, id_: str) -> Html:
    """The latest requests that named an object or answered it."""
    found = [made for made in reversed(view.exchanges) if _is_about(made, id_)]
    beside = el("a", f"all {len(found):,}", href=f"/inside/requests?about={id_}") if found else None
    return pieces.section("Latest requests", table(view, found[:_LATEST]), beside=beside)


def _is_wanted(made: Exchange, question: Question) -> bool:
    path, about_id = question.get("path"), question.get("about")
    return (
        path in f"{made.method} {made.path}"
        and _has_status(made, question.get("status"))
        and (not about_id or _is_about(made, about_id))
    )


def _has_status(made: Exchange, wanted: str) -> bool:
    if wanted == "error":
        return made.status >= _REFUSED
    if wanted == "lost":
        return made.lost
    return str(made.status).startswith(wanted.rstrip("xX"))


def _is_about(made: Exchange, id_: str) -> bool:
    # An answer holds the whole customer where `expand` asked for it.
    customer = inside(made.answer, "customer").get("id", made.answer.get("customer"))
    answered = id_ in [made.answer.get("id"), customer, made.account]
    return answered or id_ in made.path.split("/") or _names(made.params, id_)


def _names(value: Any, id_: str) -> bool:
    """Whether parameters hold an id anywhere."""
    if (named := as_obj(value)) is not None:
        return any(_names(each, id_) for each in dict(named).values())
    if (listed_ := as_list(value)) is not None:
        return any(_names(each, id_) for each in listed_)
    return bool(value == id_)


def table(view: View, some: Sequence[Exchange]) -> Html:
    """Some requests, a row each."""
    heads = ("When", "Answer", "Request", "What came of it", "Took>")
    return pieces.table(heads, (_row(view, made) for made in some), "No request.")


def _row(view: View, made: Exchange) -> list[Part]:
    return [
        pieces.when(made.at),
        status_of(made),
        [el("b", made.method), " ", el("a", made.path, href=f"/inside/requests/{made.request_id}")],
        _outcome(view, made),
        f"{made.milliseconds:.1f} ms",
    ]


def status_of(made: Exchange) -> Html:
    """The answer's status in its colour."""
    if made.lost:
        return badge("lost", "bad")
    kind = "bad" if made.status >= _BROKEN else "waiting" if made.status >= _REFUSED else "good"
    return badge(str(made.status), kind)


def _outcome(view: View, made: Exchange) -> Part:
    error = inside(made.answer, "error")
    if error:
        return el("span", str(error.get("message") or error.get("code") or ""), class_="wrong")
    if made.answer.get("object") in {"list", "search_result"}:
        return f"{len(made.answer.get('data', []))} objects"
    named = made.answer.get("id")
    return pieces.ref(view.world, str(named)) if named else pieces.none()


def one(view: View, question: Question) -> Page | None:
    """One request and its answer."""
    made = next((made for made in reversed(view.exchanges) if made.request_id == question.id), None)
    if made is None:
        return None
    world = view.world
    events = [held for held in view.all("event") if held["request"]["id"] == made.request_id][::-1]
    rows = (
        (
            pieces.when(held["created"]),
            pieces.ref(world, held, held["type"]),
            pieces.ref(world, held["data"]["object"].get("id")),
        )
        for held in events
    )
    return Page(
        f"{made.method} {made.path}",
        (
            _facts(view, made),
            _error(made),
            pieces.section("Parameters", pieces.raw(world, made.params) if made.params else "None."),
            pieces.section("Events", pieces.table(("When", "Event", "About"), rows, "It caused no event.")),
            pieces.section("Answer", pieces.raw(world, made.answer)),
        ),
        status_of(made),
    )


def _facts(view: View, made: Exchange) -> Html:
    return pieces.facts(
        ("Id", made.request_id),
        ("When", pieces.when(made.at)),
        ("Took", f"{made.milliseconds:.1f} ms"),
        ("Idempotency key", made.key or pieces.none()),
        ("Account", pieces.ref(view.world, made.account) if made.account else "platform"),
        ("Answer", "never arrived (a fault)" if made.lost else str(made.status)),
    )


def _error(made: Exchange) -> Html | None:
    error = inside(made.answer, "error")
    if not error:
        return None
    told = (f"{name}: {error[name]}" for name in ("type", "code", "decline_code", "param") if error.get(name))
    return el(
        "p", el("b", str(error.get("message") or "Refused")), el("small", " · ".join(told)), class_="note bad"
    )
