"""What does a reader see of a run? A line for each scenario, a difference for each failure, and a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from engine.scenario.reading import Found
from engine.scenario.runner import Outcome, Status, runner

MARKS: Mapping[Status, tuple[str, str]] = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.UNSUPPORTED: ("-", "yellow"),
    Status.ERROR: ("!", "bold magenta"),
}


def show(console: Console, outcome: Outcome) -> None:
    """One line for the scenario; under it what was expected and what came, for each failure."""
    mark, style = MARKS[outcome.status]
    line = Text.assemble((f"{mark} ", style), (outcome.id, "bold" if outcome.failures else ""))
    line.append(f"  {outcome.status}", style)
    line.append(f"  {outcome.seconds:.2f} s" if outcome.seconds else "", "dim")
    line.append(f"  {outcome.message}" if outcome.message else "", "dim")
    console.print(line, soft_wrap=True)
    for failure in outcome.failures:
        difference = failure.difference
        console.print(
            f"    step {failure.step}, {escape(failure.deed)}: [bold]{difference.key}[/bold]", soft_wrap=True
        )
        console.print(
            Text.assemble(("      expected  ", "dim"), (_words(difference.expected), "green")), soft_wrap=True
        )
        console.print(
            Text.assemble(("      got       ", "dim"), (_words(difference.actual), "red")), soft_wrap=True
        )


def summary(console: Console, outcomes: Sequence[Outcome]) -> None:
    """How many ended how, in one line."""
    counted = Counter(outcome.status for outcome in outcomes)
    parts = [(f"{counted[status]} {status}", MARKS[status][1]) for status in Status if counted[status]]
    line = Text(f"{len(outcomes)} scenarios: ")
    for index, (words, style) in enumerate(parts):
        line.append(", " if index else "").append(words, style)
    console.print(line, soft_wrap=True)


async def play_and_show(
    console: Console,
    files: Sequence[Found],
    *,
    api_url: str,
    nats_url: str | None,
    twin_url: str | None = None,
    jobs: int,
    report: Path | None,
) -> bool:
    """Play the files on that system and tell each outcome as it comes; true when nothing failed or broke."""
    outcomes: dict[str, Outcome] = {}
    async with runner(api_url, nats_url=nats_url, twin_url=twin_url) as playing:
        async for found, outcome in playing.play_all(files, jobs=jobs):
            show(console, outcome)
            outcomes[str(found.path)] = outcome
    in_order = [outcomes[str(found.path)] for found in files]
    summary(console, in_order)
    if report is not None:
        write(report, in_order)
    return successful(in_order)


def write(path: Path, outcomes: Sequence[Outcome]) -> None:
    """The report for machines, in the order of the files."""
    document = {"scenarios": [_document(outcome) for outcome in outcomes]}
    path.write_text(json.dumps(document, indent=2, default=_json) + "\n", encoding="utf-8")


def successful(outcomes: Sequence[Outcome]) -> bool:
    """Nothing failed and nothing broke; what is unsupported was not claimed."""
    return not any(outcome.status in (Status.FAILED, Status.ERROR) for outcome in outcomes)


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "status": outcome.status.value,
        "seconds": round(outcome.seconds, 3),
        "failures": [
            {
                "step": failure.step,
                "key": failure.difference.key,
                "expected": failure.difference.expected,
                "actual": failure.difference.actual,
            }
            for failure in outcome.failures
        ],
        "message": outcome.message,
    }


def _json(value: object) -> str:
    return _moment(value) if isinstance(value, datetime) else str(value)


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _words(value: object) -> str:
    """A value as the scenario file would write it."""
    match value:
        case datetime():
            return _moment(value)
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return "{" + ", ".join(f"{key}: {_words(part)}" for key, part in pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_words, cast("Sequence[object]", value))) + "]"
        case None:
            return "nothing"
        case _:
            return str(value)
