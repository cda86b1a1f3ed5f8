"""How do the parts stand together? One ASGI application and the tasks behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol, TextIO

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.buying import completion
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.dashboard.admin import Dashboard
from engine.sandbox.twin.deliveries.admin import DeliveriesAdmin
from engine.sandbox.twin.deliveries.courier import Courier
from engine.sandbox.twin.entitlements import active
from engine.sandbox.twin.faults.admin import FaultsAdmin
from engine.sandbox.twin.faults.book import Book
from engine.sandbox.twin.faults.payments import behaviour_by
from engine.sandbox.twin.inside.routes import InsidePages
from engine.sandbox.twin.inside.view import View
from engine.sandbox.twin.invoicing import attaching
from engine.sandbox.twin.lifecycle import ending
from engine.sandbox.twin.onboarding.pages import OnboardingPages
from engine.sandbox.twin.parts import dues, keep_books
from engine.sandbox.twin.transfers import sharing

from .admin import Admin
from .api import Api
from .pages import page_routes
from .timekeeper import Timekeeper

_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"]


class Kept(Protocol):
    """What keeps the state of the twin."""

    def load(self) -> None:
        """Bring back what was saved."""
        ...

    def save(self) -> None:
        """Save what changed."""
        ...


def build(world: World, traffic: TextIO | None, kept: Kept | None = None) -> Starlette:
    """The twin on a world; `kept` brings its state back, and is asked now and then to save it."""
    wire(world)
    book = Book(world)
    world.behaviour = behaviour_by(book)
    courier = Courier(world, book)
    timekeeper = Timekeeper(world)
    api = Api(world, traffic, book=book)
    api.before_answer = courier.first_deliveries
    if kept is not None:
        kept.load()

    async def v1(request: Request) -> Response:
        answer = await api(request)
        timekeeper.look()
        return answer

    admin = Admin(world, api, courier, timekeeper)
    routes = [
        *admin.routes(),
        *FaultsAdmin(book).routes(),
        *DeliveriesAdmin(world, courier).routes(),
        *Dashboard(world, api.router, courier).routes(),
        *page_routes(world),
        *OnboardingPages(world).routes(),
        *InsidePages(View(world, api.exchanges, book, courier, timekeeper.advance_live)).routes(),
        Route("/_twin/{path:path}", admin.unknown, methods=_METHODS),
        Route("/{path:path}", v1, methods=_METHODS),
    ]
    return Starlette(routes=routes, lifespan=lambda _app: _living(courier, timekeeper, kept))


def wire(world: World) -> None:
    """Tell the world which rooms want to know what."""
    world.dues = dues
    world.keep_books = keep_books
    world.before_commit = active.follow
    world.before_customer_deletion = [ending.end_all]
    world.after_payment = [attaching.credit, completion.money_came]
    world.after_capture = [sharing.share_capture]
    world.after_refund = [sharing.share_refund]


@contextlib.asynccontextmanager
async def _living(courier: Courier, timekeeper: Timekeeper, kept: Kept | None) -> AsyncGenerator[None]:
    """What goes on beside the answers: time, deliveries, saving."""
    courier.start()
    tasks = [asyncio.create_task(timekeeper.follow_the_wall())]
    if kept is not None:
        tasks.append(asyncio.create_task(_keep(kept)))
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await timekeeper.close()
    await courier.close()
    if kept is not None:
        kept.save()


async def _keep(kept: Kept) -> None:
    while True:
        await asyncio.sleep(1)
        kept.save()
