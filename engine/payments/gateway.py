"""How do we speak to Stripe? The only file that imports the `stripe` library; its API version is pinned here.

A call either gives an `Answer`, or raises one of three things: `StripeRefused` (Stripe decided and did
nothing), `StripeBusy` (Stripe did not begin; send again later) or `StripeUnknown` (nobody can say whether it
was done, so nothing may be concluded until an object was read back).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import stripe

from engine.payments.endpoints import ENDPOINTS, Endpoint

API_VERSION = "2026-10-28.endive"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe answered: the object as plain JSON, and what the call can be found by."""

    body: Json
    status: int
    request_id: str | None
    replayed: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known of a call that gave no object: Stripe's own words and codes, as far as there are any."""

    status: int | None
    code: str | None
    decline_code: str | None
    message: str
    request_id: str | None
    milliseconds: float
    kind: str

    @property
    def declined(self) -> bool:
        """True when a payment was refused or needs the buyer, and not when the request was wrong."""
        return self.status == PAYMENT_REQUIRED or self.code in ACTION_CODES

    @property
    def needs_action(self) -> bool:
        """True when the buyer has to confirm the payment (3-D Secure)."""
        return self.code in ACTION_CODES or self.decline_code == "authentication_required"


PAYMENT_REQUIRED = 402
ACTION_CODES = frozenset({"invoice_payment_intent_requires_action", "authentication_required"})


class StripeFailed(Exception):
    """A call to Stripe that gave no object; `failure` says what is known."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.status} {failure.code or ''} {failure.message}")
        self.failure = failure


class StripeRefused(StripeFailed):
    """Stripe decided against the request; the same request will be refused again."""


class StripeBusy(StripeFailed):
    """Stripe did not begin (rate limit, lock): the same request with the same key may be sent again."""


class StripeUnknown(StripeFailed):
    """The answer is lost, or is an error of Stripe's own: what was asked may or may not have happened."""


class Gateway:
    """Every call to Stripe, by kind (`subscriptions.create`), with our idempotency key and pinned version."""

    def __init__(self, api_key: str, *, api_base: str | None = None, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._api_key = api_key
        self._api_base = api_base
        # The library types its resources, not raw requests: what it answers is narrowed here.
        self._client: Any = None
        self._http: Any = None

    async def call(
        self,
        kind: str,
        params: Mapping[str, Any] | None = None,
        *,
        target: str | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Make one call and give its answer.

        Raises:
            StripeRefused, StripeBusy, StripeUnknown: see the module's docstring.
        """
        endpoint = ENDPOINTS[kind]
        client = self._connected()
        options: dict[str, Any] = dict(params or {})
        if idempotency_key is not None and endpoint.method != "get":
            options["idempotency_key"] = idempotency_key
        began = time.perf_counter()
        try:
            response = await client.raw_request_async(endpoint.method, endpoint.url(target), **options)
        except stripe.StripeError as error:
            raise _classified(error, kind=kind, milliseconds=_since(began)) from error
        headers = {str(k).lower(): str(v) for k, v in dict(response.headers).items()}
        return Answer(
            body=cast("Json", response.data),
            status=int(response.code),
            request_id=headers.get("request-id"),
            replayed=headers.get("idempotent-replayed") == "true",
            milliseconds=_since(began),
        )

    async def list_all(self, kind: str, params: Mapping[str, Any] | None = None) -> list[Json]:
        """All objects of a list, newest first, page by page."""
        found: list[Json] = []
        query: dict[str, Any] = {"limit": 100, **(params or {})}
        while True:
            page = (await self.call(kind, query)).body
            data = cast("list[Json]", page["data"])
            found.extend(data)
            if not page.get("has_more") or not data:
                return found
            query["starting_after"] = data[-1]["id"]

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close_async()
        self._client = self._http = None

    def _connected(self) -> Any:
        if self._client is None:
            # Made on first use: aiohttp ties its session to the event loop that runs then.
            self._http = stripe.AIOHTTPClient(timeout=self._timeout)
            self._client = stripe.StripeClient(
                self._api_key,
                stripe_version=API_VERSION,
                base_addresses={"api": self._api_base} if self._api_base else None,
                http_client=self._http,
                max_network_retries=2,
            )
        return self._client


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _classified(error: stripe.StripeError, *, kind: str, milliseconds: float) -> StripeFailed:
    body: Any = error.json_body
    details: Json = cast("Json", body).get("error") or {} if isinstance(body, dict) else {}
    failure = Failure(
        status=error.http_status,
        code=error.code or details.get("code"),
        decline_code=details.get("decline_code"),
        message=str(error.user_message or error),
        request_id=error.request_id,
        milliseconds=milliseconds,
        kind=kind,
    )
    return _class_of(failure)(failure)


def _class_of(failure: Failure) -> type[StripeFailed]:
    match failure.status:
        case 429:
            return StripeBusy
        case int() as status if 400 <= status < 500 and status != 409:  # noqa: PLR2004 - HTTP's own ranges
            return StripeRefused
        case _:
            # No status: the answer never came. 409: a request with this key is still running. 5xx: anything.
            return StripeUnknown


__all__ = [
    "API_VERSION",
    "Answer",
    "Endpoint",
    "Failure",
    "Gateway",
    "StripeBusy",
    "StripeFailed",
    "StripeRefused",
    "StripeUnknown",
]
