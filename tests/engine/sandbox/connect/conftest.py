"""A twin of its own whose live clock stands, for what happens to accounts as days go by."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.sandbox.twin_client import JAN_1, Twin

_ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="session")
def still(traffic: Path) -> Iterator[Twin]:
    """A twin that stands at 2026-01-01 until it is told."""
    port_file, lines = traffic.with_name("still-port"), traffic.with_name("still.jsonl")
    command = [
        sys.executable,
        "-m",
        "engine.sandbox.twin",
        "--port-file",
        str(port_file),
        "--now",
        str(JAN_1),
    ]
    process = subprocess.Popen([*command, "--traffic", str(lines)], cwd=_ROOT)
    try:
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Twin.at(f"http://127.0.0.1:{port_file.read_text()}")
    finally:
        process.terminate()
        assert process.wait(10) == 0
