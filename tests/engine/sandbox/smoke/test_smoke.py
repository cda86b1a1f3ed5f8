"""Every endpoint of the scope, called by the official libraries, unmodified but for the base address."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.sandbox.twin.core.parameters import endpoints
from tests.conformance import findings, told
from tests.engine.sandbox.smoke import node_package, take_steps
from tests.engine.sandbox.smoke.steps import HERE, node_steps
from tests.engine.sandbox.test_process import start, stop
from tests.engine.sandbox.twin_client import JAN_1, Twin

_OUTSIDE: dict[str, list[str]] = tomllib.loads((HERE / "outside.toml").read_text(encoding="utf-8"))


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[tuple[Twin, Path]]:
    """A twin of its own whose time stands, and the file with what is said to it."""
    traffic = tmp_path / "traffic.jsonl"
    process, twin = start(tmp_path, "--now", str(JAN_1), "--traffic", str(traffic))
    try:
        yield twin, traffic
    finally:
        assert stop(process) == 0


def called(traffic: Path) -> set[str]:
    """The endpoints that were called, whatever they answered."""
    known = {name: re.compile(re.sub(r"\{\w+\}", r"[^/]+", name)) for name in endpoints()}
    fixed_first = sorted(known, key=lambda name: name.replace("{", "~"))
    lines = [json.loads(line) for line in traffic.read_text(encoding="utf-8").splitlines()]
    asked = {f"{line['method']} {line['path']}" for line in lines}
    return {next(name for name in fixed_first if known[name].fullmatch(call)) for call in asked}


def judge(twin: Twin, traffic: Path) -> None:
    """Nothing is refused as not played, no endpoint is left out, all that was said fits the description."""
    assert twin.get("/_twin/uncovered")["uncovered"] == {}
    outside = {name for names in _OUTSIDE.values() for name in names}
    never = set(endpoints()) - called(traffic)
    assert sorted(never - outside) == [], "never called"
    assert sorted(outside - never) == [], "called, though outside the scope"
    found = findings(traffic, twin.base)
    assert not found, told(found)


def test_the_python_library_calls_every_endpoint(standing: tuple[Twin, Path]) -> None:
    twin, traffic = standing
    assert take_steps.unexpected(twin.base) == []
    judge(twin, traffic)


def test_the_node_library_calls_every_endpoint(standing: tuple[Twin, Path]) -> None:
    twin, traffic = standing
    command = node_package.node()
    if command is None:
        pytest.skip("no Node on this machine")
    if not node_package.fetched():
        pytest.skip("the npm package `stripe` cannot be had")
    ended = subprocess.run(
        [*command, str(HERE / "take_steps.mjs"), str(node_package.FOLDER), twin.base],
        input=json.dumps(node_steps()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == []
    judge(twin, traffic)
