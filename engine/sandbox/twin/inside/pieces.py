"""What are the pages made of? Links, times, amounts, states, tables in pages of fifty, and raw JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted.html import Html, Part, badge, el, join
from engine.sandbox.twin.values.calendar import date_of
from engine.sandbox.twin.values.currencies import figures
from engine.sandbox.twin.values.types import Obj, as_obj

from .view import Question

T = TypeVar("T")
PAGE = 50
_ADDRESSES = {
    "customer": "customers",
    "subscription": "subscriptions",
    "invoice": "invoices",
    "event": "events",
    "test_helpers.test_clock": "clocks",
    "account": "accounts",
}
_GOOD = frozenset(
    {
        "paid",
        "active",
        "succeeded",
        "complete",
        "delivered",
        "enabled",
        "ready",
        "available",
        "verified",
        "chargeable",
        "won",
    }
)
_BAD = frozenset(
    {
        "past_due",
        "unpaid",
        "failed",
        "canceled",
        "incomplete_expired",
        "uncollectible",
        "void",
        "expired",
        "lost",
        "dropped",
        "internal_failure",
        "requires_payment_method",
        "stopped",
    }
)
_WAITING = frozenset(
    {
        "open",
        "pending",
        "incomplete",
        "trialing",
        "requires_action",
        "processing",
        "advancing",
        "paused",
        "not_started",
    }
)
_NAMED = re.compile(r"&quot;([\w./-]+)&quot;")


def address(world: World, id_: str) -> str:
    """Where an object is shown."""
    held = world.shelf.peek(id_)
    kind = "requests" if held is None and id_.startswith("req_") else "objects"
    if held is not None:
        kind = _ADDRESSES.get(held["object"], "objects")
    return f"/inside/{kind}/{quote(id_, safe='')}"


def ref(world: World, named: Any, text: str | None = None) -> Html:
    """A link to an object, by its id or itself; its mere name where it is gone, a dash for nothing."""
    held = as_obj(named)
    id_ = str((named if held is None else held.get("id")) or "")
    if not id_:
        return none()
    kind = None if text else "id"
    if world.shelf.peek(id_) is None and not id_.startswith("req_"):
        return el("span", text or id_, class_=kind)
    return el("a", text or id_, href=address(world, id_), class_=kind)


def none() -> Html:
    """What stands where there is nothing."""
    return el("span", "—", class_="soft")


def when(at: Any) -> Html:
    """An instant in UTC."""
    if not isinstance(at, int):
        return none()
    try:
        date = date_of(at)
    except (ValueError, OverflowError, OSError):
        return el("span", str(at))
    iso = date.strftime("%Y-%m-%dT%H:%M:%SZ")
    return el("time", f"{date.day} {date:%b %Y} ", el("i", f"{date:%H:%M:%S}"), datetime=iso)


def day(at: int) -> str:
    """An instant as a text for places where no element can stand."""
    return f"{date_of(at):%Y-%m-%d %H:%M}"


def amount(value: Any, currency: str | None) -> Html:
    """An amount of minor units with its currency."""
    if not isinstance(value, int) or not currency:
        return none()
    sign = "−" if value < 0 else ""  # noqa: RUF001 -- the minus that is as wide as a figure
    return el("span", f"{sign}{figures(value, currency)} ", el("i", currency.upper()), class_="amount")


def state(word: Any) -> Html:
    """A status as a coloured badge."""
    text = str(word)
    for kind, words in (("good", _GOOD), ("bad", _BAD), ("waiting", _WAITING)):
        if text in words:
            return badge(text, kind)
    return badge(text)


def section(title: str, *parts: Part, beside: Part = None) -> Html:
    """One part of a page with its heading."""
    return el("section", el("header", el("h2", title), beside), *parts)


def facts(*pairs: tuple[str, Part]) -> Html:
    """Names and values."""
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in pairs))


def table(heads: Sequence[str], rows: Iterable[Sequence[Part]], empty: str = "Nothing yet.") -> Html:
    """A table; a head that ends in `>` sets its column to the right."""
    made = list(rows)
    if not made:
        return el("p", empty, class_="empty")
    sides = ["right" if head.endswith(">") else None for head in heads]
    top = el(
        "tr", *(el("th", head.rstrip(">"), class_=side) for head, side in zip(heads, sides, strict=True))
    )
    body = [
        el("tr", *(el("td", cell, class_=side) for cell, side in zip(row, sides, strict=True)))
        for row in made
    ]
    return el("div", el("table", el("thead", top), el("tbody", *body)), class_="wide")


def paged(question: Question, found: Sequence[T], draw: Callable[[Sequence[T]], Part]) -> Html:
    """Fifty of what was found, and the way to the others."""
    asked = question.get("page")
    last = max(1, -(-len(found) // PAGE))
    number = min(max(int(asked), 1), last) if asked.isascii() and asked.isdigit() and len(asked) < PAGE else 1
    shown = draw(found[(number - 1) * PAGE : number * PAGE])
    if last == 1:
        return join([shown])
    newer = _turn(question, number - 1, "← newer") if number > 1 else None
    older = _turn(question, number + 1, "older →") if number < last else None
    told = el("span", f"{len(found):,} in all, page {number} of {last}", class_="soft")
    return join([shown, el("nav", newer, told, older, class_="pager")])


def _turn(question: Question, number: int, text: str) -> Html:
    query = urlencode({**question.query, "page": number})
    return el("a", text, href=f"{question.path}?{query}")


def searching(question: Question, fields: Sequence[tuple[str, str]]) -> Html:
    """A form that filters the list of this page."""
    inputs = [
        el("input", name=name, value=question.get(name), placeholder=label, aria_label=label)
        for name, label in fields
    ]
    clear = el("a", "all", href=question.path) if any(question.get(name) for name, _ in fields) else None
    return el("form", *inputs, el("button", "Filter"), clear, class_="filter", action=question.path)


def raw(world: World, value: Any) -> Html:
    """JSON in which every id of an object leads there."""
    text = str(el("pre", json.dumps(value, indent=2, ensure_ascii=False, default=str)))

    def linked(found: re.Match[str]) -> str:
        id_ = found[1]
        return f"&quot;{ref(world, id_)}&quot;" if world.shelf.peek(id_) is not None else found[0]

    return Html(_NAMED.sub(linked, text))


def folded(title: str, *parts: Part) -> Html:
    """What is shown only to whoever opens it."""
    return el("details", el("summary", title), *parts)


def plan_of(world: World, items: Iterable[Obj]) -> Html:
    """What a subscription is made of, in a few words."""
    return join([plan_words(world, items)])


def plan_words(world: World, items: Iterable[Obj]) -> str:
    """The same as plain text."""
    return ", ".join(f"{item.get('quantity', 1)} × {_product(world, item['price'])}" for item in items)  # noqa: RUF001


def _product(world: World, price: Obj) -> str:
    held = world.shelf.peek(str(price.get("product")))
    return str((held or {}).get("name") or price["id"])
