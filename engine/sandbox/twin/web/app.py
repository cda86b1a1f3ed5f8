"""How do the parts stand together? One ASGI application and the tasks behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import TextIO

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.entitlements import active
from engine.sandbox.twin.lifecycle import ending
from engine.sandbox.twin.onboarding.pages import OnboardingPages
from engine.sandbox.twin.parts import dues, keep_books

from .admin import Admin
from .api import Api
from .courier import Courier
from .pages import Pages
from .timekeeper import Timekeeper

_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def build(world: World, traffic: TextIO | None, keep: Callable[[], None] | None = None) -> Starlette:
    """The twin on a world; `keep` is called now and then to save it."""
    world.dues = dues
    world.keep_books = keep_books
    world.before_commit = active.follow
    world.before_customer_deletion = [ending.end_all]
    courier = Courier(world)
    timekeeper = Timekeeper(world)
    api = Api(world, traffic)

    async def v1(request: Request) -> Response:
        answer = await api(request)
        timekeeper.look()
        return answer

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(timekeeper.follow_the_wall())]
        if keep is not None:
            tasks.append(asyncio.create_task(_keep(keep)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await timekeeper.close()
        await courier.close()

    routes = [
        *Admin(world, api, courier, timekeeper).routes(),
        *Pages(world).routes(),
        *OnboardingPages(world).routes(),
        Route("/v1/{path:path}", v1, methods=_METHODS),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _keep(keep: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(1)
        keep()
