"""Services that remember what they were asked and answer what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
from fastapi import FastAPI

from engine.api.services import Answer, Busy, Claimed, Mismatch, Services, Stored

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Asked = tuple[str, tuple[Any, ...], dict[str, Any]]
Kept = tuple[str, bool, Answer | None]
RULES: dict[str, Any] = {"hash": "h", "files": {}}
ACME = {"type": "organization", "id": "acme"}


@dataclass
class Everything:
    """Every service in one: notes each call by name, then answers, waits or raises as told."""

    asked: list[Asked] = field(default_factory=list[Asked])
    answer: dict[str, Any] = field(default_factory=lambda: {"done": True})
    error: BaseException | None = None
    gate: asyncio.Event | None = None
    secret: bool = True
    signed: bool = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def call(*args: Any, **named: Any) -> Answer:
            self.asked.append((name, args, named))
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            return self.answer

        return call

    def configured(self) -> bool:
        return self.secret

    def verify(self, body: bytes, signature: str, *, received_at: datetime) -> bool:
        return self.signed and bool(body) and bool(signature) and received_at == NOW


@dataclass
class MemoryKeys:
    """Idempotency keys in a dictionary."""

    held: dict[tuple[str, str], Kept] = field(default_factory=dict[tuple[str, str], Kept])

    async def claim(self, caller: str, key: str, fingerprint: str) -> Claimed | Stored | Busy | Mismatch:
        known = self.held.get((caller, key))
        if known is None or (known[0] == fingerprint and not known[1] and known[2] is None):
            self.held[caller, key] = (fingerprint, True, None)
            return Claimed()
        if known[0] != fingerprint:
            return Mismatch()
        return Busy() if known[2] is None else Stored(200, known[2])

    async def store(self, caller: str, key: str, *, status: int, body: Answer) -> None:
        assert status == 200
        self.held[caller, key] = (self.held[caller, key][0], False, body)

    async def free(self, caller: str, key: str) -> None:
        del self.held[caller, key]

    async def unlock(self, caller: str, key: str) -> None:
        self.held[caller, key] = (self.held[caller, key][0], False, None)


def services(everything: Everything, **more: Any) -> Services:
    given: dict[str, Any] = {
        "attaching": everything,
        "access": everything,
        "catalogs": everything,
        "customers": everything,
        "webhooks": everything,
        "clocks": everything,
        "keys": MemoryKeys(),
        "now": lambda: NOW,
        "rules": lambda: RULES,
    }
    return Services(**(given | more))


@asynccontextmanager
async def speaking(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def problem(response: httpx2.Response) -> Mapping[str, Any]:
    """The problem of a refusal, after a look at the form that all problems have."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code", "instance"} <= set(body)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:wallstreet:error:{body['code']}"
    return body
