"""How is a customer made, shown and given a card? What Stripe must know goes through the durable executor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from engine.clock import wall_time
from engine.customers import at_stripe
from engine.customers.reference import Customer as Reference
from engine.customers.reference import CustomerTerms
from engine.customers.view import Grants, invoices, view
from engine.errors import InvalidRequest, NotFound, PaymentRefused, Refused, TemporarilyUnable
from engine.steps.begin import begin
from engine.steps.claim import claimed
from engine.steps.executor import Drive, Executor
from engine.steps.plan import PlannedStep
from persistence.database import Database
from persistence.models import Attachment, Customer, Step
from persistence.models.customers import LIVE_CLOCK
from persistence.models.words import AttachmentKind
from persistence.repositories import catalogs, customer_view, customers

Json = dict[str, Any]
MAIN_CATALOG = "main"
COMPLETED, FAILED = "completed", "failed"
WRONG_REQUEST = frozenset({400, 404})

GiveDefaults = Callable[[Reference], Awaitable[None]]
"""Attaches the default products of its catalog to a new customer, each with its decision."""


async def _give_nothing(_: Reference) -> None: ...


class CustomerService:
    """Users and organizations as customers."""

    def __init__(
        self,
        database: Database,
        executor: Executor,
        *,
        grants: Grants,
        give_defaults: GiveDefaults = _give_nothing,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._executor = executor
        self._grants = grants
        self.give_defaults = give_defaults
        self._after_commit = after_commit

    async def put(self, reference: Reference, terms: CustomerTerms) -> Json:
        """Make the customer with its default products, or change its name and address.

        Raises:
            NotFound: the catalog or the clock does not exist.
            Refused: the customer exists in another catalog, or by another clock.
        """
        found = await self._found(reference)
        if found is None:
            try:
                await self._make(reference, terms)
            except IntegrityError:
                return await self.put(reference, terms)  # made by another call since it was looked for
            gives = terms.receives_default is not False
        else:
            await self._change(found, terms)
            gives = terms.receives_default is True and not await self._held_anything(found.id)
        self._after_commit()
        if gives:
            await self.give_defaults(reference)
        return await self.view(reference)

    async def view(self, reference: Reference) -> Json:
        """The customer with its products, subscriptions and balances."""
        async with self._database.session() as session:
            return await view(session, await _existing(session, reference), grants=self._grants)

    async def invoices(self, reference: Reference) -> Json:
        """Its invoices, oldest first."""
        async with self._database.session() as session:
            return await invoices(session, await _existing(session, reference))

    async def ensure_stripe_customer(self, customer_id: str, *, at: datetime) -> None:
        """Return when the customer has a Stripe customer; whoever calls this holds the customer's lease.

        Raises:
            TemporarilyUnable: Stripe did not answer; it is looked for again later, never made twice.
        """
        async with self._database.session() as session:
            customer = await customers.get(session, customer_id)
        if customer.stripe_customer_id is None:
            steps = (at_stripe.create(customer),)
            drive = await self._run(customer_id, AttachmentKind.CUSTOMER, steps, {}, at)
            _expect_completed(drive)

    async def set_payment_method(self, reference: Reference, payment_method: str | None) -> Json:
        """Put a card of Stripe's on file, or take the one there off.

        Raises:
            PaymentRefused: the bank refused the card; the one on file stays.
            InvalidRequest: Stripe has no such card.
        """
        found = await self._required(reference)
        async with claimed(self._database, self._executor, found.id) as claim:
            claim.begin_nothing_beside()
            steps = await self._card_steps(claim.customer, payment_method, at=claim.at)
            if steps:
                request = {"payment_method": payment_method}
                kind = AttachmentKind.PAYMENT_METHOD
                _expect_completed(await self._run(found.id, kind, steps, request, claim.at))
        self._after_commit()
        return await self.view(reference)

    async def _card_steps(
        self, customer: Customer, payment_method: str | None, *, at: datetime
    ) -> tuple[PlannedStep, ...]:
        if payment_method is None:
            card, stripe_id = customer.payment_method, customer.stripe_customer_id
            return at_stripe.take_card(stripe_id, card["id"]) if card and stripe_id else ()
        await self.ensure_stripe_customer(customer.id, at=at)
        async with self._database.session() as session:
            stripe_id = (await customers.get(session, customer.id)).stripe_customer_id
        assert stripe_id is not None, "it was made just now"
        return at_stripe.put_card(stripe_id, payment_method)

    async def _run(
        self,
        customer_id: str,
        kind: AttachmentKind,
        steps: Sequence[PlannedStep],
        request: Json,
        at: datetime,
    ) -> Drive:
        cause = {"kind": "api", "id": kind.value}
        async with self._database.transaction(cause=cause, at=at) as session:
            begun = begin(session, kind=kind, steps=steps, request=request, at=at, customer_id=customer_id)
        return await self._executor.drive(begun.id, at=at)

    async def _make(self, reference: Reference, terms: CustomerTerms) -> None:
        catalog, clock = terms.catalog or MAIN_CATALOG, terms.clock or LIVE_CLOCK
        async with self._database.session() as session:
            known = await customers.clock(session, clock)
            if known is None:
                raise NotFound("clock_not_found", f"There is no clock {clock}.")
            if await catalogs.find(session, catalog) is None:
                raise NotFound(
                    "catalog_not_found",
                    f"There is no catalog {catalog}; apply one with PUT /v1/catalogs/{catalog}.",
                )
        cause = {"kind": "api", "id": "customer"}
        async with self._database.transaction(cause=cause, at=known.now or wall_time()) as session:
            session.add(
                Customer(
                    catalog=catalog,
                    type=reference.type.value,
                    external_id=reference.id,
                    clock_id=clock,
                    name=terms.name,
                    email=terms.email,
                )
            )

    async def _change(self, found: Customer, terms: CustomerTerms) -> None:
        for asked, has, what in (
            (terms.catalog, found.catalog, "catalog"),
            (terms.clock, found.clock_id, "clock"),
        ):
            if asked is not None and asked != has:
                raise Refused(
                    "customer_exists",
                    f"{found.type} {found.external_id} exists with the {what} {has}, which stays.",
                    facts={what: has},
                )
        if terms.name in {None, found.name} and terms.email in {None, found.email}:
            return
        async with claimed(self._database, self._executor, found.id) as claim:
            claim.begin_nothing_beside()
            cause = {"kind": "api", "id": "customer"}
            async with self._database.transaction(cause=cause, at=claim.at) as session:
                customer = await customers.lock(session, found.id)
                customer.name = terms.name or customer.name
                customer.email = terms.email or customer.email
            if customer.stripe_customer_id is not None:
                steps = (at_stripe.rename(customer, customer.stripe_customer_id),)
                await self._run(found.id, AttachmentKind.CUSTOMER, steps, {}, claim.at)

    async def _found(self, reference: Reference) -> Customer | None:
        async with self._database.session() as session:
            return await customers.find(session, reference.type.value, reference.id)

    async def _required(self, reference: Reference) -> Customer:
        async with self._database.session() as session:
            return await _existing(session, reference)

    async def _held_anything(self, customer_id: str) -> bool:
        async with self._database.session() as session:
            return await customer_view.held_anything(session, customer_id)


async def complete_customer(session: AsyncSession, attachment: Attachment, steps: Sequence[Step]) -> None:
    """What Stripe made is the customer's from now on."""
    made = next((step.object_id for step in steps if step.kind == "customers.create"), None)
    if made is not None:
        assert attachment.customer_id is not None
        customer = await customers.lock(session, attachment.customer_id)
        customer.stripe_customer_id = made


async def complete_payment_method(
    session: AsyncSession, attachment: Attachment, steps: Sequence[Step]
) -> None:
    """Nothing is left to do: Stripe's answers brought the card into the row as they were recorded."""


async def _existing(session: AsyncSession, reference: Reference) -> Customer:
    found = await customers.find(session, reference.type.value, reference.id)
    if found is None:
        raise NotFound(
            "customer_not_found",
            f"There is no {reference.type.value} {reference.id}; make it with "
            f"PUT /v1/customers/{reference.type.value}/{reference.id}.",
        )
    return found


def _expect_completed(drive: Drive) -> None:
    if drive.state == COMPLETED:
        return
    failure: Json = drive.failure or {}
    if drive.state == FAILED and failure.get("declined"):
        raise PaymentRefused(
            "payment_failed",
            "The card was refused, so nothing was changed; give another card.",
            facts=failure,
        )
    if drive.state == FAILED and failure.get("status") in WRONG_REQUEST:
        raise InvalidRequest(f"Stripe does not take it: {failure.get('message')}", facts=failure)
    if drive.state == FAILED:
        raise Refused("stripe_refused", f"Stripe refused: {failure.get('message')}", facts=failure)
    raise TemporarilyUnable(
        "outcome_unknown", "Stripe did not answer; the change goes on by itself. Look again in a moment."
    )
