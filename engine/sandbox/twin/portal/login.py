"""How does a customer get into the portal without the program's help? By the email that Stripe knows.

Stripe sends a link to that address; here nobody reads mail, so the page leads there at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.core.errors import StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted import serving
from engine.sandbox.twin.values.types import Obj

from . import flow_pages
from .configurations import KIND
from .sessions import new_session

_UNKNOWN = "No customer has this email."


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The login pages of configurations over the world."""

    world: World

    async def show(self, request: Request) -> Response:
        """Ask for the email."""
        return serving.gone("There is no such page.") if self._find(request) is None else _page()

    async def submit(self, request: Request) -> Response:
        """Lead the customer with this email into a session."""
        configuration = self._find(request)
        if configuration is None:
            return serving.gone("There is no such page.")
        try:
            sent = await serving.sent_form(request)
            account = configuration["_account"]
            with self.world.acting_as(account), self.world.transaction():
                session = self._enter(configuration, str(sent.get("email") or "").strip())
        except StripeError as error:
            return serving.refused(request, error, None)
        return _page(_UNKNOWN) if session is None else serving.see(session["url"])

    def _enter(self, configuration: Obj, email: str) -> Obj | None:
        found = self.world.shelf.find("customer", email=email) if email else []
        if not found:
            return None
        session = new_session(self.world, found[-1], configuration, None)
        self.world.emit("billing_portal.session.created", session)
        return session

    def _find(self, request: Request) -> Obj | None:
        held = serving.find(self.world, KIND, request.path_params["id"])
        return held if held is not None and held["active"] and held["login_page"]["enabled"] else None

    def routes(self) -> list[Route]:
        """The routes of these pages."""
        return [
            Route("/p/login/{id}", self.show, methods=["GET"]),
            Route("/p/login/{id}", self.submit, methods=["POST"]),
        ]


def _page(error: str | None = None) -> Response:
    return serving.page(flow_pages.login(error))
