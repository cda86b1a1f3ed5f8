"""What does Wallstreet need around it, and how is what is missing started within a second?"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.sandbox.folders import RunFolder, claimed
from engine.sandbox.nats import embedded_nats
from engine.sandbox.postgres import embedded_postgres
from engine.sandbox.processes import Program, running

_SOURCES = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three neighbours of Wallstreet are; `folder` holds the logs while the stack runs."""

    database_url: str
    nats_url: str
    stripe_base: str
    folder: Path


@asynccontextmanager
async def twin(
    run_folder: Path,
    data_folder: Path | None = None,
    *,
    traffic: Path | None = None,
    options: Sequence[str] = (),
    host: str = "127.0.0.1",
) -> AsyncGenerator[str]:
    """The base address of a Stripe twin that runs inside the block; writes its traffic where it is told.

    `options` are those of `python -m engine.sandbox.twin`, such as `--seed`.
    """
    port_file = run_folder / "twin.port"
    argv = [sys.executable, "-m", "engine.sandbox.twin", "--host", host, *options]
    argv += ["--port-file", str(port_file)]
    if data_folder is not None:
        argv += ["--data", str(data_folder / "stripe-twin.json")]
    if traffic is not None:
        argv += ["--traffic", str(Path.cwd() / traffic)]
    # Also found when Wallstreet runs from its sources without being installed.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([_SOURCES, os.environ.get("PYTHONPATH", "")])}
    program = Program("Stripe twin", argv, run_folder / "twin.log", environment=environment)
    async with running(program, lambda _child: _written(port_file)) as port:
        yield f"http://{host}:{port}"


def _written(port_file: Path) -> int | None:
    text = port_file.read_text().strip() if port_file.exists() else ""
    return int(text) if text else None


@asynccontextmanager
async def embedded_stack(
    data_folder: Path | None = None,
    *,
    traffic: Path | None = None,
    database_url: str | None = None,
    nats_url: str | None = None,
    stripe_base: str | None = None,
) -> AsyncGenerator[Addresses]:
    """All three run inside the block and are gone after it, whatever happens; what is given is not started.

    Without a data folder nothing is kept.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(RunFolder()).path
        data = stack.enter_context(claimed(data_folder)) if data_folder else None
        servers: dict[str, AbstractAsyncContextManager[str]] = {}
        if database_url is None:
            servers["database"] = embedded_postgres(folder, data)
        if nats_url is None:
            servers["nats"] = embedded_nats(folder, data)
        if stripe_base is None:
            servers["stripe"] = twin(folder, data, traffic=traffic)
        started = await _started(stack, servers)
        yield Addresses(
            database_url=database_url or started["database"],
            nats_url=nats_url or started["nats"],
            stripe_base=stripe_base or started["stripe"],
            folder=folder,
        )


async def _started(
    stack: AsyncExitStack, servers: dict[str, AbstractAsyncContextManager[str]]
) -> dict[str, str]:
    """All at once; when one fails the others are ended before its error is raised alone."""
    tasks: dict[str, asyncio.Task[str]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for name, server in servers.items():
                tasks[name] = group.create_task(stack.enter_async_context(server))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {name: task.result() for name, task in tasks.items()}
