from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.demo.play import shipped
from rules.loader import FILES, SHIPPED

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "engine.cli", "demo")
pytestmark = pytest.mark.stack


def play(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )


def changed(source: Path, old: str, new: str) -> None:
    text = source.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{source} says {old!r} {text.count(old)} times"
    source.write_text(text.replace(old, new), encoding="utf-8")


def left_behind(mark: str) -> list[str]:
    """Processes whose environment carries the mark."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_the_five_cases_are_told_and_go_as_their_files_say() -> None:
    ended = play()
    told = " ".join(ended.stdout.split())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for branch, function in (
        ("new", "new_product"),
        ("new", "create_checkout"),
        ("upgrade", "update_product"),
        ("downgrade", "schedule_product"),
        ("one_off", "one_off_purchase"),
    ):
        assert f"branch {branch} " in told
        assert f"function {function} " in told
    for words in (
        "for an organization",
        "for a user",
        "attach/branch.yaml:",
        "POST /v1/subscriptions",
        "POST /v1/checkout/sessions",
        "POST /v1/subscription_schedules",
        "total, paid $25.81",
        "wallstreet.change_feed. ",
        " subscription_product.user_",
        "canceling → ended",
        "yes, 1000 left",
        "5 of 5 cases went as their files say.",
        "machines.md",
    ):
        assert words in told, words


def test_a_changed_price_and_a_changed_rule_show_in_what_is_told(tmp_path: Path) -> None:
    scenarios, rules = tmp_path / "scenarios", tmp_path / "rules"
    shutil.copytree(shipped(), scenarios)
    for file in FILES:
        (rules / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIPPED / file, rules / file)
    changed(scenarios / "1-new-subscription.yaml", "{amount: 4900,", "{amount: 7700,")
    changed(
        rules / "attach/config.yaml",
        "{timing: end_of_cycle}\n        because: A downgrade happens when the cycle that is paid for ends.",
        "{timing: immediate}\n        because: Here a downgrade never waits.",
    )
    ended = play("--scenarios", str(scenarios), "--rules", str(rules))
    told = " ".join(ended.stdout.split())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "$77.00" in told
    assert "Here a downgrade never waits." in told
    assert "expected [4900] got [7700]" in told


@pytest.mark.parametrize("after", [0.3, 1.5, 4.0])
def test_ctrl_c_ends_it_at_once_and_leaves_nothing_behind(after: float) -> None:
    mark = f"WALLSTREET_TEST_MARK_{os.getpid()}_{time.monotonic_ns()}"
    process = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=os.environ | {"MARK_OF_A_TEST": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Traceback" not in said or after < 1, said
    deadline = time.monotonic() + 10
    while left_behind(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_behind(mark) == []
