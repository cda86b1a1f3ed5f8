"""How does the twin say no? One exception that carries Stripe's error body."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.values.types import Obj

BAD_REQUEST = 400
UNAUTHORIZED = 401
PAYMENT_REQUIRED = 402
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
TOO_MANY_REQUESTS = 429


class StripeError(Exception):
    """An answer with an error body; `keeps_state` says that what was done before it stands.

    `stored` tells whether the answer is kept under its idempotency key, `uncovered` names what Stripe has and
    the twin does not, `headers` go with the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = BAD_REQUEST,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps_state: bool = False,
        stored: bool = True,
        uncovered: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps_state = keeps_state
        self.stored = stored
        self.uncovered = uncovered
        self.headers = headers or {}
        self.error: Obj = {"message": message, "type": kind, **more}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param


def no_such(name: str, id_: str, *, param: str = "id", status: int = NOT_FOUND) -> StripeError:
    """The error for an id that names nothing: 404 for the object addressed, 400 for one in the body."""
    message = f"No such {name}: '{id_}'"
    if name == "PaymentMethod":
        message += (
            "; It's possible this PaymentMethod exists on one of your connected accounts, in which case you"
            " should retry this request on that connected account. Learn more at"
            " https://stripe.com/docs/connect/authentication"
        )
    return StripeError(message, status=status, code="resource_missing", param=param)


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """A request that Stripe refuses with 400."""
    return StripeError(message, param=param, code=code)


def missing(param: str) -> StripeError:
    """The error for a required parameter that was left out."""
    message = f"Missing required param: {param}."
    return StripeError(message, code="parameter_missing", param=param, stored=False)


def exclusive(*params: str) -> StripeError:
    """The error for parameters of which only one may be given."""
    names = ", ".join(params)
    message = f"You may only specify one of these parameters: {names}."
    return StripeError(message, code="parameters_exclusive", param=params[0])


def not_covered(what: str) -> StripeError:
    """The error for a parameter that Stripe takes and the twin does not: unknown, counted, never dropped."""
    text = f"Received unknown parameter: {what}"
    return StripeError(text, code="parameter_unknown", param=what, stored=False, uncovered=what)


def unknown_url(method: str, path: str, *, uncovered: str | None = None) -> StripeError:
    """The error for an address that names no endpoint, or one that the twin does not play."""
    text = (
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing"
        " slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier"
        " in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    )
    return StripeError(text, status=NOT_FOUND, stored=False, uncovered=uncovered)
