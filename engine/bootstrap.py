"""How do the parts become a running Wallstreet? The only place that knows every class."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from engine.access.service import AccessService
from engine.api.app import create_app
from engine.api.keys import StoredKeys
from engine.api.operations import Operations, endpoints
from engine.api.problems import problem_of
from engine.api.services import Answer, Services
from engine.attach.apply import complete_change
from engine.attach.service import Attach
from engine.bus.connection import Bus, connected
from engine.bus.consumers import StripeEvents
from engine.bus.door import TunnelDoor
from engine.bus.relay import Relay
from engine.bus.service import serving
from engine.catalog import service as catalogs
from engine.clock import wall_time
from engine.customers.service import CustomerService, complete_customer, complete_payment_method
from engine.mirror.converge import converge_answer
from engine.payments.gateway import Gateway, StripeFailed
from engine.sandbox.stack import Addresses, embedded_stack
from engine.settings import STRIPE, Environment, Settings, SettingsError
from engine.settle.clocks import Clocks
from engine.settle.due import DueWork
from engine.settle.events import WANTED, Events
from engine.settle.loops import Loops
from engine.settle.twin import Twin
from engine.steps.executor import Executor
from persistence import migrations
from persistence.database import Database
from rules import load_ruleset
from rules.ruleset import RuleSet

COMPLETIONS = {
    "attach": complete_change,
    "cancel": complete_change,
    "uncancel": complete_change,
    "catalog": catalogs.complete_catalog,
    "customer": complete_customer,
    "payment_method": complete_payment_method,
}


@dataclass(frozen=True, slots=True)
class System:
    """A running Wallstreet: where it answers, and the parts that tests and benches look at."""

    api_url: str
    twin_url: str | None
    nats_url: str
    database_url: str
    rules: RuleSet
    database: Database


@dataclass(slots=True)
class Secrets:
    """The signing secrets of webhooks; the twin gives one when its endpoint is made."""

    known: list[str] = field(default_factory=list[str])

    def __call__(self) -> list[str]:
        """All that are valid now."""
        return self.known


@asynccontextmanager
async def running(
    settings: Settings, *, embedded: bool = True, data: Path | None = None
) -> AsyncGenerator[System]:
    """Wallstreet runs inside the block, with whatever the settings do not name embedded around it.

    Everything that was started has ended when the block is left, however it is left.

    Raises:
        SettingsError: a server that the settings name does not answer.
    """
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(_surroundings(settings, embedded=embedded, data=data))
        rules = load_ruleset(settings.rules_dir)
        await migrations.upgrade(addresses.database_url)
        database = Database(addresses.database_url)
        stack.push_async_callback(database.dispose)
        gateway = Gateway(settings.api_key, api_base=addresses.stripe_base)
        stack.push_async_callback(gateway.close)
        bus = await stack.enter_async_context(connected(addresses.nats_url))
        twin = None if settings.uses_real_stripe else Twin(addresses.stripe_base)
        if twin is not None:
            stack.push_async_callback(twin.close)
        listening = stack.enter_context(_socket(settings.host, settings.port))
        url = f"http://{settings.host}:{listening.getsockname()[1]}"
        secrets = Secrets(list(settings.webhook_secrets))
        parts = _parts(_Around(settings, database, gateway, bus, twin, rules, secrets, url))
        await stack.enter_async_context(parts.relay.running())
        await stack.enter_async_context(parts.events.running())
        await stack.enter_async_context(parts.loops.running())
        handlers = endpoints(Operations(parts.services))
        await stack.enter_async_context(
            serving(bus, handlers, problem_of=lambda error, subject: problem_of(error, instance=subject).body)
        )
        await stack.enter_async_context(_served(parts.services, listening))
        if twin is not None:
            at = f"{url}/v1/webhooks/stripe"
            endpoint = _webhook_endpoint(gateway, at, alone=settings.starts_twin)
            secrets.known.append(await stack.enter_async_context(endpoint))
        yield System(
            api_url=url,
            twin_url=addresses.stripe_base if twin is not None else None,
            nats_url=addresses.nats_url,
            database_url=addresses.database_url,
            rules=rules,
            database=database,
        )


def _surroundings(
    settings: Settings, *, embedded: bool, data: Path | None
) -> AbstractAsyncContextManager[Addresses]:
    """Whatever the settings do not name is started; in production they name everything."""
    if not embedded:
        return nullcontext(_named(settings))
    return embedded_stack(
        data,
        traffic=settings.sandbox_traffic,
        database_url=settings.database_url,
        nats_url=settings.nats_url,
        stripe_base=None if settings.starts_twin else settings.stripe_api_base or STRIPE,
    )


def _named(settings: Settings) -> Addresses:
    assert settings.database_url is not None
    assert settings.nats_url is not None
    return Addresses(
        database_url=settings.database_url,
        nats_url=settings.nats_url,
        stripe_base=settings.stripe_api_base or STRIPE,
        folder=Path.cwd(),
    )


@contextmanager
def _socket(host: str, port: int) -> Generator[socket.socket]:
    """A bound socket, so that the address is known before anything asks for it."""
    try:
        bound = socket.create_server((host, port))
    except OSError as error:
        raise SettingsError(
            (f"WALLSTREET_PORT: {host}:{port} cannot be listened on ({error.strerror}); choose another.",)
        ) from error
    with bound:
        # asyncio sets it only where the protocol is named; without it an answer waits for the client's
        # delayed acknowledgement, some 40 ms. Accepted connections inherit it.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield bound


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever started it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take no signal."""
        yield


@asynccontextmanager
async def _served(services: Services, listening: socket.socket) -> AsyncGenerator[None]:
    """The HTTP API answers inside the block; at its end open requests finish first."""
    config = uvicorn.Config(
        create_app(services), log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="off"
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if task.done():
                await task
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def _webhook_endpoint(gateway: Gateway, url: str, *, alone: bool) -> AsyncGenerator[str]:
    """The secret of a webhook endpoint at the twin, which is taken off at the end.

    Where the twin is ours `alone`, those that a run left behind which could not end in order go first: the
    twin would wait for them for ever.
    """
    for old in await gateway.list_all("webhook_endpoints.list") if alone else ():
        await gateway.call("webhook_endpoints.delete", target=old["id"])
    made = await gateway.call("webhook_endpoints.create", {"url": url, "enabled_events": list(WANTED)})
    try:
        yield str(made.body["secret"])
    finally:
        with suppress(StripeFailed):
            await gateway.call("webhook_endpoints.delete", target=made.body["id"])


def _rules_answer(rules: RuleSet) -> Answer:
    return {"hash": rules.hash, "files": dict(rules.files)}


@dataclass(frozen=True, slots=True)
class _Around:
    """What the parts are plugged into: the settings, and the connections that are open."""

    settings: Settings
    database: Database
    gateway: Gateway
    bus: Bus
    twin: Twin | None
    rules: RuleSet
    secrets: Secrets
    url: str


@dataclass(frozen=True, slots=True)
class _Parts:
    services: Services
    relay: Relay
    events: StripeEvents
    loops: Loops


def _parts(around: _Around) -> _Parts:
    """Whatever works on by itself, and the services behind the doors."""
    database, bus = around.database, around.bus
    environment = around.settings.environment.value
    relay = Relay(database, bus)
    executor = Executor(
        database, around.gateway, COMPLETIONS, converge=converge_answer, environment=environment
    )
    due_work = DueWork(database, around.gateway)
    door = TunnelDoor(bus, around.secrets)
    handled = Events(database, around.gateway, executor)
    return _Parts(
        services=_services(around, relay, executor, due_work, door),
        relay=relay,
        events=StripeEvents(bus, database, door.check, handled.handle),
        loops=Loops(database, due_work, executor),
    )


def _services(
    around: _Around, relay: Relay, executor: Executor, due_work: DueWork, door: TunnelDoor
) -> Services:
    """What the API answers with; in production time cannot be moved, so there are no clocks."""
    database, rules = around.database, around.rules
    access = AccessService(database, grants=lambda state, kind: rules.access(state)[kind])
    customers = CustomerService(database, executor, grants=access.grants, after_commit=relay.wake)
    attaching = Attach(
        database,
        lambda: rules,
        executor,
        customers.ensure_stripe_customer,
        success_url=f"{around.url}/checkout/done",
        after_commit=relay.wake,
    )
    customers.give_defaults = attaching.give_defaults
    sandbox = around.settings.environment is Environment.SANDBOX
    return Services(
        attaching=attaching,
        access=access,
        catalogs=catalogs.CatalogService(database, executor, now=wall_time, after_commit=relay.wake),
        customers=customers,
        webhooks=door,
        now=wall_time,
        rules=lambda: _rules_answer(rules),
        clocks=Clocks(database, around.gateway, around.twin, due_work, wake=relay.wake) if sandbox else None,
        keys=StoredKeys(database, wall_time),
        readiness={"database": database.ping, "nats": around.bus.ping},
    )
