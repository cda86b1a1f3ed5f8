from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

from rich.console import Console

from engine.terminal.checks import Check, run_checks

ROOT = Path(__file__).parents[3]


def check(name: str, code: str) -> Check:
    return Check(name, "a promise", (sys.executable, "-c", code))


def test_the_first_that_fails_ends_the_run_with_its_code() -> None:
    console = Console(width=100, record=True, file=StringIO())
    checks = (check("first", ""), check("second", "raise SystemExit(7)"), check("third", ""))
    assert run_checks(ROOT, checks=checks, console=console) == 7
    told = console.export_text()
    assert "✓ first" in told
    assert "✗ second failed" in told
    assert "third" not in told


def test_all_that_pass_make_a_pass() -> None:
    console = Console(file=StringIO())
    assert run_checks(ROOT, checks=(check("first", ""), check("second", "")), console=console) == 0


def test_a_folder_without_sources_is_told(tmp_path: Path) -> None:
    console = Console(width=200, record=True, file=StringIO())
    assert run_checks(tmp_path, checks=(check("first", ""),), console=console) == 2
    assert "pyproject.toml" in console.export_text()
