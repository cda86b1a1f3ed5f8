"""A twin of a test's own: with its own options, judged and ended with the block."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance import findings, told
from tests.engine.sandbox.twin_client import Twin

_ROOT = Path(__file__).parents[3]


@contextmanager
def launched(folder: Path, *options: str, events: bool = True) -> Generator[Twin]:
    """A twin that runs inside the block; what it said is judged, its events too, and it ends in peace.

    Reading the events takes ids of requests: a test that compares those goes without (`events`).
    """
    port_file, traffic = folder / "own.port", folder / "traffic.jsonl"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "engine.sandbox.twin", "--port-file", str(port_file)]
    process = subprocess.Popen([*command, "--traffic", str(traffic), *options], cwd=_ROOT)
    found: list[str] = []
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        twin = Twin.at(f"http://127.0.0.1:{port_file.read_text()}")
        yield twin
        if events:
            twin.delete("/_twin/faults")
        found = findings(traffic, twin.base if events else None)
    finally:
        process.terminate()
        assert process.wait(10) == 0
    assert not found, told(found)
