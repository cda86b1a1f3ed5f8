"""What do the rules say, and is that proved? The rule set as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rules.model import Condition, Outcome, Rule
from rules.model import Table as RuleTable
from rules.ruleset import RuleSet


def show_rulebook(console: Console, ruleset: RuleSet) -> None:
    """Print every table: its rules in the order of their tiers, each with its place in the files."""
    for table in ruleset.tables:
        console.print(_table(table))
    count = sum(len(table.rules) for table in ruleset.tables)
    console.print(f"{count} rules in {len(ruleset.tables)} tables, hash {ruleset.hash}")


def _table(table: RuleTable) -> Table:
    shown = Table(
        title=f"{table.stage} · {table.name}",
        caption=table.sentence,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for name, style in (
        ("place", "blue"),
        ("tier", "dim"),
        ("when", ""),
        ("then", "bold"),
        ("because", "dim"),
    ):
        shown.add_column(name, style=style, overflow="fold")
    for rule in table.ordered():
        shown.add_row(*map(Text, _cells(rule)))
    return shown


def _cells(rule: Rule) -> Iterator[str]:
    yield f"{rule.position.file}:{rule.position.line}"
    yield rule.tier
    yield "\n".join(_conditions(rule.when)) or "always"
    yield "\n".join(_outcomes(rule.then))
    yield rule.because


def _conditions(when: Iterable[Condition]) -> Iterator[str]:
    for condition in when:
        yield f"{condition.fact} = {' | '.join(str(value).lower() for value in condition.values)}"


def _outcomes(then: Iterable[Outcome]) -> Iterator[str]:
    for outcome in then:
        yield f"{outcome.name} = {str(outcome.value).lower()}"
