"""How is the course of a subscription drawn? A band of states, marks of what was and is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted.html import Html, el, join
from engine.sandbox.twin.values.types import Obj

from .course import Mark
from .pieces import address, day

_WIDTH, _LEFT, _RIGHT = 1000, 20, 980
_BAND, _HEIGHT = 96, 18
_STEP, _NEAR, _ROWS = 15, 13, 4
_LETTER = 7
_MOST = 150


@dataclass(frozen=True, slots=True)
class _Scale:
    """From instants to the places on the drawing."""

    start: int
    end: int

    def at(self, instant: int) -> float:
        """Where an instant lies."""
        share = (instant - self.start) / max(self.end - self.start, 1)
        return round(_LEFT + min(max(share, 0), 1) * (_RIGHT - _LEFT), 1)


def drawn(world: World, subscription: Obj, past: Sequence[Mark], coming: Sequence[Mark]) -> Html:
    """The drawing, with a link on each mark."""
    now = world.now_of(subscription)
    instants = [subscription["start_date"], now, *(mark.at for mark in (*past, *coming))]
    scale = _Scale(min(instants), max(instants))
    ends = subscription.get("ended_at") or now
    return el(
        "figure",
        el(
            "svg",
            _band(scale, past, subscription, ends),
            _future(scale, now, subscription),
            _now(scale, now),
            _marks(world, scale, past[-_MOST:], class_="past"),
            _marks(world, scale, coming, class_="coming"),
            _dates(scale),
            viewBox=f"0 0 {_WIDTH} 150",
            role="img",
            aria_label="Timeline of the subscription",
        ),
        _legend(),
        class_="timeline",
    )


def _band(scale: _Scale, past: Sequence[Mark], subscription: Obj, until: int) -> Html:
    changes = [(mark.at, mark.status) for mark in past if mark.status] or [
        (subscription["start_date"], subscription["status"])
    ]
    stretches: list[tuple[int, int, str]] = []
    for at, status in changes:
        if stretches and stretches[-1][2] == status:
            continue
        if stretches:
            stretches[-1] = (stretches[-1][0], at, stretches[-1][2])
        stretches.append((at, max(until, at), str(status)))
    return join([_stretch(scale, *stretch) for stretch in stretches])


def _stretch(scale: _Scale, start: int, end: int, status: str) -> Html:
    left, right = scale.at(start), scale.at(end)
    box = _box(left, max(right - left, 2), f"state {status}", status)
    if right - left < len(status) * _LETTER + _LETTER:
        return box
    return join(
        [box, el("text", status.replace("_", " "), x=str(left + 8), y=str(_BAND + 13), class_="status")]
    )


def _box(left: float, width: float, class_: str, title: str) -> Html:
    size = {"x": str(left), "y": str(_BAND), "width": str(round(width, 1)), "height": str(_HEIGHT)}
    return el("rect", el("title", title), class_=class_, rx="4", **size)


def _future(scale: _Scale, now: int, subscription: Obj) -> Html | None:
    if subscription.get("ended_at") or scale.at(now) >= _RIGHT:
        return None
    return _box(scale.at(now), _RIGHT - scale.at(now), "state future", "to come")


def _now(scale: _Scale, now: int) -> Html:
    at = str(scale.at(now))
    side = "end" if scale.at(now) > _WIDTH / 2 else "start"
    line = el("line", x1=at, x2=at, y1="14", y2="122", class_="now")
    return join([line, el("text", " now ", x=at, y="11", class_="now", text_anchor=side)])


def _marks(world: World, scale: _Scale, marks: Sequence[Mark], *, class_: str) -> Html:
    """Marks that lie close to each other stand one above the other."""
    made: list[Html] = []
    last, row = -float(_NEAR), 0
    for mark in marks:
        place = scale.at(mark.at)
        row = (row + 1) % _ROWS if place - last < _NEAR else 0
        last = place if row == 0 else last
        title = el("title", f"{day(mark.at)}: {mark.what}")
        height = str(_BAND - 12 - row * _STEP)
        circle = el("circle", title, cx=str(place), cy=height, r="5", class_=f"{class_} {mark.kind}")
        made.append(el("a", circle, href=address(world, mark.id)))
    return join(made)


def _dates(scale: _Scale) -> Html:
    first = el("text", day(scale.start), x=str(_LEFT), y="140", class_="date")
    last = el("text", day(scale.end), x=str(_RIGHT), y="140", class_="date", text_anchor="end")
    return join([first, last])


def _legend() -> Html:
    shown = (
        ("good", "created, paid"),
        ("bad", "failed"),
        ("plain", "changed"),
        ("end", "ended"),
        ("next", "to come"),
    )
    return el("figcaption", *(el("span", el("span", class_=f"dot {kind}"), text) for kind, text in shown))
