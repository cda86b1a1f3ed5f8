"""Does all that a twin said fit Stripe's API description? Its exchanges and events, each shape judged once.

The judge lies beside the repository (`../shared/stripe_conformance`) and is asked inside this process. Of
two exchanges that differ in numbers and names alone only the first is judged: a run has tens of thousands.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.narrowing import is_hash, is_list
from tests.outside import CONFORMANCE

_WORD = re.compile(r"[a-z_.]{1,60}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FREE = {"metadata", "payload"}
_WITHOUT_PATH = ("/v1/disputes", "/v1/application_fees")
_MOST_TOLD = 40


class Judge:
    """The checker, and which shapes it has seen."""

    def __init__(self) -> None:
        sys.path.insert(0, str(CONFORMANCE))
        try:
            self._traffic: Any = importlib.import_module("stripe_conformance.traffic")
            self._objects: Any = importlib.import_module("stripe_conformance.objects")
            self._spec: Any = importlib.import_module("stripe_conformance.spec").default_spec()
        finally:
            sys.path.remove(str(CONFORMANCE))
        self._spec.validator = cache(self._spec.validator)
        self._seen: set[int] = set()
        self.findings: list[str] = []

    def exchange(self, record: dict[str, Any]) -> None:
        """Judge one line of a traffic file."""
        if record["path"].startswith("/v1/events") and record["status"] < 400:
            answer = record["response"]
            for event in answer["data"] if answer["object"] == "list" else [answer]:
                self.event(event)
            return
        operation = self._spec.match(record["method"], record["path"])
        named = operation.path if operation is not None else record["path"]
        if not self._is_new(
            [record["method"], named, record["params"], record["status"], record["response"]]
        ):
            return
        if operation is None:
            self._without_operation(record)
            return
        _, found = self._traffic.check_exchange(self._spec, self._traffic.Exchange.parse(record), True)  # noqa: FBT003 -- the checker's own signature
        self._tell(f"{record['method']} {record['path']}", found)

    def _without_operation(self, record: dict[str, Any]) -> None:
        """Paths that the description lacks: their objects alone; a refused address is no fault."""
        about = f"{record['method']} {record['path']}"
        if record["status"] >= 400:
            self._tell(about, self._objects.check_error_body(record["response"]))
        elif record["path"].startswith(_WITHOUT_PATH):
            self._tell(about, self._objects.check_object(self._spec, record["response"], True))  # noqa: FBT003
        else:
            self.findings.append(f"{about}: no such endpoint")

    def event(self, event: dict[str, Any]) -> None:
        """Judge one event and, by its type, the object that it carries; the two apart, which is faster."""
        kind, carried, about = event["type"], event["data"]["object"], f"event {event['type']} {event['id']}"
        if kind not in self._spec.events:
            self.findings.append(f"{about}: no such type")
        elif self._is_new([kind, carried]):
            self._tell(about, self._objects._validate(self._spec, f"/events/{kind}", carried, True))  # noqa: FBT003
        bare: dict[str, Any] = {**event["data"], "object": {}, "previous_attributes": {}}
        envelope = {**event, "type": "", "data": bare}
        if self._is_new(envelope):
            found = self._objects._validate(self._spec, "/components/schemas/event", envelope, True)  # noqa: FBT003
            self._tell(about, [one for one in found if not one.where.startswith(("data.object", "type"))])

    def taken(self) -> list[str]:
        """What was found since the last time."""
        found, self.findings = self.findings, []
        return found

    def _is_new(self, value: Any) -> bool:
        shape = hash(_shape(value))
        if shape in self._seen:
            return False
        self._seen.add(shape)
        return True

    def _tell(self, about: str, found: list[Any]) -> None:
        self.findings += [
            f"{about}: {one.kind.value} {one.where}: {one.message}" for one in found if not _is_gap(one)
        ]


def _is_gap(finding: Any) -> bool:
    """What the checker gets wrong, by its own account or by Stripe's documentation."""
    kind, where = finding.kind.value, finding.where
    pending = kind == "conflict" and where == "metadata" and "pending_if_incomplete" in finding.message
    return pending or (kind == "bad-expand" and where.endswith("items.data.price"))


def _shape(value: Any, name: str = "") -> Any:
    """The same for two values that differ only in numbers and in names."""
    if is_hash(value):
        if name in _FREE:
            return "hash"
        return tuple(sorted((key, _shape(item, key)) for key, item in value.items()))
    if is_list(value):
        return ("list", *dict.fromkeys(_shape(item) for item in value))
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else "0" if _NUMBER.fullmatch(value) else "text"
    return value if value is None or isinstance(value, bool) else type(value).__name__


@cache
def _judge() -> Judge:
    """The one of this run: what one twin said it need not hear from another."""
    return Judge()


def findings(traffic: Path, base: str | None) -> list[str]:
    """What is wrong with what a twin said and, while it runs, with the events that it told."""
    with traffic.open(encoding="utf-8") as lines:
        return judged(lines, _events(base) if base is not None else ())


def judged(lines: Iterable[str], events: Iterable[dict[str, Any]] = ()) -> list[str]:
    """What is wrong with lines of traffic, and with events; nothing where the checker is absent."""
    if not CONFORMANCE.exists():
        return []
    judge = _judge()
    for line in lines:
        judge.exchange(json.loads(line))
    for event in events:
        judge.event(event)
    return judge.taken()


def told(found: list[str]) -> str:
    """The findings as a text to read."""
    more = len(found) - _MOST_TOLD
    return "\n".join(
        [f"{len(found)} findings of the checker", *found[:_MOST_TOLD], *([f"and {more} more"] * (more > 0))]
    )


def _events(base: str) -> Iterator[dict[str, Any]]:
    yield from _pages(base, "/v1/events", None)
    for account in _pages(base, "/v1/accounts", None):
        yield from _pages(base, "/v1/events", account["id"])


def _pages(base: str, path: str, account: str | None) -> Iterator[dict[str, Any]]:
    headers = {"Authorization": "Bearer sk_test_conformance"}
    headers |= {"Stripe-Account": account} if account else {}
    after = ""
    while True:
        url = f"{base}{path}?limit=100{after}"
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 -- our own twin
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            page = json.load(answer)
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"
