"""How does a test look at a page? One Chromium for the run, driven from a thread of its own.

Playwright's synchronous interface leaves its event loop running in the thread that started it, where no
asynchronous test could run any more; hence the thread. What it hands out is wrapped: a call goes to that
thread, and answers come back as plain values or wrapped again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from engine.sandbox.twin.values.types import as_list

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE_MS = 10_000
_PHONE = {"width": 390, "height": 844}


def chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Remote:
    """Something of Playwright that lives in the browser's thread and is used from the test's."""

    def __init__(self, thread: ThreadPoolExecutor, held: Any) -> None:
        self._thread = thread
        self._held = held

    def __getattr__(self, name: str) -> Any:
        return self._wrap(self._thread.submit(lambda: getattr(self._held, name)).result())

    def __call__(self, *given: Any, **named: Any) -> Any:
        plain = [value._held if isinstance(value, Remote) else value for value in given]
        return self._wrap(self._thread.submit(lambda: self._held(*plain, **named)).result())

    def _wrap(self, value: Any) -> Any:
        if (listed := as_list(value)) is not None:
            return [self._wrap(item) for item in listed]
        theirs = callable(value) or type(value).__module__.startswith("playwright")
        return Remote(self._thread, value) if theirs else value


class Browser:
    """A running Chromium."""

    def __init__(self, start: Callable[[], Any], thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._browser = Remote(thread, thread.submit(start).result())

    def close(self) -> None:
        """End Chromium."""
        self._browser.close()

    @contextmanager
    def page(self, *, scripts: bool = True, phone: bool = False) -> Generator[Any]:
        """A fresh page with its own cookies: Playwright's `Page`, its calls and answers unchanged."""
        more = {"viewport": _PHONE} if phone else {}
        context = self._browser.new_context(java_script_enabled=scripts, **more)
        try:
            context.set_default_timeout(_PATIENCE_MS)
            yield context.new_page()
        finally:
            context.close()


@contextmanager
def open_browser(path: str) -> Generator[Browser]:
    """A Chromium that is gone at the end, with all that Playwright started."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- slow, and only where there is a browser

    with ThreadPoolExecutor(1, "browser") as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        try:
            browser = Browser(
                lambda: playwright.chromium.launch(executable_path=path, args=list(_FLAGS)), thread
            )
            try:
                yield browser
            finally:
                browser.close()
        finally:
            thread.submit(playwright.stop).result()
