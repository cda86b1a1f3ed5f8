"""The twin behind a gateway that a test can look through and meddle with, and plans to be carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from engine.payments.gateway import Answer, Failure, Gateway, StripeBusy, StripeRefused, StripeUnknown
from engine.steps.begin import begin
from engine.steps.executor import Executor
from engine.steps.plan import Condition, PlannedStep, Ref
from persistence.database import Database, assert_idle
from persistence.models import Attachment, Base, Catalog, Customer, Step, StripeCall, Transition
from persistence.models.words import AttachmentKind
from tests.persistence.rows import unique

AT = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = {"kind": "api", "id": "test"}
Json = dict[str, Any]
Trouble = Literal["lost", "never", "busy", "refused", "died_before", "died_after"]


class Died(BaseException):
    """The process died; nothing of it cleans up."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as it left us."""

    kind: str
    params: Json
    target: str | None
    key: str | None


async def _nothing(_sent: Sent) -> None: ...


@dataclass
class Stripe:
    """Every call is made while no transaction is open; the n-th one may end in trouble.

    `lost`: Stripe did it, the answer never came. `never`: nothing arrived there, which nobody can know.
    `died_before` and `died_after`: this process is gone, before or after Stripe did it.
    """

    gateway: Gateway
    trouble: dict[int, Trouble] = field(default_factory=dict[int, Trouble])
    look: Callable[[Sent], Awaitable[None]] = _nothing
    sent: list[Sent] = field(default_factory=list[Sent])
    status: int = 400

    async def call(
        self, kind: str, params: Json, *, target: str | None, idempotency_key: str | None
    ) -> Answer:
        assert_idle()
        sent = Sent(kind, dict(params), target, idempotency_key)
        trouble = self.trouble.get(len(self.sent))
        self.sent.append(sent)
        await self.look(sent)
        match trouble:
            case "never":
                raise StripeUnknown(failure(kind, None))
            case "busy":
                raise StripeBusy(failure(kind, 429))
            case "refused":
                raise StripeRefused(failure(kind, self.status))
            case "died_before":
                raise Died
            case _:
                pass
        answer = await self._answer(sent, lost=trouble == "lost")
        if trouble == "died_after":
            raise Died
        return answer

    async def _answer(self, sent: Sent, *, lost: bool) -> Answer:
        try:
            answer = await self.gateway.call(
                sent.kind, sent.params, target=sent.target, idempotency_key=sent.key
            )
        except StripeRefused as refused:
            if lost:
                raise StripeUnknown(failure(sent.kind, None)) from refused
            raise
        if lost:
            raise StripeUnknown(failure(sent.kind, None))
        return answer

    @property
    def kinds(self) -> list[str]:
        """What was called, in order."""
        return [sent.kind for sent in self.sent]


def failure(kind: str, status: int | None) -> Failure:
    return Failure(status, None, None, "trouble", None, 1.0, kind)


@dataclass
class Plans:
    """A customer with a card at the twin, and an executor whose plans are all of one kind."""

    database: Database
    stripe: Stripe
    customer: Customer
    completed: list[str] = field(default_factory=list[str])
    converged: list[Json] = field(default_factory=list[Json])
    broken: BaseException | None = None

    @property
    def executor(self) -> Executor:
        """A process that carries plans out, like any other."""
        gateway: Any = self.stripe
        return Executor(
            self.database,
            gateway,
            {AttachmentKind.ATTACH.value: self._complete, AttachmentKind.CATALOG.value: self._complete},
            converge=self._converge,
            environment="test",
        )

    async def _complete(self, _session: AsyncSession, attachment: Attachment, _steps: Sequence[Step]) -> None:
        if self.broken is not None:
            raise self.broken
        self.completed.append(attachment.id)

    async def _converge(self, _session: AsyncSession, seen: Json) -> None:
        self.converged.append(seen)

    async def store(self, *steps: PlannedStep, customer_id: str | None = None) -> str:
        """Commit a plan without driving it, as a crash right after that leaves it."""
        async with self.database.transaction(cause=CAUSE, at=AT) as session:
            stored = begin(
                session,
                kind=AttachmentKind.ATTACH,
                steps=steps,
                request={},
                at=AT,
                customer_id=customer_id or self.customer.id,
            )
        return stored.id

    async def drive(self, *steps: PlannedStep) -> str:
        """Commit a plan and carry it as far as it goes."""
        stored = await self.store(*steps)
        await self.executor.drive(stored, at=AT)
        return stored

    async def card(self, name: str) -> None:
        """Charge this test card from now on."""
        stripe_id = self.customer.stripe_customer_id
        call = self.stripe.gateway.call
        made = await call("payment_methods.attach", {"customer": stripe_id}, target=name)
        settings = {"invoice_settings": {"default_payment_method": made.body["id"]}}
        await call("customers.update", settings, target=stripe_id)

    async def attachment(self, attachment_id: str) -> Attachment:
        """The plan as it is in the database now."""
        async with self.database.session() as session:
            return await session.get_one(Attachment, attachment_id)

    async def steps(self, attachment_id: str) -> list[Step]:
        """The steps as they are in the database now."""
        return await self._of(Step, Step.attachment_id == attachment_id, Step.n)

    async def calls(self, attachment_id: str) -> list[StripeCall]:
        """What was written down of every call, in order."""
        return await self._of(StripeCall, StripeCall.attachment_id == attachment_id, StripeCall.id)

    async def events(self, attachment_id: str) -> list[str]:
        """What happened to the plan, in the words of its machine."""
        found = await self._of(Transition, Transition.row_id == attachment_id, Transition.version)
        return [transition.event for transition in found]

    async def _of(self, kind: type[Base], where: Any, order: Any) -> list[Any]:
        async with self.database.session() as session:
            return list(await session.scalars(select(kind).where(where).order_by(order)))

    async def invoices(self) -> list[Json]:
        """The customer's invoices at Stripe, newest first."""
        query = {"customer": self.customer.stripe_customer_id}
        return await self.stripe.gateway.list_all("invoices.list", query)

    async def price(self, **more: Any) -> str:
        """A price of 20.00 at Stripe, for once unless told."""
        product = (await self.stripe.gateway.call("products.create", {"name": "Pro"})).body["id"]
        terms = {"product": product, "unit_amount": 2000, "currency": "usd", **more}
        return str((await self.stripe.gateway.call("prices.create", terms)).body["id"])

    async def subscription(self) -> str:
        """A monthly subscription at Stripe that runs and is paid."""
        items = [{"price": await self.price(recurring={"interval": "month"})}]
        params = {"customer": self.customer.stripe_customer_id, "items": items}
        return str((await self.stripe.gateway.call("subscriptions.create", params)).body["id"])

    def invoice(self, amount: int = 2000) -> list[PlannedStep]:
        """An invoice that is made, filled and finalized: steps 0, 1 and 2."""
        made = Ref(0)
        lines = [{"description": "Pro", "amount": amount}]
        return [
            PlannedStep(
                "invoices.create",
                {
                    "customer": self.customer.stripe_customer_id,
                    "currency": "usd",
                    "auto_advance": False,
                    "pending_invoice_items_behavior": "exclude",
                },
            ),
            PlannedStep("invoices.add_lines", {"lines": lines}, target=made),
            PlannedStep("invoices.finalize", {"auto_advance": False}, target=made),
        ]

    def purchase(self, amount: int = 2000) -> list[PlannedStep]:
        """The invoice, its payment (3), and a step that waits for the money (4)."""
        open_, paid = Condition(Ref(0), ("open",), "skip"), Condition(Ref(0), ("paid",), "wait")
        return [
            *self.invoice(amount),
            PlannedStep("invoices.pay", {}, target=Ref(0), when=open_, tolerates="declined"),
            PlannedStep("invoices.retrieve", target=Ref(0), when=paid),
        ]


async def make_plans(database: Database, gateway: Gateway, *, card: str | None = "pm_card_visa") -> Plans:
    """A customer of ours that Stripe knows, with a card on file there."""
    made = await gateway.call("customers.create", {"name": "Acme"})
    catalog = Catalog(name=unique("catalog"))
    customer = Customer(
        catalog=catalog.name,
        type="organization",
        external_id=unique("acme"),
        stripe_customer_id=made.body["id"],
    )
    async with database.transaction(cause=CAUSE, at=AT) as session:
        session.add_all([catalog, customer])
    plans = Plans(database, Stripe(gateway), customer)
    if card is not None:
        await plans.card(card)
    return plans
