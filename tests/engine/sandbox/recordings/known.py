"""Which differences from the recordings are known, and why? The list beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.engine.sandbox.recordings.shapes import Difference

_LIST = Path(__file__).with_name("known.toml")


class Known:
    """The list; remembers which of its entries explained something."""

    def __init__(self) -> None:
        listed: dict[str, Any] = tomllib.loads(_LIST.read_text(encoding="utf-8"))
        self.fields = {
            (where, how)
            for entry in listed["fields"]
            for how in ("newer", "older")
            for where in entry.get(how, ())
        }
        self.exchanges = {number for entry in listed.get("exchanges", ()) for number in entry["numbers"]}
        self._used: set[tuple[str, str]] = set()

    def unexplained(self, found: Iterable[Difference]) -> list[Difference]:
        """The differences that no field of the list explains."""
        left: list[Difference] = []
        for difference in found:
            entry = (difference.where, difference.how)
            if entry in self.fields:
                self._used.add(entry)
            else:
                left.append(difference)
        return left

    @property
    def unused(self) -> list[str]:
        """Entries that explained nothing."""
        return sorted(f"{where} ({how})" for where, how in self.fields - self._used)
