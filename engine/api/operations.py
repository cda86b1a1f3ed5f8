"""What can be asked for, by whichever door? One method for each operation, and a table of them for NATS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.api.bodies import CheckBatchBody, CheckBody, TrackBody, UsageBody
from engine.api.idempotency import agreed_key, once
from engine.api.problems import problem_of, refused_form
from engine.api.services import Answer, Services
from engine.attach.body import AttachBody, Body, CancelBody, CustomerRef, Key, UncancelBody
from engine.attach.request import attach_request, cancel_request, hash_of, uncancel_request
from engine.customers.reference import Customer
from engine.errors import WallstreetError

B = TypeVar("B", bound=Body)

_KEY: Final = TypeAdapter[str | None](Key | None)

Handler = Callable[[Any, Mapping[str, str]], Awaitable[Answer]]
"""From a body and its headers (`Idempotency-Key`) to an answer; what is refused is raised."""


class Operations:
    """The operations that every door offers; each takes a checked body."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def attach(self, body: AttachBody, header: str | None = None) -> Answer:
        """Change what a customer has."""
        request = attach_request(body)
        key = agreed_key(header, body.idempotency_key)
        return await self._keyed(
            "attach",
            request.customer,
            request.document,
            key,
            lambda: self._services.attaching.execute(request, _of_customer(request.customer, key)),
        )

    async def preview(self, body: AttachBody) -> Answer:
        """Say what an attach would do and cost."""
        return await self._services.attaching.preview(attach_request(body))

    async def cancel(self, body: CancelBody, header: str | None = None) -> Answer:
        """End a product."""
        request = cancel_request(body)
        key = agreed_key(header, body.idempotency_key)
        return await self._keyed(
            "cancel",
            request.customer,
            request.document,
            key,
            lambda: self._services.attaching.cancel(request, _of_customer(request.customer, key)),
        )

    async def uncancel(self, body: UncancelBody, header: str | None = None) -> Answer:
        """Withdraw an end."""
        request = uncancel_request(body)
        key = agreed_key(header, body.idempotency_key)
        return await self._keyed(
            "uncancel",
            request.customer,
            request.document,
            key,
            lambda: self._services.attaching.uncancel(request, _of_customer(request.customer, key)),
        )

    async def check(self, body: CheckBody) -> Answer:
        """Say whether a customer may use a feature."""
        return await self._services.access.check(
            [_customer(scope) for scope in body.asked],
            feature=body.feature,
            required=body.required,
            entity=body.entity,
            consume=body.consume,
        )

    async def check_batch(self, body: CheckBatchBody) -> Answer:
        """Answer several checks in their order; one that fails does not take the others with it."""
        answers: list[Answer] = []
        for n, check in enumerate(body.checks):
            try:
                answers.append(await self.check(check))
            except WallstreetError as error:
                answers.append(problem_of(error, instance=f"/v1/check/batch#{n}").body)
        return {"data": answers}

    async def track(self, body: TrackBody, header: str | None = None) -> Answer:
        """Deduct what was used."""
        return await self._services.access.track(
            _customer(body.customer),
            feature=body.feature,
            event=body.event,
            value=body.value,
            entity=body.entity,
            overage=body.overage,
            idempotency_key=agreed_key(header, body.idempotency_key),
        )

    async def usage(self, body: UsageBody) -> Answer:
        """Make the usage of a feature this much."""
        return await self._services.access.set_usage(
            _customer(body.customer), feature=body.feature, value=body.value, entity=body.entity
        )

    async def _keyed(
        self,
        operation: str,
        customer: Customer,
        document: Mapping[str, Any],
        key: str | None,
        work: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        keys = self._services.keys
        if key is None or keys is None:
            return await work()
        said = {name: value for name, value in document.items() if name != "idempotency_key"}
        done = await once(
            keys, work, caller=str(customer), key=key, fingerprint=f"{operation}:{hash_of(said)}"
        )
        return done.body


def endpoints(operations: Operations) -> dict[str, Handler]:
    """The operations by the names under which NATS serves them."""
    return {
        "attach": _served(AttachBody, operations.attach),
        "preview": _served(AttachBody, lambda body, _: operations.preview(body)),
        "cancel": _served(CancelBody, operations.cancel),
        "uncancel": _served(UncancelBody, operations.uncancel),
        "check": _served(CheckBody, lambda body, _: operations.check(body)),
        "check_batch": _served(CheckBatchBody, lambda body, _: operations.check_batch(body)),
        "track": _served(TrackBody, operations.track),
        "usage": _served(UsageBody, lambda body, _: operations.usage(body)),
    }


def _served(form: type[B], operation: Callable[[B, str | None], Awaitable[Answer]]) -> Handler:
    async def handle(document: Any, headers: Mapping[str, str]) -> Answer:
        try:
            body = form.model_validate(document)
            key = _KEY.validate_python(_header(headers, "idempotency-key"))
        except ValidationError as error:
            raise refused_form(error.errors(), document) from error
        return await operation(body, key)

    return handle


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for known, value in headers.items() if known.lower() == name), None)


def _of_customer(customer: Customer, key: str | None) -> str | None:
    """A key under which no other customer's attachment is found."""
    return None if key is None else f"{customer}:{key}"


def _customer(ref: CustomerRef) -> Customer:
    return Customer(type=ref.type, id=ref.id)
