"""What does one scenario have to itself? A catalog, a clock and customers, unique on a shared Wallstreet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Self

from engine.scenario.door import Door, part
from engine.scenario.format import CardName, Scenario

CARDS: Mapping[CardName, str | None] = {
    "visa": "pm_card_visa",
    "declines_on_charge": "pm_card_chargeCustomerFail",
    "requires_3ds": "pm_card_authenticationRequired",
    "none": None,
}
"""Stripe's test cards by the names of the scenario format (Stripe docs: testing)."""

SHOWN = frozenset({"open", "paid", "uncollectible"})
"""States of an invoice that a customer has been asked to pay, or has paid."""


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a customer's invoices in a step: new totals, and states of those made or changed."""

    totals: tuple[int, ...]
    statuses: tuple[str, ...]
    changed: tuple[Mapping[str, Any], ...] = ()


NOTHING_NEW = News((), ())


@dataclass(slots=True)
class Person:
    """A customer of the scenario and what was seen of it so far."""

    type: str
    id: str
    name: str | None
    checkouts: dict[str, str] = field(default_factory=dict[str, str])
    attachments: dict[str, str] = field(default_factory=dict[str, str])
    last_attachment: str | None = None
    _states: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    _listed: set[str] = field(default_factory=set[str])

    @property
    def reference(self) -> dict[str, str]:
        """The customer as requests name it."""
        return {"type": self.type, "id": self.id}

    @property
    def path(self) -> str:
        """The customer as a path of the API."""
        return f"/v1/customers/{self.type}/{self.id}"

    def remember(self, answer: Mapping[str, Any]) -> None:
        """Keep what later steps refer to: the attachment, and the checkout session it handed out."""
        attachment = answer.get("id")
        if isinstance(attachment, str):
            self.last_attachment = attachment
        checkout = part(answer, "checkout")
        if checkout.get("session") and checkout.get("url"):
            session = str(checkout["session"])
            self.checkouts.pop(session, None)
            self.checkouts[session] = str(checkout["url"])
            self.attachments.setdefault(session, str(attachment))

    def read(self, invoices: Sequence[Mapping[str, Any]]) -> News:
        """Compare the invoices with those seen before, and remember them; zero ones are left out."""
        totals: list[int] = []
        changed: list[Mapping[str, Any]] = []
        for invoice in invoices:
            key, state, total = str(invoice["id"]), str(invoice["state"]), int(invoice["total"])
            if state in SHOWN and key not in self._listed:
                self._listed.add(key)
                if total:
                    totals.append(total)
            if self._states.get(key) != (state, total) and total:
                changed.append(invoice)
            self._states[key] = (state, total)
        return News(tuple(totals), tuple(str(invoice["state"]) for invoice in changed), tuple(changed))


@dataclass(slots=True)
class World:
    """One scenario's own part of the running system."""

    scenario: Scenario
    door: Door
    unique: str
    clock: str
    twin: Door | None = None
    faults: list[str] = field(default_factory=list[str])
    people: dict[str | None, Person] = field(default_factory=dict[str | None, Person])
    sessions: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    async def made(cls, door: Door, scenario: Scenario, *, twin: Door | None = None) -> Self:
        """A clock at the scenario's first instant, its catalog, and its customer."""
        unique = f"{scenario.id[:40].rstrip('-')}-{token_hex(4)}"
        clock = await door.must("POST", "/v1/sandbox/clocks", {"now": scenario.now.isoformat()})
        world = cls(scenario=scenario, door=door, unique=unique, clock=str(clock["id"]), twin=twin)
        await door.must("PUT", f"/v1/catalogs/{unique}", scenario.catalog())
        await world.person(None)
        return world

    async def person(self, name: str | None) -> Person:
        """The customer of that name, made on its first use with the scenario's settings."""
        if name in self.people:
            return self.people[name]
        buyer = self.scenario.customer
        suffix = f"-{re.sub('[^A-Za-z0-9]+', '-', name)[:14]}" if name else ""
        person = Person(buyer.type, self.unique + suffix, name)
        await self.door.must(
            "PUT",
            person.path,
            {"catalog": self.unique, "clock": self.clock, "receives_default": buyer.receives_default},
        )
        self.people[name] = person
        if CARDS[buyer.payment_method] is not None:
            await self.set_card(person, buyer.payment_method)
        await self.settle()
        person.read(await self.invoices(person))
        return person

    async def set_card(self, person: Person, card: CardName) -> None:
        """Put that card on file, or take the one on file away."""
        await self.door.must("PUT", f"{person.path}/payment-method", {"payment_method": CARDS[card]})

    async def settle(self) -> None:
        """Wait until webhooks, steps and messages of the scenario's clock have arrived."""
        await self.door.must("POST", f"/v1/sandbox/clocks/{self.clock}/settle")

    async def view(self, person: Person) -> Mapping[str, Any]:
        """The customer as the API shows it."""
        return await self.door.must("GET", person.path)

    async def invoices(self, person: Person) -> list[Mapping[str, Any]]:
        """The customer's invoices, oldest first."""
        return list((await self.door.must("GET", f"{person.path}/invoices"))["data"])

    async def news(self, person: Person) -> News:
        """What is new in that customer's invoices; those of the others are marked as seen."""
        news = {id(one): one.read(await self.invoices(one)) for one in self.people.values()}
        return news[id(person)]

    async def attachment(self, key: str) -> Mapping[str, Any]:
        """An attachment with its decision, steps and calls."""
        return await self.door.must("GET", f"/v1/attachments/{key}")
