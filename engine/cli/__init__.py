"""What can a person do with Wallstreet? The `wallstreet` command; each deed imports only what it needs."""

# ruff: noqa: PLC0415 - `wallstreet --help` answers at once because a command imports its machinery itself

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from .bench import bench_commands
from .running import quiet as _quiet
from .running import ruleset as _ruleset
from .running import run as _run
from .running import running as _running
from .running import settings as _settings

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""Exit codes: something was found wrong; something was asked wrongly or cannot start; Ctrl-C."""

ABOUT = """
Billing and subscriptions on Stripe: every purchase through one call, decided by rules that are proved.

Nothing has to be installed or configured: Postgres, NATS and a twin of Stripe are started on free ports,
and are gone when the command ends. Begin with `wallstreet demo`; then look around in `wallstreet dev`.
The twin of Stripe alone, for any Stripe SDK, is `wallstreet sandbox`.
"""

app = typer.Typer(
    name="wallstreet",
    help=ABOUT,
    epilog="Settings are variables WALLSTREET_…; a wrong one is named, together with what it must be.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
scenario_commands = typer.Typer(no_args_is_help=True, help="Play executable examples of pricing behaviour.")
rule_commands = typer.Typer(
    no_args_is_help=True, help="Read the rule files and prove that they leave no gap."
)
machine_commands = typer.Typer(no_args_is_help=True, help="Draw the lifecycles: what may happen next.")
app.add_typer(scenario_commands, name="scenario")
app.add_typer(rule_commands, name="rules")
app.add_typer(machine_commands, name="machines")
app.add_typer(bench_commands, name="bench")

RulesFolder = Annotated[
    Path | None,
    typer.Option("--rules", exists=True, file_okay=False, help="Decide by the rule files of this folder."),
]
ReadFolder = Annotated[
    Path | None,
    typer.Option(
        "--dir", exists=True, file_okay=False, help="A folder of rule files; the shipped ones if none."
    ),
]


@app.command()
def demo(
    rules: RulesFolder = None,
    scenarios: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Play the scenario files of this folder."),
    ] = None,
) -> None:
    """Play five purchases on the real stack, and show how each was decided and done.

    A new subscription, a checkout, an upgrade in the middle of a cycle, a downgrade that waits for the clock,
    and a one-off payment; for each the facts that decided, the rules that matched with file and line, the
    requests to Stripe, the invoice, the transitions, the messages, and what the customer may do before and
    after.

    Try it: copy the rules or the scenarios, change a rule or a price, and play the copy with --rules or
    --scenarios.
    """
    from engine.demo.play import play

    _quiet()
    settings = _settings(port=0, rules_dir=rules)

    async def played() -> bool:
        async with _running(settings) as system:
            return await play(
                api_url=system.api_url, nats_url=system.nats_url, rules=rules, scenarios=scenarios
            )

    raise typer.Exit(0 if _run(played()) else FAILED)


@app.command()
def dev(
    data: Annotated[
        Path | None, typer.Option(help="Keep the data in this folder; without it nothing is kept.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port of the API; 8600 unless set, 0 for a free one."),
    ] = None,
    rules: RulesFolder = None,
) -> None:
    """Start everything and stay up until Ctrl-C: the API with its OpenAPI page, and the Stripe twin.

    Each message of the change feed is printed as it goes. With --data (or WALLSTREET_DATA) the customers, the
    bus and the twin's Stripe are still there the next time.
    """
    from engine.terminal.watch import watch

    settings = _settings(port=port, data=data, rules_dir=rules)

    async def up() -> None:
        async with _running(settings, data=settings.data) as system:
            await watch(api_url=system.api_url, twin_url=system.twin_url, nats_url=system.nats_url)

    _run(up())


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 12111,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Keep the state in this file; else nothing is kept.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Ids and chance follow from it.")] = "twin",
    now: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Where time stands until told: 2026-01-31, or Unix. Else: now."),
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Let time run with this machine's clock.")] = False,
    traffic: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Append each call and its answer to this file.")
    ] = None,
    webhook_retries: Annotated[
        str,
        typer.Option(help="scheduled: as Stripe's, on the live clock. hurried: at once, again and again."),
    ] = "scheduled",
    forward_to: Annotated[
        str | None, typer.Option(metavar="URL", help="Send every event to this address; prints its secret.")
    ] = None,
) -> None:
    """Start the Stripe twin alone, for any Stripe SDK, and stay up until Ctrl-C.

    It is a Stripe for subscriptions, in memory: no account, no network, time that moves when told, faults on
    demand. Prints where it is and how to point Python, Node or curl at it; then a line for each call.
    """
    from engine.sandbox.folders import RunFolder
    from engine.sandbox.stack import twin
    from engine.terminal.sandbox import options, time, watch

    when = time(now, follow=follow)
    given = options(
        port=port, data=data, seed=seed, time=when, traffic=traffic, webhook_retries=webhook_retries
    )

    async def up() -> None:
        with RunFolder() as folder:
            async with twin(folder.path, host=host, options=given) as base:
                await watch(base, forward_to=forward_to, data=data)

    _run(up())


@app.command("verify")
def verify_everything() -> None:
    """Run what CI runs: format, lint, types, import contracts, rules, diagrams, tests.

    Stops at the first that fails. It is `make test`, and needs to stand in a checkout of the sources.
    """
    import shutil
    import subprocess

    make = shutil.which("make")
    if make is None or not Path("Makefile").is_file():
        typer.echo(
            "wallstreet: run this where the Makefile of the sources is, with `make` installed.", err=True
        )
        raise typer.Exit(MISUSED)
    raise typer.Exit(subprocess.run([make, "test"], check=False).returncode)  # noqa: S603 - our own words


@scenario_commands.command("run")
def run_scenarios(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders with them.")],
    report: Annotated[
        Path | None,
        typer.Option("--json", dir_okay=False, help="Write the report for machines to this file."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="How many scenarios are played at the same time.")] = 1,
    api: Annotated[
        str | None, typer.Option(metavar="URL", help="Play on the Wallstreet that runs at this address.")
    ] = None,
    nats: Annotated[
        str | None, typer.Option(metavar="URL", help="With --api: the bus to hear the change feed on.")
    ] = None,
    rules: RulesFolder = None,
) -> None:
    """Play scenario files through the public API, each with its own catalog, customers and clock.

    One line for each: passed, failed (with what was expected and what came), unsupported (with the word that
    is not built yet) or error. Ends with 1 when one failed or broke.
    """
    from engine.scenario.reading import find
    from engine.scenario.report import play_and_show
    from engine.terminal.screen import screen

    _quiet()
    files = find(paths)
    console = screen()

    async def played() -> bool:
        if api is not None:
            return await play_and_show(console, files, api_url=api, nats_url=nats, jobs=jobs, report=report)
        async with _running(_settings(port=0, rules_dir=rules)) as system:
            return await play_and_show(
                console,
                files,
                api_url=system.api_url,
                nats_url=system.nats_url,
                twin_url=system.twin_url,
                jobs=jobs,
                report=report,
            )

    raise typer.Exit(0 if _run(played()) else FAILED)


@rule_commands.command("verify")
def verify_rules(folder: ReadFolder = None) -> None:
    """Prove that every possible customer and request gets exactly one answer.

    Goes through the whole space of facts with both evaluators and tells, for each table, how many
    combinations there are, how many are possible, and what each invariant removed. A gap, an overlap, a rule
    that never answers, an outcome nobody reaches and a difference between the evaluators end with 1, with a
    customer as example.
    """
    from rules.verifier import render, verify

    report = verify(_ruleset(folder))
    typer.echo(render(report))
    raise typer.Exit(0 if report.holds else FAILED)


@rule_commands.command("show")
def show_rules(folder: ReadFolder = None) -> None:
    """Print the rules as tables: when, then, because, file and line; and the hash that decisions carry."""
    from engine.terminal.rulebook import show_rulebook
    from engine.terminal.screen import screen

    show_rulebook(screen(), _ruleset(folder))


@machine_commands.command("diagram")
def diagram(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to draw into.")] = Path("docs"),
    check: Annotated[  # noqa: FBT002 - an option of the command line is always named
        bool, typer.Option("--check", help="Write nothing; end with 1 when a drawing there is stale.")
    ] = False,
) -> None:
    """Draw each lifecycle as Mermaid and as SVG, from the very tables by which states change."""
    from machines.diagram import stale, write_docs

    files = stale(out) if check else write_docs(out)
    for file in files:
        typer.echo(f"{'stale' if check else 'written'}: {out / file}")
    if not files:
        typer.echo(f"The drawings in {out} are those of the tables.")
    if check and files:
        typer.echo("Run `wallstreet machines diagram` and commit what it writes.", err=True)
        raise typer.Exit(FAILED)


def main() -> None:
    """Run the command; whatever stops it is told in a sentence, never as a stack trace."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if _was_interrupted(error):
            sys.exit(INTERRUPTED)
        sentences = _sentences(error)
        if not sentences:
            raise
        for sentence in sentences:
            sys.stderr.write(f"wallstreet: {sentence}\n")
        sys.exit(MISUSED)


def _was_interrupted(error: Exception) -> bool:
    """Whether Ctrl-C came while pydantic built a model, which tells it as an error of the model's schema."""
    return type(error).__name__ == "SchemaError" and "KeyboardInterrupt" in str(error)


def _sentences(error: BaseException) -> tuple[str, ...]:
    """What to tell about an error that names its own remedy; nothing for a fault of the program."""
    from engine.errors import WallstreetError
    from engine.sandbox.folders import DataFolderInUse
    from engine.sandbox.processes import ServerDidNotStart
    from engine.scenario.door import DoorClosed
    from engine.scenario.reading import ScenarioUnreadable
    from engine.settings import SettingsError
    from engine.terminal.sandbox import SandboxMisused
    from rules.errors import RuleError

    if isinstance(error, BaseExceptionGroup):
        return _sentences(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])
    plain = (RuleError, ScenarioUnreadable, DoorClosed, DataFolderInUse, ServerDidNotStart, SandboxMisused)
    match error:
        case SettingsError():
            return error.sentences
        case _ if isinstance(error, plain):
            return (str(error),)
        case WallstreetError():
            return (error.sentence,)
        case OSError():
            return (f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}",)
        case _:
            return ()
