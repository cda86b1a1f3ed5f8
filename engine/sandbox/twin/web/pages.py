"""Which pages does a person see? All of them, and the stylesheet that they share."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted.bank_routes import BankPages
from engine.sandbox.twin.hosted.checkout_routes import CheckoutPages
from engine.sandbox.twin.hosted.html import STYLESHEET
from engine.sandbox.twin.hosted.invoice_routes import InvoicePages
from engine.sandbox.twin.hosted.style import STYLE
from engine.sandbox.twin.portal.login import LoginPages
from engine.sandbox.twin.portal.routes import PortalPages


def page_routes(world: World) -> list[Route]:
    """The routes of all pages over the world."""
    return [
        Route(STYLESHEET, _style, methods=["GET"]),
        Route("/favicon.ico", _no_icon, methods=["GET"]),
        *CheckoutPages(world).routes(),
        *InvoicePages(world).routes(),
        *BankPages(world).routes(),
        *PortalPages(world).routes(),
        *LoginPages(world).routes(),
    ]


async def _style(_request: Request) -> Response:
    return Response(STYLE, media_type="text/css")


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)
