"""How does a catalog document come into force? Checked, written as rows, made at Stripe, and told ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from engine.attach.supported import unbuilt_terms
from engine.catalog.at_stripe import not_built, note, wanted
from engine.catalog.document import CatalogDocument
from engine.catalog.lint import check
from engine.catalog.rows import rewrite
from engine.clock import wall_time
from engine.errors import NotFound, Refused
from engine.steps.begin import begin
from engine.steps.executor import Drive, Executor
from persistence.database import Database
from persistence.models import Attachment, Catalog, Product, Step
from persistence.models.words import AttachmentKind
from persistence.repositories import catalog_changes, catalogs

Json = dict[str, Any]
COMPLETED = "completed"
PATIENCE = 10.0
"""Seconds that a document waits for another one of the same catalog."""
PAUSE = 0.02


class CatalogService:
    """What is sold, under each name."""

    def __init__(
        self,
        database: Database,
        executor: Executor,
        *,
        now: Callable[[], datetime] = wall_time,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._executor = executor
        self._now = now
        self._after_commit = after_commit

    async def apply(self, name: str, document: CatalogDocument) -> Json:
        """Make the catalog what the document says, here and at Stripe.

        A product that Stripe did not take is answered as not ready, with Stripe's words; applying the same
        document again goes on from there.

        Raises:
            InvalidRequest: the document makes no sense; every mistake is told with its place.
            Refused: it changes what a customer has been promised.
        """
        check(document)
        at = self._now()
        async with self._alone(name):
            retired = await self._write(name, document, at)
            self._after_commit()
            stopped = await self._make_at_stripe(name, retired, at)
        self._after_commit()
        return await self._answer(name, stopped)

    async def get(self, name: str) -> Json:
        """The document that was applied last."""
        async with self._database.session() as session:
            found = await catalogs.find(session, name)
        if found is None:
            raise unknown_catalog(name)
        return found.document

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncGenerator[None]:
        """Inside the block no other document of this catalog is brought into force, by whatever process."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            async with self._database.leadership(f"catalog {name}") as leadership:
                if leadership is not None:
                    yield
                    return
            await asyncio.sleep(PAUSE)
        raise Refused(
            "concurrent_request",
            f"Another document for the catalog {name} is being applied; send this one again in a moment.",
        )

    async def _write(self, name: str, document: CatalogDocument, at: datetime) -> tuple[str, ...]:
        async with self._database.transaction(cause={"kind": "catalog", "id": name}, at=at) as session:
            catalog = await catalogs.lock(session, name)
            if catalog is None:
                catalog = Catalog(name=name)
                session.add(catalog)
                await session.flush()
            return await rewrite(session, catalog, document, at=at)

    async def _make_at_stripe(self, name: str, retired: Sequence[str], at: datetime) -> Drive | None:
        """Drive what is missing at Stripe; where it stopped, or None when nothing is missing any more."""
        while True:
            attachment, is_ours = await self._planned(name, retired, at)
            if attachment is None:
                return None
            drive = await self._executor.drive(attachment, at=at)
            if drive.state != COMPLETED:
                return drive
            if is_ours:
                return None

    async def _planned(self, name: str, retired: Sequence[str], at: datetime) -> tuple[str | None, bool]:
        """The work at Stripe to drive, and whether it is that of this document; an earlier one goes first."""
        async with self._database.transaction(cause={"kind": "catalog", "id": name}, at=at) as session:
            await catalogs.lock(session, name)
            earlier = await catalog_changes.running(session, name)
            if earlier is not None:
                return earlier.id, False
            products = await _all(session, name)
            note(products, await catalog_changes.made_in_vain(session, name))
            steps = wanted((p for p in products.values() if p.archived_at is None), retired)
            if not steps:
                return None, True
            attachment = begin(
                session,
                kind=AttachmentKind.CATALOG,
                catalog=name,
                steps=steps,
                request={"catalog": name},
                at=at,
            )
            return attachment.id, True

    async def _answer(self, name: str, stopped: Drive | None) -> Json:
        async with self._database.session() as session:
            catalog = await catalogs.find(session, name)
            assert catalog is not None, "it was written by this call"
            products = await _all(session, name)
        told = [_told(product) for product in products.values() if product.archived_at is None]
        answer: Json = {"name": name, "version": catalog.version, "products": told}
        if stopped is not None:
            answer["stopped"] = {"state": stopped.state, "error": stopped.failure}
        return answer


async def complete_catalog(session: AsyncSession, attachment: Attachment, steps: Sequence[Step]) -> None:
    """What finished work at Stripe means for the rows: the names Stripe gave, and what can be sold now."""
    assert attachment.catalog is not None
    note(await _all(session, attachment.catalog), steps)


def unknown_catalog(name: str) -> NotFound:
    """The refusal of a catalog that was never applied."""
    return NotFound(
        "catalog_not_found", f"There is no catalog {name}; apply one with PUT /v1/catalogs/{name}."
    )


async def _all(session: AsyncSession, name: str) -> Mapping[str, Product]:
    return {product.id: product for product in await catalogs.versions(session, name)}


def _told(product: Product) -> Json:
    told: Json = {"id": product.external_id, "version": product.version_number, "ready": product.ready}
    untold = sorted({*not_built(product), *unbuilt_terms(product)})
    return told | ({"not_built": untold} if untold else {})
