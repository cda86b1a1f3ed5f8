"""How do services ask over NATS? The micro service `wallstreet`, with the bodies and errors of HTTP."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service, ServiceConfig

from engine.background import end
from engine.bus.connection import Bus
from engine.errors import InvalidRequest

NAME = "wallstreet"
PREFIX = "wallstreet.rpc"
VERSION = "1.0.0"

Handler = Callable[[Any, Mapping[str, str]], Awaitable[Any]]
"""From a body and its headers (`Idempotency-Key`) to an answer, both JSON."""
ProblemOf = Callable[[Exception, str], Mapping[str, Any]]
"""From what was raised and the subject that was asked to a problem with `status` and `title`."""

_GRACE = 10.0


@asynccontextmanager
async def serving(
    bus: Bus, handlers: Mapping[str, Handler], *, problem_of: ProblemOf
) -> AsyncGenerator[None]:
    """Each handler answers on `wallstreet.rpc.<its name>` inside the block; at its end the open ones finish.

    Every process of the same name shares the requests. A request is a task of its own: the library would
    otherwise let it wait for the one before.
    """
    tasks: set[asyncio.Task[None]] = set()
    service = await _started(bus)
    try:
        for name, handler in handlers.items():
            answer = _endpoint(handler, problem_of, tasks)
            await service.add_endpoint(EndpointConfig(name=name, subject=f"{PREFIX}.{name}", handler=answer))
        yield
    finally:
        await service.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE)
        await end(*tasks)


async def _started(bus: Bus) -> Service:
    config = ServiceConfig(name=NAME, version=VERSION, description="Billing and subscriptions on Stripe.")
    with warnings.catch_warnings():
        # It reads the clock in a way that Python 3.12 calls old.
        warnings.simplefilter("ignore", DeprecationWarning)
        service = Service(bus.client, config)
        await service.start()
    return service


def _endpoint(
    handler: Handler, problem_of: ProblemOf, tasks: set[asyncio.Task[None]]
) -> Callable[[Request], Awaitable[None]]:
    async def accept(request: Request) -> None:
        task = asyncio.create_task(_answer(request, handler, problem_of))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return accept


async def _answer(request: Request, handler: Handler, problem_of: ProblemOf) -> None:
    try:
        answer = await handler(_body(request), request.headers or {})
        data = json.dumps(answer).encode()
    except Exception as error:  # noqa: BLE001 - the caller gets an answer, whatever happened
        problem = problem_of(error, request.subject)
        await request.respond_error(
            code=str(problem["status"]), description=str(problem["title"]), data=json.dumps(problem).encode()
        )
    else:
        await request.respond(data)


def _body(request: Request) -> Any:
    try:
        return json.loads(request.data or b"{}")
    except ValueError as error:
        raise InvalidRequest("The body of the request is not JSON.") from error
