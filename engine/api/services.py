"""What must be plugged in for the API to answer? The objects behind the doors, by what they promise.

Answers are JSON objects in the forms of `engine/api/answers.py`; what goes wrong is raised as a
WallstreetError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from engine.attach.request import AttachRequest, CancelRequest, UncancelRequest
from engine.catalog.document import CatalogDocument
from engine.customers.reference import Customer, CustomerTerms

Answer = Mapping[str, Any]


class Attaching(Protocol):
    """Every change of what a customer holds."""

    async def execute(self, request: AttachRequest, idempotency: str | None) -> Answer:
        """Do it; the same key never does it twice. A key that comes from a caller names its customer, too."""
        ...

    async def preview(self, request: AttachRequest) -> Answer:
        """Say what `execute` would do and cost, and do nothing."""
        ...

    async def cancel(self, request: CancelRequest, idempotency: str | None) -> Answer:
        """End a product."""
        ...

    async def uncancel(self, request: UncancelRequest, idempotency: str | None) -> Answer:
        """Withdraw an end."""
        ...

    async def describe(self, attachment_id: str) -> Answer:
        """Everything known of one attachment: request, decision, lines, steps, calls, transitions."""
        ...


class Access(Protocol):
    """What a customer may do, and what it has used."""

    async def check(
        self,
        scopes: Sequence[Customer],
        *,
        feature: str,
        required: Decimal,
        entity: str | None,
        consume: bool,
    ) -> Answer:
        """Say whether one of the scopes grants it; with `consume`, deduct in the same step."""
        ...

    async def track(
        self,
        customer: Customer,
        *,
        feature: str | None,
        event: str | None,
        value: Decimal,
        entity: str | None,
        overage: str,
        idempotency_key: str | None,
    ) -> Answer:
        """Deduct what was used, of a feature or of all that an event name stands for."""
        ...

    async def set_usage(
        self, customer: Customer, *, feature: str, value: Decimal, entity: str | None
    ) -> Answer:
        """Make the usage of a feature this much."""
        ...


class Catalogs(Protocol):
    """What is sold."""

    async def apply(self, name: str, document: CatalogDocument) -> Answer:
        """Make the catalog what the document says, here and at Stripe."""
        ...

    async def get(self, name: str) -> Answer:
        """The document that was applied last."""
        ...


class Customers(Protocol):
    """Who buys."""

    async def put(self, customer: Customer, /, terms: CustomerTerms) -> Answer:
        """Make the customer, with the default products of its catalog, or change its name and address."""
        ...

    async def view(self, customer: Customer, /) -> Answer:
        """The customer with its products, subscriptions and balances."""
        ...

    async def invoices(self, customer: Customer, /) -> Answer:
        """Its invoices, oldest first."""
        ...

    async def set_payment_method(self, customer: Customer, /, payment_method: str | None) -> Answer:
        """Put a card of Stripe's on file, or take it off."""
        ...


class Clocks(Protocol):
    """The clocks of a sandbox."""

    async def create(self, now: datetime) -> Answer:
        """A clock that stands still at this instant."""
        ...

    async def get(self, clock_id: str) -> Answer:
        """A clock and what it shows."""
        ...

    async def advance(self, clock_id: str, to: datetime) -> Answer:
        """Move it, so that everything due on the way has happened."""
        ...

    async def settle(self, clock_id: str) -> Answer:
        """Wait until nothing is under way for its customers."""
        ...


class WebhookDoor(Protocol):
    """How a webhook of Stripe's gets onto the tunnel."""

    def configured(self) -> bool:
        """Whether a secret is known to verify signatures with."""
        ...

    def verify(self, body: bytes, signature: str, *, received_at: datetime) -> bool:
        """Whether the raw body was signed by Stripe."""
        ...

    async def publish(self, body: bytes, *, signature: str, received_at: datetime) -> None:
        """Hand the raw body to the tunnel; returns when it is stored there."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is ours: do the work, then store its answer or free the key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The key was used before: this was its answer."""

    status: int
    body: Answer


@dataclass(frozen=True, slots=True)
class Busy:
    """A call with this key is under way."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key was used before, for something else."""


class Keys(Protocol):
    """The answers that were given under idempotency keys."""

    async def claim(self, caller: str, key: str, fingerprint: str) -> Claimed | Stored | Busy | Mismatch:
        """Take the key for one call, or say why not."""
        ...

    async def store(self, caller: str, key: str, *, status: int, body: Answer) -> None:
        """Keep the answer under the key for good."""
        ...

    async def free(self, caller: str, key: str) -> None:
        """Forget the key: nothing was done under it."""
        ...

    async def unlock(self, caller: str, key: str) -> None:
        """Let the same call be repeated under the key; what was done under it is found by the attachment."""
        ...


Readiness = Callable[[], Awaitable[None]]
"""Returns when the thing can be used, and raises when it cannot."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the doors; `clocks` is None where there is no sandbox, `keys` where none are kept."""

    attaching: Attaching
    access: Access
    catalogs: Catalogs
    customers: Customers
    webhooks: WebhookDoor
    now: Callable[[], datetime]
    rules: Callable[[], Answer]
    clocks: Clocks | None = None
    keys: Keys | None = None
    readiness: Mapping[str, Readiness] = field(default_factory=dict[str, Readiness])
