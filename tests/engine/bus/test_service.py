from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from engine.bus.connection import Bus
from engine.bus.service import serving
from engine.errors import Refused, WallstreetError


def _problem_of(error: Exception, subject: str) -> Mapping[str, Any]:
    if isinstance(error, WallstreetError):
        return {"status": error.status, "title": error.title, "code": error.code, "instance": subject}
    return {"status": 500, "title": "Internal error", "code": "internal_error", "instance": subject}


async def _echo(body: Any, headers: Mapping[str, str]) -> Any:
    return {"body": body, "key": headers.get("Idempotency-Key")}


async def _refuse(_body: Any, _headers: Mapping[str, str]) -> Any:
    raise Refused("product_already_attached", "It is there already.")


async def _break(_body: Any, _headers: Mapping[str, str]) -> Any:
    raise RuntimeError("secret inside")


async def _sleep(_body: Any, _headers: Mapping[str, str]) -> Any:
    await asyncio.sleep(0.3)
    return {}


HANDLERS = {"echo": _echo, "refuse": _refuse, "break": _break, "sleep": _sleep}


async def _ask(bus: Bus, name: str, data: bytes, **headers: str) -> tuple[Any, Mapping[str, str]]:
    reply = await bus.client.request(f"wallstreet.rpc.{name}", data, timeout=5, headers=headers or None)
    return json.loads(reply.data), reply.headers or {}


async def test_a_request_is_answered_with_its_headers_known(bus: Bus) -> None:
    async with serving(bus, HANDLERS, problem_of=_problem_of):
        answer, headers = await _ask(bus, "echo", b'{"a": 1}', **{"Idempotency-Key": "k"})
    assert answer == {"body": {"a": 1}, "key": "k"}
    assert not headers


async def test_an_error_is_a_problem_and_marked_as_one(bus: Bus) -> None:
    async with serving(bus, HANDLERS, problem_of=_problem_of):
        problem, headers = await _ask(bus, "refuse", b"{}")
        assert problem["code"] == "product_already_attached"
        assert problem["instance"] == "wallstreet.rpc.refuse"
        assert headers["Nats-Service-Error-Code"] == "409"
        assert headers["Nats-Service-Error"] == "Refused"
        problem, _ = await _ask(bus, "echo", b"{not json")
        assert (problem["status"], problem["code"]) == (400, "invalid_request")
        problem, headers = await _ask(bus, "break", b"{}")
        assert problem["code"] == "internal_error"
        assert "secret" not in str(headers)


async def test_requests_do_not_wait_for_each_other(bus: Bus) -> None:
    async with serving(bus, HANDLERS, problem_of=_problem_of):
        started = time.monotonic()
        await asyncio.gather(*(_ask(bus, "sleep", b"") for _ in range(10)))
        assert time.monotonic() - started < 1.5


async def test_open_requests_are_answered_before_the_end(bus: Bus) -> None:
    async with serving(bus, HANDLERS, problem_of=_problem_of):
        asked = asyncio.create_task(_ask(bus, "sleep", b""))
        await asyncio.sleep(0.1)
    assert (await asked)[0] == {}


async def test_the_service_can_be_discovered(bus: Bus) -> None:
    async with serving(bus, HANDLERS, problem_of=_problem_of):
        reply = await bus.client.request("$SRV.INFO.wallstreet", b"", timeout=5)
    told = json.loads(reply.data)
    assert {endpoint["subject"] for endpoint in told["endpoints"]} == {
        f"wallstreet.rpc.{name}" for name in HANDLERS
    }
