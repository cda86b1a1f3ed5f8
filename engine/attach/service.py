"""One call for every purchase: gather, decide, price and plan, execute. Preview is the same but for the last.

The customer is claimed first (a lease, so that no transaction is open during a call), and everything that
decides is read after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.answers.describe import describe
from engine.attach.answers.outcome import outcome
from engine.attach.answers.preview import preview_answer
from engine.attach.context import AttachContext, Waiting
from engine.attach.decision import Decided, decide
from engine.attach.gather import Asked, gather
from engine.attach.planning import cancel as cancelling
from engine.attach.planning.functions import FUNCTIONS
from engine.attach.planning.plan import AttachPlan
from engine.attach.request import AttachRequest, CancelRequest, Choice, UncancelRequest
from engine.attach.store import Intent, store
from engine.attach.supported import refuse_unbuilt, refuse_unbuilt_product, refuse_unbuilt_request
from engine.customers.reference import Customer as Reference
from engine.errors import NotFound, Refused
from engine.steps.claim import Claim, business_now, claimed
from engine.steps.executor import Executor
from persistence.database import Database
from persistence.ids import new_id
from persistence.models import Customer
from persistence.repositories import attachments, catalogs, customers
from rules.ruleset import RuleSet

Json = dict[str, Any]

DECIDED_ANEW = 5
"""How often a purchase is decided anew because the customer changed under it, by an event of Stripe's."""


class StripeCustomers(Protocol):
    """Makes the Stripe customer of a customer when it is first needed."""

    async def __call__(self, customer_id: str, *, at: datetime) -> None:
        """Return when the customer has one."""
        ...


@dataclass(frozen=True, slots=True)
class _Work:
    """What one kind of call brings: what it asks for, and how a context becomes a plan."""

    kind: str
    reference: Reference
    asked: Asked
    document: Mapping[str, Any]
    params_hash: str
    plan: Callable[[AttachContext], tuple[AttachPlan, Decided | None]]
    decision_kind: str = "attach"


class Attach:
    """Every change of what a customer holds."""

    def __init__(
        self,
        database: Database,
        rules: Callable[[], RuleSet],
        executor: Executor,
        ensure_stripe_customer: StripeCustomers,
        *,
        success_url: str,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._rules = rules
        self._executor = executor
        self._ensure_stripe_customer = ensure_stripe_customer
        self._success_url = success_url
        self._after_commit = after_commit

    async def execute(
        self, request: AttachRequest, idempotency: str | None = None, *, default: bool = False
    ) -> Json:
        """Do what the request asks for; the same key never does it twice.

        Raises:
            WallstreetError: the request was refused, under a stable code, and nothing was done.
        """
        return await self._run(self._purchase(request, default=default), idempotency)

    async def preview(self, request: AttachRequest) -> Json:
        """Say what `execute` would do and cost at this instant, by the same path, and do nothing."""
        work = self._purchase(request)
        async with self._database.session() as session:
            customer = await _customer(session, work.reference)
            at = business_now(customer)
            context = await gather(session, customer, work.asked, attachment=new_id("att"), at=at)
        refuse_unbuilt_product(context)
        plan, decided = work.plan(context)
        assert decided is not None
        return preview_answer(plan, decided, context)

    async def cancel(self, request: CancelRequest, idempotency: str | None = None) -> Json:
        """End a product, now or at the end of its cycle."""
        if request.refund is not None:
            refuse_unbuilt(frozenset({"refund"}))
        work = _Work(
            "cancel",
            request.customer,
            self._asked(request.product, entity=request.entity),
            request.document,
            "",
            lambda context: (cancelling.cancel(context, mode=request.mode.value), None),
        )
        return await self._run(work, idempotency)

    async def uncancel(self, request: UncancelRequest, idempotency: str | None = None) -> Json:
        """Take back the planned end of a product."""
        work = _Work(
            "uncancel",
            request.customer,
            self._asked(request.product, entity=request.entity),
            request.document,
            "",
            lambda context: (cancelling.uncancel(context), None),
        )
        return await self._run(work, idempotency)

    async def describe(self, attachment_id: str) -> Json:
        """Everything known of one attachment: request, decision, lines, steps, calls, transitions."""
        async with self._database.session() as session:
            return await describe(session, attachment_id)

    async def give_defaults(self, reference: Reference) -> None:
        """Give a new customer the default products of its catalog, each as an attach with its decision."""
        async with self._database.session() as session:
            customer = await _customer(session, reference)
            defaults = await catalogs.default_products(session, customer.catalog)
        for product in defaults:
            document = {
                "customer": {"type": reference.type.value, "id": reference.id},
                "product": product.external_id,
            }
            choice = Choice(product.external_id, None, None, None)
            await self.execute(AttachRequest(reference, (choice,), document), default=True)

    def _purchase(self, request: AttachRequest, *, default: bool = False) -> _Work:
        refuse_unbuilt_request(request)
        choice = request.choices[0]
        asked = Asked(
            choice.product,
            choice.version,
            choice.quantities or {},
            request.entity,
            request.success_url or self._success_url,
        )

        def plan(context: AttachContext) -> tuple[AttachPlan, Decided | None]:
            decided = decide(context, request, self._rules())
            function = FUNCTIONS[decided.decision.function]
            return function(context, decided.decision.config), decided

        kind = "default" if default else "attach"
        return _Work(
            "attach",
            request.customer,
            asked,
            request.document,
            request.params_hash,
            plan,
            decision_kind=kind,
        )

    def _asked(self, product: str, *, entity: str | None) -> Asked:
        return Asked(product, None, {}, entity, self._success_url)

    async def _run(self, work: _Work, idempotency: str | None) -> Json:
        async with self._database.session() as session:
            customer = await _customer(session, work.reference)
        async with claimed(self._database, self._executor, customer.id) as claim:
            known = await self._known(work, idempotency)
            if known is None:
                claim.begin_nothing_beside()
                known = await self._plan_and_store(work, claim, idempotency)
            await self._executor.drive(known, at=claim.at)
        self._after_commit()
        return await self._answer(known)

    async def _known(self, work: _Work, idempotency: str | None) -> str | None:
        """The attachment that was made under this key before, to be driven on and answered again."""
        if idempotency is None:
            return None
        async with self._database.session() as session:
            found = await attachments.asked_with(session, str(work.reference), idempotency)
            return found.id if found is not None else None

    async def _plan_and_store(self, work: _Work, claim: Claim, idempotency: str | None) -> str:
        """The attachment that was stored, or the open checkout that the same request has already."""
        for _ in range(DECIDED_ANEW):
            stored = await self._try_to_store(work, claim, idempotency)
            if stored is not None:
                return stored
        raise Refused(
            "concurrent_request",
            "The customer changed each time before this could begin; send the request again in a moment.",
        )

    async def _try_to_store(self, work: _Work, claim: Claim, idempotency: str | None) -> str | None:
        """None when the customer changed between the facts and the plan."""
        customer_id, at = claim.customer.id, claim.at
        attachment = new_id("att")
        context = await self._gathered(customer_id, work, attachment, at)
        same = next((w for w in context.waiting if _is_same_checkout(w, work)), None)
        if same is not None:
            return same.attachment
        plan, decided = work.plan(context)
        if plan.steps and context.customer.stripe_id is None:
            await self._ensure_stripe_customer(customer_id, at=at)
            context = await self._gathered(customer_id, work, attachment, at)
            plan, decided = work.plan(context)
        intent = Intent(
            attachment=attachment,
            customer_id=customer_id,
            clock_id=claim.customer.clock_id,
            customer_version=context.customer.version,
            kind=work.kind,
            caller=str(work.reference),
            idempotency_key=idempotency,
            params_hash=work.params_hash,
            request=work.document,
            fence=claim.fence,
            decision_kind=work.decision_kind,
            at=at,
        )
        stored = await store(self._database, intent, plan, decided, self._rules())
        return attachment if stored else None

    async def _gathered(self, customer_id: str, work: _Work, attachment: str, at: datetime) -> AttachContext:
        async with self._database.session() as session:
            customer = await customers.get(session, customer_id)
            context = await gather(session, customer, work.asked, attachment=attachment, at=at)
        if work.kind == "attach":
            refuse_unbuilt_product(context)
        return context

    async def _answer(self, attachment_id: str) -> Json:
        async with self._database.session() as session:
            found = await attachments.with_steps(session, attachment_id)
            assert found.customer_id is not None
            version = await customers.version(session, found.customer_id)
            return outcome(found, found.steps, customer_version=version)


def _is_same_checkout(waiting: Waiting, work: _Work) -> bool:
    """The same request gets the same open page again."""
    return (
        work.kind == "attach"
        and waiting.awaiting_type == "checkout.session"
        and waiting.params_hash == work.params_hash
    )


async def _customer(session: AsyncSession, reference: Reference) -> Customer:
    found = await customers.find(session, reference.type, reference.id)
    if found is None:
        raise NotFound(
            "customer_not_found",
            f"There is no {reference.type} {reference.id}; create it with PUT /v1/customers/"
            f"{reference.type}/{reference.id}.",
        )
    return found
