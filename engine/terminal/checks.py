"""What does CI run? Every check of the sources, in one order, here as there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from rich.console import Console

BINARIES = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Check:
    """One command, and what it makes sure of."""

    name: str
    promise: str
    command: tuple[str, ...]


CHECKS: tuple[Check, ...] = (
    Check("format", "every file is formatted", (str(BINARIES / "ruff"), "format", "--check", ".")),
    Check("lint", "no rule of ruff is broken", (str(BINARIES / "ruff"), "check", ".")),
    Check("types", "mypy agrees", (sys.executable, "-m", "mypy")),
    Check("types again", "pyright agrees", (sys.executable, "-m", "pyright")),
    Check("contracts", "rooms import only what they may", (str(BINARIES / "lint-imports"),)),
    Check(
        "rules",
        "each customer gets exactly one answer",
        (sys.executable, "-m", "engine.cli", "rules", "verify"),
    ),
    Check(
        "diagrams",
        "the drawings are those of the tables",
        (sys.executable, "-m", "engine.cli", "machines", "diagram", "--check"),
    ),
    Check("tests", "everything works", (sys.executable, "-m", "pytest")),
)


def run_checks(root: Path, *, checks: Sequence[Check] = CHECKS, console: Console | None = None) -> int:
    """Run the checks in their order until one fails; its exit code, or 0."""
    told = console or Console(highlight=False)
    if not (root / "pyproject.toml").is_file():
        told.print(f"wallstreet: {root} holds no pyproject.toml; run this in a checkout of the sources.")
        return 2
    for check in checks:
        began = monotonic()
        told.print(f"[bold]{check.name}[/bold]  [dim]{check.promise}[/dim]")
        code = subprocess.run(check.command, cwd=root, check=False).returncode  # noqa: S603 - our own list
        if code != 0:
            told.print(f"[bold red]✗ {check.name} failed[/bold red]  [dim]{' '.join(check.command)}[/dim]")
            return code
        told.print(f"[green]✓[/green] {check.name}  [dim]{monotonic() - began:.1f} s[/dim]\n")
    return 0
