"""How is a scenario played? Step by step on a running system; each step done, settled, observed, compared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Any, Protocol

import httpx2

from engine.scenario.behind.deeds import heal
from engine.scenario.door import TIMEOUT, Door, DoorClosed, NotBuilt, part
from engine.scenario.expect import Difference, Seen, compare
from engine.scenario.feed import Feed, listening
from engine.scenario.format import Act, Expectations, Step
from engine.scenario.reading import Found
from engine.scenario.support import unsupported
from engine.scenario.verbs import Done, perform
from engine.scenario.world import Person, World

VIEWED = frozenset(
    {
        "products",
        "balances",
        "subscriptions",
        "next_reset_at",
        "trial_ends_at",
        "product_version",
    }
)


class Status(StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that did not hold, and the step (counted from 1) that stated it."""

    step: int
    deed: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario."""

    id: str
    status: Status
    seconds: float
    failures: tuple[Failure, ...] = ()
    message: str = ""


class Observer(Protocol):
    """Someone who watches a scenario being played."""

    async def before(self, world: World, person: Person, step: Step) -> None:
        """The step is about to be done."""
        ...

    async def after(self, world: World, person: Person, step: Step, seen: Seen) -> None:
        """The step was done, has settled and was observed."""
        ...


class Runner:
    """Plays scenarios on one running system; holds nothing of any of them."""

    def __init__(
        self,
        door: Door,
        *,
        feed: Feed | None = None,
        observer: Observer | None = None,
        twin: Door | None = None,
    ) -> None:
        self._door = door
        self._twin = twin
        self._feed = feed
        self._observer = observer

    async def play(self, found: Found) -> Outcome:
        """Play one file to its end, whatever happens in it."""
        began = monotonic()
        scenario = found.scenario
        if scenario is None:
            return Outcome(found.id, Status.ERROR, 0.0, message=found.problem)
        words = unsupported(scenario)
        if words:
            return Outcome(scenario.id, Status.UNSUPPORTED, 0.0, message=", ".join(words))
        try:
            failures = await self._healed(await World.made(self._door, scenario, twin=self._twin))
        except NotBuilt as reason:
            return Outcome(scenario.id, Status.UNSUPPORTED, monotonic() - began, message=reason.word)
        except DoorClosed as reason:
            return Outcome(scenario.id, Status.ERROR, monotonic() - began, message=str(reason))
        status = Status.FAILED if failures else Status.PASSED
        return Outcome(scenario.id, status, monotonic() - began, tuple(failures))

    async def play_all(
        self, files: Sequence[Found], *, jobs: int = 1
    ) -> AsyncIterator[tuple[Found, Outcome]]:
        """Play the files, so many at a time, and hand out each outcome as it comes."""
        gate = asyncio.Semaphore(max(jobs, 1))

        async def one(found: Found) -> tuple[Found, Outcome]:
            async with gate:
                return found, await self.play(found)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(found)) for found in files]
            for finished in asyncio.as_completed(tasks):
                yield await finished

    async def _healed(self, world: World) -> list[Failure]:
        """All steps; no fault of this scenario stays for those that follow."""
        try:
            return await self._steps(world)
        finally:
            await heal(world)

    async def _steps(self, world: World) -> list[Failure]:
        failures: list[Failure] = []
        await self._messages(world)
        for number, step in enumerate(world.scenario.steps, start=1):
            person = await world.person(step.customer)
            if self._observer is not None:
                await self._observer.before(world, person, step)
            done = await perform(world, person, step)
            await world.settle()
            seen = await self._observe(world, person, step, done)
            failures += [Failure(number, deed(step), found) for found in compare(step.expect, seen)]
            _learn_session(world, step.expect, seen)
            if self._observer is not None:
                await self._observer.after(world, person, step, seen)
        return failures

    async def _observe(self, world: World, person: Person, step: Act, done: Done) -> Seen:
        expect = step.expect
        named = expect.model_fields_set
        if "feed" in named and self._feed is None:
            raise NotBuilt("feed without --nats")
        return Seen(
            answer=done.answer,
            result=await _result(world, person, expect, done),
            refusal_is_an_answer=done.refusal_is_an_answer,
            view=await world.view(person) if named & VIEWED else {},
            news=await world.news(person),
            feed=await self._messages(world),
            product=getattr(step, "product", None),
            sessions=dict(world.sessions),
        )

    async def _messages(self, world: World) -> Sequence[Mapping[str, Any]]:
        if self._feed is None:
            return ()
        return await self._feed.news([f"{person.type}_{person.id}" for person in world.people.values()])


@asynccontextmanager
async def runner(
    api_url: str,
    *,
    nats_url: str | None = None,
    twin_url: str | None = None,
    observer: Observer | None = None,
) -> AsyncGenerator[Runner]:
    """A runner on the system at these addresses.

    Without a bus, `feed` expectations are unsupported; without a twin, `fault` and `stripe` steps are.
    """
    async with AsyncExitStack() as stack:
        door = Door(await stack.enter_async_context(_client(api_url)))
        twin = Door(await stack.enter_async_context(_client(twin_url))) if twin_url else None
        feed = await stack.enter_async_context(listening(nats_url)) if nats_url else None
        yield Runner(door, feed=feed, observer=observer, twin=twin)


def _client(base_url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=base_url, timeout=TIMEOUT, trust_env=False)


_ABOUT = ("product", "feature", "mode", "to", "payment_method", "action")


def deed(step: Act) -> str:
    """The step in a few words: its verb and what it is about."""
    about = [getattr(step, name, None) for name in _ABOUT]
    return " ".join([getattr(step, "do", "step"), *(str(word) for word in about if word is not None)])


async def _result(world: World, person: Person, expect: Expectations, done: Done) -> str | None:
    """What the answer says, or for a step that gives none what the attachment behind it has come to."""
    status = done.answer.body.get("status")
    if isinstance(status, str) or expect.result is None or done.answer.error is not None:
        return status
    key = done.attachment or person.last_attachment
    return str((await world.attachment(key)).get("status")) if key else None


def _learn_session(world: World, expect: Expectations, seen: Seen) -> None:
    session = part(seen.answer.body, "checkout").get("session")
    if expect.session is not None and session is not None:
        world.sessions.setdefault(expect.session, str(session))
