"""The twin that the tests of the twin talk to: one process for the run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import findings, told
from tests.engine.sandbox.browser import Browser, chromium, open_browser
from tests.engine.sandbox.twin_client import Clock, Twin

_ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the twin writes every exchange of the run."""
    return tmp_path_factory.mktemp("twin") / "traffic.jsonl"


@pytest.fixture(scope="session")
def twin(traffic: Path) -> Iterator[Twin]:
    """The twin of the run; all that it said and told is judged at the end."""
    found: list[str] = []
    port_file = traffic.with_name("port")
    command = [sys.executable, "-m", "engine.sandbox.twin", "--port-file", str(port_file)]
    process = subprocess.Popen([*command, "--traffic", str(traffic)], cwd=_ROOT)
    try:
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        base = f"http://127.0.0.1:{port_file.read_text()}"
        yield Twin.at(base)
        found = findings(traffic, base)
    finally:
        process.terminate()
        assert process.wait(10) == 0
    assert not found, told(found)


@pytest.fixture
def clock(twin: Twin) -> Clock:
    """A test clock at 2026-01-01."""
    return twin.clock()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of the run; `with browser.page() as page:` is Playwright's page."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with open_browser(path) as opened:
        yield opened
