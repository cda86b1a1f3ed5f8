"""What does the demo do? Plays its scenario files one after the other, and tells each as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from engine.demo.narrator import Narrator, Rulebook
from engine.scenario.reading import find
from engine.scenario.report import show, successful
from engine.scenario.runner import Outcome, Status, runner
from engine.terminal.screen import screen
from rules import load_ruleset
from rules.loader import SHIPPED


async def play(
    *, api_url: str, nats_url: str, rules: Path | None, scenarios: Path | None, console: Console | None = None
) -> bool:
    """Play the shipped cases, or a copy of them; true when all went as their files say.

    A copy is there to be changed: what it does otherwise than its file says is told and is no failure.
    """
    told = console or screen()
    narrator = Narrator(told, Rulebook(load_ruleset(rules)))
    cases = find([scenarios or shipped()])
    outcomes: list[Outcome] = []
    async with runner(api_url, nats_url=nats_url, observer=narrator) as playing:
        for number, found in enumerate(cases, start=1):
            if found.scenario is not None:
                narrator.open(number, len(cases), found.scenario)
            outcomes.append(await playing.play(found))
            show(told, outcomes[-1])
    _end(told, outcomes)
    return successful(outcomes) or (rules or scenarios) is not None


def shipped() -> Path:
    """The folder of the five cases, as it lies in the installed package."""
    return Path(__file__).parent / "scenarios"


def _end(console: Console, outcomes: Sequence[Outcome]) -> None:
    good = sum(outcome.status == Status.PASSED for outcome in outcomes)
    docs = Path(__file__).parents[2] / "docs"
    where = docs / "machines.md" if (docs / "machines.md").is_file() else "wallstreet machines diagram"
    console.print(f"\n[bold]{good} of {len(outcomes)} cases went as their files say.[/bold]")
    table = Table.grid(padding=(0, 2))
    table.add_row("the cases", str(shipped()), "copy, change a price, wallstreet demo --scenarios COPY")
    table.add_row("the rules", str(SHIPPED), "copy, change a rule, wallstreet demo --rules COPY")
    table.add_row("the diagrams", str(where), "every lifecycle, as pictures and as tables")
    table.add_row("more", "wallstreet dev", "the same stack, and it stays up")
    console.print(table)
