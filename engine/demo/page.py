"""How is a purchase told so that it is read at a glance? JSON of the API in, tables for a terminal out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from engine.scenario.door import part
from engine.terminal.watch import COLORS, changed

Record = Mapping[str, Any]
SYMBOLS: Mapping[str, str] = {"usd": "$", "eur": "€", "gbp": "£"}
GOOD, BAD = 200, 300


def sections(*parts: tuple[str, RenderableType | None]) -> Table:
    """Named parts under one another; one that has nothing to tell is left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", width=10, no_wrap=True)
    table.add_column(overflow="fold")
    for name, content in parts:
        if content is not None:
            table.add_row(name, content)
    return table


def title(number: int, count: int, what: str, who: str) -> RenderableType:
    """The head of one case."""
    return Group("", Rule(Text.assemble((f"{number} of {count}  ", "bold"), what, (f"  ({who})", "dim"))))


def deed(when: str, what: str, outcome: str) -> Text:
    """One step on one line."""
    return Text.assemble((f"  {when}  ", "dim"), what, ("  →  ", "dim"), outcome)


def facts(known: Iterable[tuple[str, str, str]]) -> RenderableType | None:
    """Facts with what each means for this customer."""
    rows = [[f"{name} = {value}", phrase] for name, value, phrase in known]
    return _grid(rows, styles=("", "dim"))


def decision(decided: Record) -> Text:
    """Branch, config and function on one or two lines."""
    said = "  ".join(_chosen(name, part(part(decided, "config"), name)) for name in part(decided, "config"))
    return Text.assemble(
        ("branch ", "dim"),
        (str(decided.get("branch")), "bold green"),
        ("  →  config ", "dim"),
        said,
        ("  →  function ", "dim"),
        (str(decided.get("function")), "bold green"),
    )


def _chosen(name: str, value: Record) -> str:
    asked = " (asked for)" if value.get("source") == "request" else ""
    return f"{name}: {_word(value.get('value'))}{asked}"


def rules(matches: Iterable[Record]) -> RenderableType | None:
    """The rules that matched: where each stands, what it said, why."""
    rows = [
        [
            f"{match.get('file')}:{match.get('line')}",
            ", ".join(f"{name} = {_word(value)}" for name, value in part(match, "outcome").items()),
            str(match.get("because", "")),
        ]
        for match in matches
    ]
    return _grid(rows, styles=("blue", "", "dim"))


def calls(made: Sequence[Record]) -> RenderableType | None:
    """The requests to Stripe: method, path, what they said, and how they ended."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="ellipsis", no_wrap=True, ratio=1)
    for call in made:
        status = int(call.get("status") or 0)
        style = "green" if GOOD <= status < BAD else "red"
        head = Text.assemble((f"{status or '---'} ", style), f"{call.get('method')} {call.get('path')}")
        table.add_row(head, Text("  ".join(_flat(part(call, "params")))))
    return table if made else None


def invoices(made: Sequence[Record]) -> RenderableType | None:
    """Each invoice with its lines and its total."""
    tables = [_invoice(invoice) for invoice in made]
    return Group(*tables) if tables else None


def moves(made: Iterable[Record]) -> RenderableType | None:
    """What the machines did: from, event, to."""
    rows = [
        [
            str(move.get("machine")),
            f"{move.get('from') or 'none'} → {move.get('to')}",
            str(move.get("event") or ""),
        ]
        for move in made
    ]
    return _grid(rows, styles=("", "bold", "dim"))


def messages(heard: Iterable[Record]) -> RenderableType | None:
    """The messages of the change feed, with what changed."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="ellipsis", no_wrap=True, ratio=1)
    count = 0
    for message in heard:
        count += 1
        verb = str(message["subject"]).rpartition(".")[2].rpartition("V")[0]
        subject = Text(str(message["subject"]), COLORS.get(verb, ""))
        table.add_row(subject, Text(", ".join(changed(message["data"]))))
    return table if count else None


def access(before: Mapping[str, Record], after: Mapping[str, Record]) -> RenderableType | None:
    """What `check` answers for each feature, before and after."""
    rows = [
        [feature, _allowed(before.get(feature, {})), "→", _allowed(after.get(feature, {}))]
        for feature in after
    ]
    return _grid(rows, styles=("", "", "dim", "bold"))


def money(amount: object, currency: object = "usd") -> str:
    """An amount of minor units as people write it."""
    whole = int(str(amount))
    symbol = SYMBOLS.get(str(currency), f"{currency} ")
    return f"{'-' if whole < 0 else ''}{symbol}{abs(whole) // 100:,}.{abs(whole) % 100:02d}"


def _grid(rows: Sequence[Sequence[str]], *, styles: Sequence[str]) -> Table | None:
    table = Table.grid(padding=(0, 2))
    for style in styles:
        table.add_column(style=style, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table if rows else None


def _invoice(invoice: Record) -> RenderableType:
    currency = invoice.get("currency")
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for line in invoice.get("lines") or ():
        table.add_row(Text(str(line.get("description"))), money(line.get("amount", 0), currency))
    state = str(invoice.get("state"))
    color = {"paid": "green", "open": "yellow", "draft": "dim"}.get(state, "red")
    table.add_row(
        Text.assemble(("total, ", "bold"), (state, f"bold {color}")),
        Text(money(invoice.get("total", 0), currency), "bold"),
    )
    return table


def _allowed(answer: Record) -> str:
    if not answer:
        return "unknown"
    word = "yes" if answer.get("allowed") else f"no ({answer.get('reason')})"
    remaining = answer.get("remaining")
    return word if remaining is None else f"{word}, {_number(remaining)} left"


def _number(value: object) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(params: Record, prefix: str = "") -> Iterator[str]:
    """Parameters as Stripe's own form writes them; metadata and what is expanded are left out."""
    for key, value in params.items():
        if key in ("metadata", "expand"):
            continue
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            yield from _flat(cast("Record", value), name)
        elif isinstance(value, list):
            inner = cast("list[object]", value)
            yield from _flat({str(index): each for index, each in enumerate(inner)}, name)
        else:
            yield f"{name}={_word(value)}"
