"""What can be measured? `wallstreet bench`."""

# ruff: noqa: PLC0415 - `wallstreet --help` answers at once because a command imports its machinery itself

from __future__ import annotations

from typing import Annotated

import typer

from .running import quiet, run, running, settings

bench_commands = typer.Typer(
    no_args_is_help=True, help="Measure how fast it is here, beside a bare baseline."
)


@bench_commands.command("attach")
def bench_attach(
    count: Annotated[int, typer.Option(min=1, help="How many attaches are measured.")] = 50,
) -> None:
    """Measure attach over HTTP: median and p99, our own time and the time that Stripe takes, in one run.

    Beside them the cost of one decision, and bare baselines of the same machine and minute, as ratios.
    """
    from engine.bench import measure_attach
    from engine.terminal.screen import screen

    quiet()
    chosen = settings(port=0)

    async def measured() -> None:
        async with running(chosen) as system:
            await measure_attach(
                screen(),
                api_url=system.api_url,
                database_url=system.database_url,
                count=count,
            )

    run(measured())


@bench_commands.command("twin")
def bench_twin(
    count: Annotated[int, typer.Option(min=1, help="How many subscriptions are measured one by one.")] = 200,
    subscriptions: Annotated[int, typer.Option(min=1, help="How many are renewed for a year.")] = 1000,
) -> None:
    """Measure the Stripe twin alone: a subscription's median and p99, and a year of monthly renewals.

    Beside them a bare round trip to the same process as baseline, as ratios.
    """
    from engine.bench import measure_twin
    from engine.sandbox.folders import RunFolder
    from engine.sandbox.stack import twin
    from engine.terminal.screen import screen

    async def measured() -> None:
        with RunFolder() as folder:
            async with twin(folder.path) as base:
                await measure_twin(screen(), base_url=base, count=count, subscriptions=subscriptions)

    run(measured())
