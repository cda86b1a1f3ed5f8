"""What is broken on purpose? Every fault with its hits, and the buttons that heal; what is not covered."""

from __future__ import annotations

import json

from engine.sandbox.twin.hosted.html import Html, badge, el
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj

_COUNTED = frozenset({"id", "kind", "matched", "hits", "times"})


def listed(view: View, question: Question) -> Page:
    """All faults, latest first."""
    found = view.book.shown()[::-1]
    every = _heal("/inside/faults", "Heal all") if found else None
    shown = pieces.paged(
        question,
        found,
        lambda some: pieces.table(
            ("Fault", "Kind", "Where", "Matched>", "Hit>", "At most>", "", ""),
            (_row(fault) for fault in some),
            "Nothing is broken. Faults are set with POST /_twin/faults.",
        ),
    )
    return Page("Faults", (el("section", shown),), every)


def _row(fault: Obj) -> tuple[Html | str, ...]:
    limits = {name: value for name, value in fault.items() if name not in _COUNTED}
    times = fault["times"]
    spent = times is not None and fault["hits"] >= times
    return (
        fault["id"],
        fault["kind"],
        el("code", json.dumps(limits, ensure_ascii=False) if limits else "everywhere"),
        str(fault["matched"]),
        str(fault["hits"]),
        "no end" if times is None else str(times),
        badge("over") if spent else badge("in force", "bad"),
        _heal(f"/inside/faults/{fault['id']}", "Heal"),
    )


def _heal(action: str, text: str) -> Html:
    return el("form", el("button", text, type="submit"), method="post", action=action)


def uncovered(view: View, _question: Question) -> Page:
    """What was asked for and is not played."""
    counted = sorted(view.world.uncovered.items(), key=lambda pair: (-pair[1], pair[0]))
    text = (
        "Endpoints and parameters that were asked for and that the twin does not play. "
        "Each got Stripe's refusal of something unknown."
    )
    rows = ((el("code", name), f"{count:,}") for name, count in counted[:500])
    table = pieces.table(("What", "How often>"), rows, "Everything that was asked for is played.")
    return Page("Not covered", (el("section", el("p", text, class_="soft"), table),))
