"""What do the paths have in common? What they are given, how they answer, how their errors are documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from engine.api.answers import AnswerForm, ProblemAnswer
from engine.api.operations import Operations
from engine.api.services import Answer, Services
from engine.attach.body import Key


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _operations(request: Request) -> Operations:
    return cast("Operations", request.app.state.operations)


Served = Annotated[Services, Depends(_services)]
"""Everything that was plugged in."""

Doing = Annotated[Operations, Depends(_operations)]
"""The operations that NATS serves as well."""

IdempotencyKey = Annotated[
    Key | None,
    Header(
        description="The same key and body get the first answer again, without a second effect.",
        examples=["order-4711"],
    ),
]

ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {"model": ProblemAnswer, "description": "An error; `code` says which (docs/errors.md)."}
}


def answers(form: type[AnswerForm], says: str) -> dict[int | str, dict[str, Any]]:
    """The documentation of what an operation answers."""
    return {200: {"model": form, "description": says}, **ERRORS}


def said(answer: Answer, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer as it goes out; it was made by us, so it is not checked again."""
    return JSONResponse(dict(answer), status_code=status, headers=dict(headers or {}))
