"""The twin that the tests of the twin talk to: one process for the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.sandbox.browser import Browser, chromium, open_browser
from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import Clock, Twin


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the twin writes every exchange of the run."""
    return tmp_path_factory.mktemp("twin") / "traffic.jsonl"


@pytest.fixture(scope="session")
def twin(traffic: Path) -> Iterator[Twin]:
    """The twin of the run; all that it said and told is judged at the end."""
    with launched(traffic.parent) as started:
        yield started


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
