"""What was recorded? The exchanges with the real Stripe, each with the account in which it happened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.sandbox.twin.protocol.forms import decode
from tests.narrowing import is_hash, is_list

_ACCOUNT_IN_ID = re.compile(r"^(?!acct_)[a-z]+_\w{6}(\w{10})\w{8}$")
_ACCOUNT_IN_LOG = re.compile(r"/acct_\w{6}(\w{10})/")
NO_KEY = 401


@dataclass(frozen=True)
class Exchange:
    """One call to the real Stripe and its answer."""

    number: int
    source: str
    method: str
    path: str
    params: dict[str, Any]
    status: int
    answer: dict[str, Any]

    @property
    def name(self) -> str:
        """How the exchange is named in lists and messages."""
        return f"{self.number} {self.method} {self.path}"

    @property
    def ids(self) -> list[str]:
        """Whatever the request says that may be the id of something."""
        return [*self.path.split("/")[3:], *texts(self.params)]


def read(file: Path) -> list[Exchange]:
    """All exchanges in their order."""
    found: list[Exchange] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        raw = json.loads(line)
        path, _, query = raw["path"].partition("?")
        params = {**decode(query), **decode(raw["form"])}
        found.append(
            Exchange(number, raw["_src"], raw["method"], path, params, raw["status"], raw["response"])
        )
    return found


def texts(value: Any) -> Iterator[str]:
    """Every string inside."""
    if isinstance(value, str):
        yield value
    inner = value.values() if is_hash(value) else value if is_list(value) else ()
    for item in inner:
        yield from texts(item)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of Stripe inside, outer ones first."""
    if is_hash(value) and "object" in value:
        yield value
    inner = value.values() if is_hash(value) else value if is_list(value) else ()
    for item in inner:
        yield from objects(item)


def account_of(exchange: Exchange, others: list[Exchange]) -> str | None:
    """The account (the middle of its ids) in which a call was made, told by ids in it or in its kin."""
    own = _told(exchange)
    if own is not None or not exchange.answer.get("id", "").startswith("cus_"):
        return own
    customer = exchange.answer["id"]
    kin = (_told(other) for other in others if customer in other.ids and other.status < NO_KEY)
    return next((account for account in kin if account is not None), None)


def _told(exchange: Exchange) -> str | None:
    log = _ACCOUNT_IN_LOG.search(exchange.answer.get("error", {}).get("request_log_url", ""))
    if log is not None:
        return log[1]
    for text in [exchange.answer.get("id", ""), *exchange.ids, *texts(exchange.answer)]:
        match = _ACCOUNT_IN_ID.match(text)
        if match is not None:
            return match[1]
    return None
