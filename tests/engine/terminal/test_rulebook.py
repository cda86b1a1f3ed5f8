from __future__ import annotations

from io import StringIO

from rich.console import Console

from engine.terminal.rulebook import show_rulebook
from rules import load_ruleset


def test_every_rule_is_shown_with_its_place() -> None:
    ruleset = load_ruleset()
    console = Console(width=400, record=True, file=StringIO())
    show_rulebook(console, ruleset)
    told = console.export_text()
    for table in ruleset.tables:
        for rule in table.rules:
            assert f"{rule.position.file}:{rule.position.line} " in told
    assert ruleset.hash in told
