"""What is asked? One request as it came, before anything was done about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.sandbox.twin.values.types import Obj

from .keys import fingerprint


@dataclass(slots=True)
class Asked:
    """One request: what it wants, in whose name, under which key."""

    method: str
    path: str
    request_id: str
    key: str | None = None
    account: str | None = None
    params: Obj = field(default_factory=dict[str, object])
    endpoint: str | None = None
    ids: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def fingerprint(self) -> str:
        """What makes it the same as another request."""
        return fingerprint(self.method, self.path, self.params)


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as they are logged."""

    method: str
    path: str
    params: Obj
    status: int
    request_id: str
    key: str | None
    milliseconds: float
    answer: Obj
    account: str | None = None
    at: int = 0
    lost: bool = False
