"""What is the HTTP API? All paths on one application, its errors in one form, its documentation offline."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from engine.api.measure import Measured
from engine.api.operations import Operations
from engine.api.page import done, page
from engine.api.problems import MEDIA_TYPE, Problem, plain_http, problem_of, refused_form
from engine.api.routes import access, attach, catalog, customers, health, sandbox, webhooks
from engine.api.services import Services
from engine.errors import WallstreetError

VERSION: Final = "1"
DONE_PATH: Final = "/checkout/done"
DESCRIPTION: Final = (
    "Billing and subscriptions on Stripe: one attach for every purchase, check before every gated action, "
    "track for every use. Money is in minor units with a currency; instants are RFC 3339 in UTC."
)


class Wallstreet(FastAPI):
    """The API; its OpenAPI document names the media type that errors really have."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document, made once."""
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            _name_problems(document)
            self.openapi_schema = document
        return self.openapi_schema


def create_app(services: Services) -> FastAPI:
    """The API over these services; the paths of the sandbox are there when it has clocks."""
    app = Wallstreet(
        title="Wallstreet",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name_of,
    )
    app.state.services = services
    app.state.operations = Operations(services)
    for part in (attach, access, customers, catalog, webhooks, health):
        app.include_router(part.router)
    if services.clocks is not None:
        app.include_router(sandbox.router)
    app.add_api_route("/", _documentation, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/docs", _documentation, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route(DONE_PATH, _done, include_in_schema=False, response_class=HTMLResponse)
    app.add_exception_handler(RequestValidationError, _refuse_form)
    app.add_exception_handler(HTTPException, _refuse_path)
    app.add_exception_handler(WallstreetError, _refuse)
    app.add_exception_handler(Exception, _refuse)
    app.add_middleware(Measured)
    return app


def _name_of(route: APIRoute) -> str:
    return route.name


async def _documentation(request: Request) -> HTMLResponse:
    return HTMLResponse(page(request.app.openapi()))


async def _done() -> HTMLResponse:
    return HTMLResponse(done())


async def _refuse_form(request: Request, error: Exception) -> JSONResponse:
    wrong = cast("RequestValidationError", error)
    return _answer(problem_of(refused_form(wrong.errors(), wrong.body), instance=request.url.path))


async def _refuse_path(request: Request, error: Exception) -> JSONResponse:
    wrong = cast("HTTPException", error)
    answer = _answer(plain_http(wrong.status_code, instance=request.url.path))
    answer.headers.update(wrong.headers or {})
    return answer


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    return _answer(problem_of(error, instance=request.url.path))


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body, status_code=problem.status, media_type=MEDIA_TYPE)


def _name_problems(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            error = operation["responses"].get("default")
            if error is not None:
                error["content"] = {MEDIA_TYPE: error["content"]["application/json"]}
