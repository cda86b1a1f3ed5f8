"""A twin of a test's own: with its own options, ended with the block."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.engine.sandbox.twin_client import Twin

_ROOT = Path(__file__).parents[3]


@contextmanager
def launched(folder: Path, *options: str) -> Generator[Twin]:
    """A twin that runs inside the block; it ends in peace."""
    port_file = folder / "own.port"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "engine.sandbox.twin", "--port-file", str(port_file), *options]
    process = subprocess.Popen(command, cwd=_ROOT)
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Twin.at(f"http://127.0.0.1:{port_file.read_text()}")
    finally:
        process.terminate()
        assert process.wait(10) == 0
