from __future__ import annotations

import subprocess
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from engine.bootstrap import System
from engine.cli import INTERRUPTED, MISUSED, main
from engine.settings import Settings

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


COMMANDS: dict[tuple[str, ...], list[str]] = {
    (): ["demo", "dev", "sandbox", "verify", "scenario", "rules", "machines", "bench"],
    ("demo",): ["--rules", "--scenarios", "Stripe"],
    ("dev",): ["--data", "--port", "Ctrl-C"],
    ("sandbox",): ["--port", "--host", "--data", "--seed", "--now", "--forward-to", "Ctrl-C"],
    ("verify",): ["CI"],
    ("scenario", "run"): ["--json", "--jobs", "--api", "unsupported"],
    ("rules", "verify"): ["--dir", "exactly one answer"],
    ("rules", "show"): ["--dir", "because"],
    ("machines", "diagram"): ["--check", "--out", "Mermaid"],
    ("bench", "attach"): ["--count", "p99"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_what_a_command_is_for(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["wallstreet", *command, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for word in COMMANDS[command]:
        assert word in told


def test_help_is_there_before_anything_heavy_is_loaded() -> None:
    heavy = "import engine.cli, sys; print({'sqlalchemy', 'fastapi', 'stripe', 'nats'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("demo",), {"WALLSTREET_RULES_DIR": "/nowhere"}, "WALLSTREET_RULES_DIR must be an existing folder"),
        (("dev",), {"WALLSTREET_PORT": "many"}, "WALLSTREET_PORT must be a number"),
        (("scenario", "run", "nowhere.yaml"), {}, "nowhere.yaml does not exist"),
        (("sandbox", "--now", "tomorrow"), {}, "--now must be a time such as 2026-01-31"),
        (("sandbox", "--now", "2026-01-31", "--follow"), {}, "give one of them"),
        (("sandbox", "--data", "/nowhere/state.json"), {}, "there is no folder /nowhere"),
        (("sandbox", "--webhook-retries", "never"), {}, "must be scheduled or hurried"),
        (("sandbox", "--host", "192.0.2.1"), {}, "Cannot listen on 192.0.2.1:12111"),
        (("rules", "show", "--dir", "tests"), {}, "attach/compare.yaml"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    ended = run(*arguments, **environment)
    assert ended.returncode == MISUSED
    assert sentence in ended.stderr
    assert ended.stderr.startswith("wallstreet: ")
    assert "Traceback" not in ended.stderr


def test_checks_need_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["wallstreet", "verify"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == MISUSED
    assert "Makefile" in capsys.readouterr().err


def test_a_misspelt_command_is_told_too() -> None:
    ended = run("demos")
    assert ended.returncode == MISUSED
    assert "No such command" in ended.stderr


def test_drawings_that_are_stale_are_named_and_then_written(tmp_path: Path) -> None:
    stale = run("machines", "diagram", "--check", "--out", str(tmp_path))
    assert stale.returncode == 1
    assert f"stale: {tmp_path / 'machines.md'}" in stale.stdout
    assert run("machines", "diagram", "--out", str(tmp_path)).returncode == 0
    fresh = run("machines", "diagram", "--check", "--out", str(tmp_path))
    assert (fresh.returncode, fresh.stdout.strip()) == (
        0,
        f"The drawings in {tmp_path} are those of the tables.",
    )


def test_ctrl_c_is_no_stack_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.app", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "environment", "kept"),
    [
        ([], {}, None),
        ([], {"WALLSTREET_DATA": "told"}, "told"),
        (["--data", "asked"], {"WALLSTREET_DATA": "told"}, "asked"),
    ],
)
def test_data_is_kept_where_the_setting_or_the_option_says(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    environment: dict[str, str],
    kept: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["wallstreet", "dev", *arguments])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folders: list[Path | None] = []

    def run_without_a_loop(work: Coroutine[Any, Any, None]) -> None:
        work.send(None)

    def running(settings: Settings, *, data: Path | None) -> AbstractAsyncContextManager[System]:
        folders.append(data)
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli._running", running)
    monkeypatch.setattr("engine.cli._run", run_without_a_loop)
    with pytest.raises(SystemExit):
        main()
    assert folders == [Path(kept) if kept else None]
