"""What time is it, and what is next? The live clock, which can be moved here, and every test clock."""

from __future__ import annotations

from collections.abc import Sequence

from engine.sandbox.twin.core.world import LIVE
from engine.sandbox.twin.hosted.html import Html, Part, el
from engine.sandbox.twin.inside import course, pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.calendar import date_of
from engine.sandbox.twin.values.types import Obj, public

_SHOWN = 100


def listed(view: View, question: Question) -> Page:
    """The live clock and all test clocks."""
    found = view.all("test_helpers.test_clock")
    return Page(
        "Clocks",
        (
            pieces.section(
                "Live clock", _live(view), beside=el("a", "what is next", href="/inside/clocks/live")
            ),
            pieces.section("Test clocks", pieces.paged(question, found, lambda some: _table(view, some))),
        ),
    )


def _table(view: View, some: Sequence[Obj]) -> Html:
    rows = (
        (
            pieces.ref(view.world, clock),
            clock["name"] or pieces.none(),
            pieces.state(clock["status"]),
            pieces.when(clock["frozen_time"]),
            pieces.when(view.world.agenda(clock["id"]).next_awaited()),
        )
        for clock in some
    )
    return pieces.table(("Clock", "Name", "Status", "Time", "Next"), rows, "No test clock.")


def one(view: View, question: Question) -> Page | None:
    """One clock, with what is due on it."""
    if question.id == LIVE:
        return Page("Live clock", (_live(view), _coming(view, LIVE), _customers(view, None)))
    clock = view.world.shelf.peek(question.id)
    if clock is None or clock["object"] != "test_helpers.test_clock":
        return None
    facts = pieces.facts(
        ("Id", clock["id"]),
        ("Time", pieces.when(clock["frozen_time"])),
        ("Is deleted after", pieces.when(clock["deletes_after"])),
    )
    shown = pieces.folded("The object as it is", pieces.raw(view.world, public(clock)))
    sections = (facts, _coming(view, clock["id"]), _customers(view, clock["id"]), shown)
    return Page(str(clock["name"] or "Test clock"), sections, pieces.state(clock["status"]))


def _live(view: View) -> Html:
    world = view.world
    stands = "follows the wall" if world.live is None else "stands until it is moved"
    now = date_of(world.now())
    return el(
        "div",
        pieces.facts(
            ("Time", pieces.when(world.now())),
            ("How it runs", stands),
            ("Next", pieces.when(world.agenda(LIVE).next_awaited())),
        ),
        el(
            "form",
            el(
                "label",
                "Move it to (UTC) ",
                el("input", name="to", type="datetime-local", step="1", value=f"{now:%Y-%m-%dT%H:%M:%S}"),
            ),
            el("button", "Move on", type="submit"),
            method="post",
            action="/inside/clock",
            class_="filter",
        ),
        el(
            "p",
            "Time only moves forward. Whatever falls due on the way happens; from then on the clock stands.",
            class_="soft",
        ),
    )


def _coming(view: View, clock: str) -> Html:
    world = view.world
    rows = (
        (pieces.when(due.at), course.words(due.kind), pieces.ref(world, id_), _whose(view, id_))
        for due, id_ in world.agenda(clock).coming(_SHOWN)
    )
    return pieces.section(
        "What is next", pieces.table(("When", "What", "For", "Customer"), rows, "Nothing is due.")
    )


def _whose(view: View, id_: str) -> Part:
    return pieces.ref(view.world, (view.world.shelf.peek(id_) or {}).get("customer"))


def _customers(view: View, clock: str | None) -> Html:
    found = [held for held in view.all("customer") if held["_clock"] == clock]
    rows = (
        (
            pieces.ref(view.world, held),
            held.get("name") or held.get("email") or "",
            pieces.when(held.get("created")),
        )
        for held in found[: pieces.PAGE]
    )
    return pieces.section(
        "Its latest customers", pieces.table(("Customer", "Name", "Created"), rows, "Nobody.")
    )
