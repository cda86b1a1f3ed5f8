"""A server that answers what it is told to: what Stripe says when it says nothing good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answers:
    """What comes back: a status and a body, nothing at all, or a connection that ends."""

    status: int = 200
    body: Any = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    silent: bool = False
    hangs_up: bool = False
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    base: str = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0], headers))
        if self.silent:
            await reader.read()
        elif not self.hangs_up:
            writer.write(self._answer())
            await writer.drain()
        writer.close()

    def _answer(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"Content-Length": str(len(body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    @property
    def keys(self) -> list[str | None]:
        """The idempotency key of each request."""
        return [headers.get("idempotency-key") for _, headers in self.requests]


@asynccontextmanager
async def answering() -> AsyncGenerator[Answers]:
    """The server listens inside the block."""
    answers = Answers()
    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    answers.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield answers
    finally:
        server.close()
