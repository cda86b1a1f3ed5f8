from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from engine.scenario.expect import Difference
from engine.scenario.report import show, successful, summary, write
from engine.scenario.runner import Failure, Outcome, Status

FAILED = Outcome(
    "an-upgrade",
    Status.FAILED,
    1.23456,
    (
        Failure(3, "attach premium", Difference("invoices", [1549], [1549, 20])),
        Failure(4, "advance to", Difference("trial_ends_at", datetime(2026, 1, 8, tzinfo=UTC), None)),
    ),
)
OUTCOMES = [
    FAILED,
    Outcome("plain", Status.PASSED, 0.5),
    Outcome("odd", Status.UNSUPPORTED, 0.0, message="trial, tiers"),
    Outcome("broken", Status.ERROR, 0.0, message="file.yaml:3: unknown key `x`"),
]


def test_the_report_has_exactly_the_agreed_shape(tmp_path: Path) -> None:
    write(tmp_path / "report.json", OUTCOMES)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["scenarios"][0] == {
        "id": "an-upgrade",
        "status": "failed",
        "seconds": 1.235,
        "failures": [
            {"step": 3, "key": "invoices", "expected": [1549], "actual": [1549, 20]},
            {"step": 4, "key": "trial_ends_at", "expected": "2026-01-08T00:00:00Z", "actual": None},
        ],
        "message": "",
    }
    assert [entry["status"] for entry in report["scenarios"]] == ["failed", "passed", "unsupported", "error"]
    assert set(report) == {"scenarios"}


def printed(*outcomes: Outcome) -> str:
    console = Console(width=110, record=True, file=StringIO())
    for outcome in outcomes:
        show(console, outcome)
    summary(console, outcomes)
    return console.export_text()


def test_each_scenario_has_one_line_and_each_failure_its_difference() -> None:
    lines = printed(*OUTCOMES).splitlines()
    assert lines[0].startswith("✗ an-upgrade  failed")
    assert [line.strip() for line in lines[1:4]] == [
        "step 3, attach premium: invoices",
        "expected  [1549]",
        "got       [1549, 20]",
    ]
    assert "- odd  unsupported  trial, tiers" in lines
    assert "! broken  error  file.yaml:3: unknown key `x`" in lines
    assert lines[-1] == "4 scenarios: 1 passed, 1 failed, 1 unsupported, 1 error"


def test_only_what_failed_or_broke_is_a_failure_of_the_run() -> None:
    assert successful(OUTCOMES[1:3])
    assert not successful(OUTCOMES[:2])
    assert not successful(OUTCOMES[3:])
