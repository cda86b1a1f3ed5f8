"""How is HTML written without a hole? Elements are made of escaped texts and of other elements."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from html import escape
from typing import TypeAlias

from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj

_EMPTY = frozenset({"br", "input", "link", "meta"})
STYLESHEET = "/hosted/style.css"
ICON = "data:,"


class Html(str):
    """Text that is HTML already; whatever else is put on a page gets escaped."""

    __slots__ = ()


Part: TypeAlias = "Html | str | list[Part] | tuple[Part, ...] | None"
_Value: TypeAlias = "str | int | bool | None"


def el(name: str, /, *parts: Part, **attributes: _Value) -> Html:
    """One element; `class_` is `class`, `formaction` and the like as they are, true stands alone."""
    shown = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in _EMPTY:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(parts)}</{name}>")


def _attribute(name: str, value: _Value) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"'


def join(parts: Iterable[Part]) -> Html:
    """Several parts one after the other; texts are escaped, nothing is left out."""
    written: list[str] = []
    for part in parts:
        if isinstance(part, (list, tuple)):
            written.append(join(part))
        elif part is not None:
            written.append(part if isinstance(part, Html) else escape(part))
    return Html("".join(written))


def document(title: str, *parts: Part, narrow: bool = False, bare: bool = False) -> str:
    """A whole page; a `bare` one has its own `main`."""
    shape = "narrow" if narrow else None
    inner = join(parts) if bare else el("main", *parts, class_=shape)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
        el("link", rel="stylesheet", href=STYLESHEET),
        el("link", rel="icon", href=ICON),
    )
    return f'<!doctype html><html lang="en">{head}{el("body", inner)}</html>'


def message(title: str, text: str, *more: Part) -> str:
    """A page that only says something."""
    return document(
        title, el("section", brand(), el("h2", title), el("p", text, class_="note"), *more), narrow=True
    )


def brand(name: str = "Wallstreet") -> Html:
    """The head of a section: who sells, and that no money moves."""
    return el("div", el("span", name), badge("TEST MODE", "test"), class_="brand")


def badge(text: str, kind: str | None = None) -> Html:
    """A short word in a coloured box."""
    return el("span", text, class_=f"badge {kind}" if kind else "badge")


def problem(text: str | None) -> Html | None:
    """What went wrong, where something did."""
    return el("p", text, class_="note bad", role="alert") if text else None


def amount_row(label: str, amount: int, currency: str, kind: str = "sum") -> Html:
    """One line of the sums under a table."""
    return el("tr", el("td", label), el("td", money(amount, currency)), class_=kind)


def every(recurring: Obj) -> str:
    """How often something is paid: `month`, `3 months`."""
    count, interval = recurring["interval_count"], recurring["interval"]
    return str(interval) if count == 1 else f"{count} {interval}s"


def price_words(price: Obj) -> str:
    """What a price costs: `$20.00 per month`."""
    unit = price["unit_amount_decimal"]
    cost = "Tiered" if unit is None else money(Decimal(unit), price["currency"])
    return f"{cost} / {every(price['recurring'])}" if price["recurring"] else cost
