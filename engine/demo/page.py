"""How is a purchase told so that it is read at a glance? JSON of the API in, tables for a terminal out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from engine.scenario.door import part
from engine.scenario.feed import OWNER
from engine.terminal.watch import COLORS, changed

Record = Mapping[str, Any]
SYMBOLS: Mapping[str, str] = {"usd": "$", "eur": "€", "gbp": "£"}
GOOD, BAD = 200, 300
PREFIX = "wallstreet.change_feed."
LONGEST_OWNER = 24
SHORTEST_ID = 12
NO_NAMES: Mapping[str, str] = {}


def sections(*parts: tuple[str, RenderableType | None]) -> Table:
    """Named parts under one another; one that has nothing to tell is left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", width=10, no_wrap=True)
    table.add_column(overflow="fold")
    for name, content in parts:
        if content is not None:
            table.add_row(name, content)
    return table


def title(number: int, count: int, name: str, about: str, who: str) -> RenderableType:
    """The head of one case."""
    head = Text.assemble((f"{number} of {count}  ", "dim"), (name, "bold"), (f"  for {who}", "dim"))
    return Group("", Rule(head, align="left", style="cyan"), Text(about, "italic"))


def deed(when: str, what: str, outcome: str) -> Text:
    """One step on one line."""
    return Text.assemble((f"  {when}  ", "dim"), what, ("  →  ", "dim"), outcome)


def facts(known: Iterable[tuple[str, str, str]]) -> RenderableType | None:
    """Facts with what each means for this customer."""
    rows = [[f"{name} = {value}", phrase] for name, value, phrase in known]
    return _grid(rows, styles=("", "dim")) if rows else None


def decision(decided: Record) -> RenderableType:
    """Branch, config and function."""
    config = part(decided, "config")
    return _grid(
        [
            ["branch", str(decided.get("branch"))],
            ["config", "  ".join(_chosen(name, part(config, name)) for name in config)],
            ["function", str(decided.get("function"))],
        ],
        styles=("dim", "bold green"),
    )


def _chosen(name: str, value: Record) -> str:
    asked = " (asked for)" if value.get("source") == "request" else ""
    return f"{name}: {_word(value.get('value'))}{asked}"


def rules(matches: Sequence[Record], *, more: int = 0) -> RenderableType | None:
    """The rules that matched: where each stands, what it said, why; of the usual ones only their number."""
    if not matches:
        return None
    table = _grid(
        [
            [
                f"{match.get('file')}:{match.get('line')}",
                ", ".join(f"{name} = {_word(value)}" for name, value in part(match, "outcome").items()),
                str(match.get("because", "")),
            ]
            for match in matches
        ],
        styles=("blue", "", "dim"),
    )
    return Group(table, Text(f"and {more} that say only what is usual", "dim")) if more else table


def calls(made: Sequence[Record]) -> RenderableType | None:
    """The requests to Stripe: method, path, what they said, and how they ended."""
    table = _one_line_each()
    for call in made:
        status = int(call.get("status") or 0)
        style = "green" if GOOD <= status < BAD else "red"
        path = "/".join(map(_short, str(call.get("path")).split("/")))
        head = Text.assemble((f"{status or '---'} ", style), f"{call.get('method')} {path}")
        table.add_row(head, Text("  ".join(_flat(part(call, "params")))))
    return table if made else None


def invoices(made: Sequence[Record]) -> RenderableType | None:
    """Each invoice with its lines and its total."""
    tables = [_invoice(invoice) for invoice in made]
    return Group(*tables) if tables else None


def moves(made: Iterable[Record], names: Mapping[str, str] = NO_NAMES) -> RenderableType | None:
    """What the machines did: for each row the states that it went through, and by which events."""
    ways: dict[tuple[str, str], list[Record]] = {}
    for move in made:
        ways.setdefault((str(move.get("machine")), str(move.get("row"))), []).append(move)
    rows = [
        [
            f"{machine} {names.get(row, '')}".rstrip(),
            " → ".join([str(way[0].get("from") or "none"), *(str(move.get("to")) for move in way)]),
            ", ".join(str(move["event"]) for move in way if move.get("event")),
        ]
        for (machine, row), way in ways.items()
    ]
    return _grid(rows, styles=("", "bold", "dim")) if rows else None


def messages(heard: Iterable[Record]) -> RenderableType | None:
    """The messages of the change feed, with what changed; those that tell nothing else are counted."""
    table = _one_line_each()
    quiet: dict[str, int] = {}
    for message in heard:
        subject = str(message["subject"])
        verb = subject.rpartition(".")[2].rpartition("V")[0]
        told = ", ".join(changed(message["data"]))
        if told:
            table.add_row(Text(_subject(subject), COLORS.get(verb, "")), Text(told))
        else:
            quiet[subject] = quiet.get(subject, 0) + 1
    for subject, times in quiet.items():
        table.add_row(Text(_subject(subject), "dim"), Text(f"{times} times" if times > 1 else ""))
    return Group(Text(PREFIX, "dim"), table) if table.row_count else None


def _one_line_each() -> Table:
    """Two columns; the second gives way so that each row stays on its line."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="ellipsis", no_wrap=True, ratio=1)
    return table


def _subject(subject: str) -> str:
    """A subject below the common prefix, with the owner's made-up id cut short."""
    tokens = subject.split(".")
    if len(tokens) > OWNER and len(tokens[OWNER]) > LONGEST_OWNER:
        tokens[OWNER] = f"{tokens[OWNER][: LONGEST_OWNER - 1]}…"
    return ".".join(tokens).removeprefix(PREFIX)


def access(before: Mapping[str, Record], after: Mapping[str, Record]) -> RenderableType | None:
    """What `check` answers for each feature, before and after."""
    rows = [
        [feature, _allowed(before.get(feature, {})), "→", _allowed(after.get(feature, {}))]
        for feature in after
    ]
    return _grid(rows, styles=("", "", "dim", "bold")) if rows else None


def money(amount: object, currency: object = "usd") -> str:
    """An amount of minor units as people write it."""
    whole = int(str(amount))
    symbol = SYMBOLS.get(str(currency), f"{currency} ")
    return f"{'-' if whole < 0 else ''}{symbol}{abs(whole) // 100:,}.{abs(whole) % 100:02d}"


def _grid(rows: Sequence[Sequence[str]], *, styles: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for style in styles:
        table.add_column(style=style, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


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
    remaining = answer.get("remaining")
    if not answer.get("allowed"):
        return f"no ({answer.get('reason')})"
    return "yes" if remaining is None else f"yes, {_number(remaining)} left"


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
            yield f"{name}={_short(_word(value))}"


def _short(text: str) -> str:
    """An id of Stripe's cut short; other words as they are."""
    kind, _, rest = text.rpartition("_")
    return f"{kind}_{rest[:4]}…" if kind and rest.isalnum() and len(rest) >= SHORTEST_ID else text
