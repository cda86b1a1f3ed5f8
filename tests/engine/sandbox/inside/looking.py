"""How is a page read without a browser? Its status and text, and every link of the pages below it."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.request

from tests.engine.sandbox.twin_client import Twin


def look(twin: Twin, path: str) -> tuple[int, str]:
    """The status of a page and its HTML."""
    try:
        with urllib.request.urlopen(twin.base + path, timeout=10) as answer:  # noqa: S310 -- our own twin
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def seen(twin: Twin, path: str) -> str:
    """The HTML of a page that is there."""
    status, text = look(twin, path)
    assert status == 200, (path, status)
    return text


def links(text: str) -> list[str]:
    """Where a page leads to; its empty icon leads nowhere."""
    return [html.unescape(found) for found in re.findall(r'(?<!rel="icon" )href="([^"]+)"', text)]


def words(text: str) -> str:
    """What a reader of a page sees, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<main>")[2])).split())
