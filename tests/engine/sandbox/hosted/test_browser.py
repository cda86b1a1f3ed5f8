"""The browser of the tests itself."""

from __future__ import annotations

import asyncio

from tests.engine.sandbox.browser import Browser
from tests.engine.sandbox.twin_client import Twin


def test_a_page_is_read_in_a_real_browser(browser: Browser, twin: Twin) -> None:
    with browser.page(scripts=False) as page:
        assert page.goto(f"{twin.base}/_twin/health").status == 200
        assert "ok" in page.locator("body").inner_text()
        assert page.url.endswith("/_twin/health")


async def test_asynchronous_tests_run_beside_it(browser: Browser) -> None:
    await asyncio.sleep(0)
    with browser.page() as page:
        page.set_content("<h1>one</h1><h1>two</h1>")
        assert [heading.inner_text() for heading in page.locator("h1").all()] == ["one", "two"]
