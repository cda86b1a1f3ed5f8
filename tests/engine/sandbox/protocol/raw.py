"""Requests as no library would send them."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.engine.sandbox.twin_client import Twin

KEY = {"Authorization": "Bearer sk_test_raw"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Said:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        return self.body["error"]


def ask(
    twin: Twin, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
) -> Said:
    """Send one request with exactly these headers (those of a test key and a form unless told)."""
    connection = http.client.HTTPConnection(urlsplit(twin.base).netloc, timeout=20)
    given = {**KEY, **(FORM if body is not None else {})} if headers is None else headers
    try:
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        shown = {name.lower(): value for name, value in answer.getheaders()}
        return Said(answer.status, shown, answer.read())
    finally:
        connection.close()
