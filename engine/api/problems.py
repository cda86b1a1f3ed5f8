"""How does an error look from outside? One form for all of them: application/problem+json (RFC 9457).

`code` is what programs act on, `detail` is what people read, `errors` says where in the body each mistake is.
An unexpected error tells nothing of its inside but the id under which the log has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import uuid4

import structlog

from engine.errors import InvalidRequest, WallstreetError

MEDIA_TYPE: Final = "application/problem+json"
DOCUMENTATION: Final = "urn:wallstreet:error:"
"""What stands before a code in the type of a problem; docs/errors.md tells what each code means."""
OUTSIDE_BODY: Final = frozenset({"path", "query", "header"})
NO_OBJECT: Final = frozenset({"missing", "model_type", "model_attributes_type"})
OTHER_CODES: Final[Mapping[int, str]] = {404: "not_found", 405: "method_not_allowed"}

_log: Final = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is answered."""

    status: int
    body: dict[str, Any]


def problem_of(error: Exception, *, instance: str) -> Problem:
    """The answer to a call that ended in this error; what nobody expected is logged under a new id."""
    if isinstance(error, WallstreetError):
        return _told(error, instance)
    request_id = uuid4().hex
    _log.error("internal_error", request_id=request_id, instance=instance, exc_info=error)
    return problem(
        500,
        "internal_error",
        f"Something went wrong that we did not expect. We find it under {request_id}.",
        title="Internal error",
        instance=instance,
        request_id=request_id,
    )


def refused_form(findings: Sequence[Any], document: object = None) -> InvalidRequest:
    """The refusal of a request whose form is wrong: every finding with its place."""
    errors = [_finding(cast("Mapping[str, Any]", finding), document) for finding in findings]
    place = errors[0].get("pointer") or errors[0].get("parameter") or "The body"
    return InvalidRequest(f"{place}: {errors[0]['detail']}", facts={"errors": errors})


def plain_http(status: int, *, instance: str) -> Problem:
    """The answer to a call that found no operation."""
    phrase = HTTPStatus(status).phrase
    code = OTHER_CODES.get(status, "invalid_request")
    return problem(status, code, f"{phrase}: see /openapi.json.", title=phrase, instance=instance)


def problem(status: int, code: str, detail: str, *, title: str, instance: str, **more: object) -> Problem:
    """A problem in the one form that all have."""
    body: dict[str, Any] = {
        "type": f"{DOCUMENTATION}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": instance,
        **more,
    }
    return Problem(status, body)


def _told(error: WallstreetError, instance: str) -> Problem:
    more: dict[str, Any] = {}
    facts = dict(error.facts)
    if "errors" in facts:
        more["errors"] = facts.pop("errors")
    if facts:
        more["facts"] = facts
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.status not in {501, 503}:
        _log.error(error.code, instance=instance, sentence=error.sentence, exc_info=error)
    return problem(error.status, error.code, error.sentence, title=error.title, instance=instance, **more)


def _finding(finding: Mapping[str, Any], document: object) -> dict[str, str]:
    location = list(cast("Sequence[str | int]", finding["loc"]))
    detail = "this name is not known here" if finding["type"] == "extra_forbidden" else str(finding["msg"])
    if location[:1] and location[0] in OUTSIDE_BODY:
        return {"parameter": str(location[-1]), "detail": detail}
    within = location[1:] if location[:1] == ["body"] else location
    if not within and finding["type"] in NO_OBJECT:
        detail = "a JSON object is needed"
    return {"pointer": _pointer(within, document), "detail": detail}


def _pointer(location: Sequence[str | int], document: object) -> str:
    """The place as a JSON pointer (RFC 6901), without the names that pydantic gives to alternatives."""
    pointer, here = "", document
    for n, part in enumerate(location):
        last = n == len(location) - 1
        match here:
            case dict() if part in here or last:
                here = cast("dict[object, object]", here).get(part)
            case list() if isinstance(part, int):
                inner = cast("list[object]", here)
                here = inner[part] if part < len(inner) else None
            case _:
                continue
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
    return pointer
