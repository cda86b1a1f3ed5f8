"""What does a command need to run? Settings, rules, the whole system, and an end in order."""

# ruff: noqa: PLC0415 - `wallstreet --help` answers at once because a command imports its machinery itself

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from engine.bootstrap import System
    from engine.settings import Settings
    from rules.ruleset import RuleSet

T = TypeVar("T")


def settings(**given: Any) -> Settings:
    """The settings of the environment, with what the command says."""
    from engine.settings import load_settings

    return load_settings(**given)


def ruleset(folder: Path | None) -> RuleSet:
    """The rules of a folder, or the shipped ones."""
    from rules import load_ruleset

    return load_ruleset(folder)


def quiet() -> None:
    """Only what a person must look at goes to the terminal beside the output."""
    import logging

    from engine.telemetry import configure_logging

    configure_logging(level=logging.ERROR)


@asynccontextmanager
async def running(settings: Settings, *, data: Path | None = None) -> AsyncGenerator[System]:
    """The whole system inside the block; who waits for it sees that it starts."""
    from rich.console import Console

    from engine import bootstrap

    async with AsyncExitStack() as stack:
        with Console(stderr=True).status("Starting Postgres, NATS, the Stripe twin and Wallstreet …"):
            system = await stack.enter_async_context(bootstrap.running(settings, embedded=True, data=data))
        yield system


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; Ctrl-C, a closed terminal or SIGTERM end it in order, with all that it started."""
    import uvloop

    from engine.sandbox import leftovers

    try:
        return leftovers.run(work, loop_factory=uvloop.new_event_loop)
    except SystemExit as ended:
        raise typer.Exit(int(ended.code or 0)) from None
