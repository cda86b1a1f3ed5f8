"""The guide for product managers: its example is really made, and proved, as it says."""

from __future__ import annotations

from pathlib import Path

from rules.lint import lint
from rules.ruleset import RuleSet
from rules.verifier import Kind, render, verify
from tests.rules.requests import DOWN, decided, edited, line, tables_of

GUIDE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
CONFIG = "attach/config.yaml"
READS = "    reads: [branch, asked_timing, start_date, quantity_billing]\n"
WAITS = """      - id: downgrade_waits
        tier: kind
        when: {branch: downgrade}
        then: {timing: end_of_cycle}
        because: A downgrade happens when the cycle that is paid for ends.
"""
FIRST = "    - id: downgrade_waits\n      tier: kind\n      when: {branch: downgrade, invoice_mode: false}"


def _example(begins: str, ends: str) -> str:
    text = GUIDE[GUIDE.index(begins) :]
    text = text[: text.index(ends)]
    return "".join(f"  {each}\n" for each in text.splitlines())


def _changed(rules: str) -> dict[str, str]:
    reads = _example("  reads: [branch, asked_timing, start_date, quantity_billing, invoice", "\n```")
    return edited((CONFIG, READS, reads), (CONFIG, WAITS, rules))


def test_the_change_of_the_guide_works_and_is_proved() -> None:
    rules = _example(FIRST, "\n```")
    files = _changed(rules)
    ruleset = RuleSet(files, tables_of(files))

    assert not lint(ruleset.tables)
    assert verify(ruleset, only={"timing"}).holds
    by_invoice = line(DOWN, invoice_mode=True, enable_immediately=True)
    assert decided(ruleset, by_invoice).config["timing"] == "immediate"
    assert decided(ruleset, line(DOWN)).config["timing"] == "end_of_cycle"


def test_the_mistake_of_the_guide_is_found_in_the_words_of_the_guide() -> None:
    rules = _example(FIRST, "\n```")
    files = _changed(rules.replace("{branch: downgrade, invoice_mode: false}", "{branch: downgrade}"))
    report = verify(RuleSet(files, tables_of(files)), only={"timing"})
    text = render(report)

    assert [each.kind for each in report.faults] == [Kind.OVERLAP]
    message = text[text.index(CONFIG) : text.index("NOT proved")].strip()
    assert message in GUIDE


def test_the_table_shown_is_the_shipped_one() -> None:
    shown = _example("- name: timing\n  stage: config", "  invariants:")
    shipped = edited()[CONFIG]

    assert shown in shipped
