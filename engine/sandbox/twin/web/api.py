"""How is a call of Stripe's API answered? Checked, executed in one transaction, rendered, logged."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any, TextIO

from starlette.requests import Request
from starlette.responses import Response

from engine.sandbox.twin.connect import access
from engine.sandbox.twin.core.call import Call
from engine.sandbox.twin.core.errors import UNAUTHORIZED, StripeError, invalid, not_covered, unknown_url
from engine.sandbox.twin.core.parameters import checked
from engine.sandbox.twin.core.render import render
from engine.sandbox.twin.core.world import API_VERSION, World
from engine.sandbox.twin.objects.clocks import refuse_while_advancing
from engine.sandbox.twin.parts import INCLUDING
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, as_list, as_obj

from . import forms
from .idempotency import Answer, Keys
from .routes import Router

_OK = 200
_READ = "GET"
_LOG = "https://dashboard.stripe.com/test/logs/"


@dataclass(slots=True)
class Exchange:
    """One call as it is logged."""

    method: str
    path: str
    params: Obj
    status: int
    request_id: str
    key: str | None
    milliseconds: float


class Api:
    """Everything under /v1."""

    def __init__(self, world: World, traffic: TextIO | None = None) -> None:
        self._world = world
        self._traffic = traffic
        self._router = Router()
        self._keys: dict[str | None, Keys] = {}
        self.exchanges: list[Exchange] = []
        self.latency_ms = 0

    def forget(self) -> None:
        """Forget all idempotency keys and logged calls."""
        self._keys.clear()
        self.exchanges.clear()

    async def __call__(self, request: Request) -> Response:
        """Answer one request as Stripe would."""
        began = time.perf_counter()
        request_id = self._world.ids.new("req")
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
        if key is not None:
            headers |= {"Idempotency-Key": key, "Original-Request": request_id}
        params: Obj = {}
        try:
            params = await _params(request)
            _authenticate(request)
            account = access.in_force(self._world, request.headers.get("stripe-account"))
            if account is not None:
                headers["Stripe-Account"] = account
            answer = await self._answer(request, params, (account, key), request_id)
        except StripeError as error:
            answer = self._refused(error, request, request_id)
        except Exception:  # noqa: BLE001 -- a fault of the twin is a 500 with Stripe's body
            traceback.print_exc(file=sys.stderr)
            answer = _error_answer(
                StripeError("An unknown error occurred", status=500, kind="api_error"), request_id
            )
        if answer.request_id != request_id:
            headers |= {"Original-Request": answer.request_id, "Idempotent-Replayed": "true"}
        took = (time.perf_counter() - began) * 1000
        exchange = Exchange(request.method, request.url.path, params, answer.status, request_id, key, took)
        self._note(exchange, answer.body)
        body = json.dumps(answer.body, indent=2)
        return Response(body, answer.status, headers, "application/json")

    def _refused(self, error: StripeError, request: Request, request_id: str) -> Answer:
        """Stripe's error; what the twin does not play is counted."""
        if error.uncovered is not None:
            found = self._router.match(request.method, request.url.path)
            endpoint = found[0] if found else request.url.path
            named = endpoint if error.uncovered == endpoint else f"{endpoint} {error.uncovered}"
            self._world.uncovered[named] += 1
        return _error_answer(error, request_id)

    async def _answer(
        self, request: Request, params: Obj, who: tuple[str | None, str | None], request_id: str
    ) -> Answer:
        account, key = who
        path = request.url.path
        found = self._router.match(request.method, path)
        if found is None:
            raise unknown_url(request.method, path)
        endpoint, handler, ids = found
        if handler is None:
            raise unknown_url(request.method, path, uncovered=endpoint)
        if key is None:
            await asyncio.sleep(self.latency_ms / 1000)
            call = Call(self._world, ids, Params({}))
            with self._world.acting_as(account):
                return self._execute(call, endpoint, params, (request_id, None))
        keys = self._keys.setdefault(account, Keys())
        stored = keys.begin(key, f"{request.method} {path}", params, time.time())
        if stored is not None:
            return stored
        try:
            await asyncio.sleep(self.latency_ms / 1000)
            call = Call(self._world, ids, Params({}))
            with self._world.acting_as(account):
                answer = self._execute(call, endpoint, params, (request_id, key))
        except StripeError as error:
            if not error.stored:
                keys.release(key)
                raise
            answer = _error_answer(error, request_id)
        except BaseException:
            keys.release(key)
            raise
        keys.finish(key, answer)
        return answer

    def _execute(self, call: Call, endpoint: str, params: Obj, request: tuple[str, str | None]) -> Answer:
        """Run the endpoint: all of it or, where it raises, nothing."""
        world = self._world
        call.params = Params(checked(endpoint, params))
        handler = self._router.match(*endpoint.split(" "))
        assert handler is not None
        run = handler[1]
        assert run is not None
        if not endpoint.startswith(_READ):
            self._refuse_on_moving_clock(call.path, params)
        with world.transaction(request=request):
            result = run(call)
            unread = call.params.unread()
            if unread:
                raise not_covered(unread[0])
            shown = render(world, result, call.params.get("expand") or [], INCLUDING)
        return Answer(_OK, shown, request[0])

    def _refuse_on_moving_clock(self, ids: dict[str, str], params: Obj) -> None:
        """Whatever names something on a clock that is being advanced has to wait."""
        for id_ in [*ids.values(), *_strings(params)]:
            named = self._world.shelf.peek(id_)
            clock = self._world.shelf.peek((named or {}).get("_clock") or "")
            if clock is not None:
                refuse_while_advancing(clock)

    def _note(self, exchange: Exchange, body: Obj) -> None:
        self.exchanges.append(exchange)
        if self._traffic is None:
            return
        line = {
            "method": exchange.method,
            "path": exchange.path,
            "params": exchange.params,
            "status": exchange.status,
            "response": body,
        }
        self._traffic.write(json.dumps(line) + "\n")
        self._traffic.flush()


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    named, listed = as_obj(value), as_list(value)
    inner = list(named.values()) if named is not None else listed or []
    return [text for item in inner for text in _strings(item)]


async def _params(request: Request) -> Obj:
    query = forms.decode(request.url.query)
    body = (await request.body()).decode()
    return {**query, **forms.decode(body)} if body else query


def _authenticate(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = token
    if scheme.lower() == "basic":
        key = base64.b64decode(token).decode().partition(":")[0]
    if not key:
        text = (
            "You did not provide an API key. You need to provide your API key in the Authorization header,"
            " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
            " https://stripe.com/docs/api#authentication for details, or we can help at"
            " https://support.stripe.com/."
        )
        raise StripeError(text, status=UNAUTHORIZED, stored=False)
    if not key.startswith("sk_test_"):
        raise StripeError(f"Invalid API Key provided: {key}", status=UNAUTHORIZED, stored=False)
    version = request.headers.get("stripe-version")
    if version not in {None, API_VERSION}:
        raise invalid(f"Invalid Stripe API version: {version}")


def _error_answer(error: StripeError, request_id: str) -> Answer:
    # Who could not say who they are have no log to look into.
    log = {} if error.status == UNAUTHORIZED else {"request_log_url": f"{_LOG}{request_id}"}
    body = {"error": {**error.error, **log}}
    return Answer(error.status, body, request_id)
