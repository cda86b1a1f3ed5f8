"""Every scenario there is, played on the real stack through the command that people use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.demo.play import shipped
from engine.scenario.reading import find
from engine.scenario.support import unsupported

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared"
AREAS = frozenset(
    [
        "new",
        "from_free",
        "one_off",
        "upgrade",
        "downgrade",
        "renew",
        "checkout",
        "check",
        "cancel",
        "uncancel",
    ]
)
"""The areas of which every file must pass, unless it uses a word that is not built."""

pytestmark = pytest.mark.stack


def run(report: Path, *paths: Path, **environment: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The report by scenario, and what was printed."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "engine.cli",
            "scenario",
            "run",
            *map(str, paths),
            "--json",
            str(report),
            "--jobs",
            "4",
        ],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert report.is_file(), said
    entries = {entry["id"]: entry for entry in json.loads(report.read_text())["scenarios"]}
    good = not any(entry["status"] in ("failed", "error") for entry in entries.values())
    assert ended.returncode == (0 if good else 1)
    return entries, said


def test_our_own_stories_and_the_cases_of_the_demo_pass(tmp_path: Path) -> None:
    entries, said = run(tmp_path / "report.json", HERE, shipped())
    assert {name: entry["status"] for name, entry in entries.items()} == dict.fromkeys(entries, "passed"), (
        said
    )
    assert len(entries) == len(find([HERE, shipped()]))


def test_the_shared_examples_pass_or_name_the_word_that_is_missing(tmp_path: Path) -> None:
    examples = SHARED / "scenarios"
    if not examples.is_dir():
        pytest.skip(f"the shared examples are not at {examples}")
    traffic = tmp_path / "traffic.jsonl"
    entries, said = run(tmp_path / "report.json", examples, WALLSTREET_SANDBOX_TRAFFIC=str(traffic))
    wrong = {name: entry for name, entry in entries.items() if entry["status"] in ("failed", "error")}
    assert wrong == {}, said
    for found in find([examples]):
        assert found.scenario is not None
        words = unsupported(found.scenario)
        status = entries[found.id]["status"]
        if words:
            assert (status, entries[found.id]["message"]) == ("unsupported", ", ".join(words))
        elif found.scenario.area in AREAS:
            assert status == "passed", entries[found.id]
    _conforms(traffic)


def _conforms(traffic: Path) -> None:
    """What went to Stripe, and came back, is what Stripe's own description allows."""
    checker = SHARED / "stripe_conformance" / "check_traffic.py"
    assert traffic.stat().st_size > 0
    judged = subprocess.run(
        [sys.executable, str(checker), "--summary", str(traffic)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-5000:] + judged.stderr
