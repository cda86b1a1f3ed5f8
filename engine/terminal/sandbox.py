"""How is a Stripe twin shown that stays up alone? Where it is, how to point at it, each call as it comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.scenario.door import part

KEY = "sk_test_wallstreet"
"""Any key that begins with `sk_test_` or `rk_test_` is taken."""

RETRIES = ("scheduled", "hurried")
_EVERY = 0.4
_REFUSED, _BROKEN = 400, 500


class SandboxMisused(Exception):
    """An option of `wallstreet sandbox` that cannot be; its text is a sentence."""


def options(
    *,
    port: int,
    data: Path | None,
    seed: str,
    time: list[str],
    traffic: Path | None,
    webhook_retries: str,
) -> list[str]:
    """The options of the twin's process; raises `SandboxMisused` where one cannot be."""
    if webhook_retries not in RETRIES:
        raise SandboxMisused(f"--webhook-retries must be scheduled or hurried, not {webhook_retries}.")
    for name, file in (("--data", data), ("--traffic", traffic)):
        if file is not None and not file.expanduser().absolute().parent.is_dir():
            raise SandboxMisused(f"{name} {file}: there is no folder {file.parent}.")
    given = ["--port", str(port), "--seed", seed, "--webhook-retries", webhook_retries, *time]
    for name, file in (("--data", data), ("--traffic", traffic)):
        given += [name, str(file.expanduser().absolute())] if file is not None else []
    return given


def time(now: str | None, *, follow: bool) -> list[str]:
    """The options that say whether the live clock stands, and where; raises `SandboxMisused`."""
    if follow and now is not None:
        raise SandboxMisused("--now lets time stand and --follow lets it run: give one of them.")
    if follow:
        return []
    return ["--stand"] if now is None else ["--now", str(instant(now))]


def instant(text: str) -> int:
    """A time as Unix seconds: written so, or as a date, or as a date with a time (in UTC unless told)."""
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SandboxMisused(
            f"--now must be a time such as 2026-01-31, 2026-01-31T12:00 or 1769817600, not {text}."
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


async def watch(base: str, *, forward_to: str | None, data: Path | None) -> None:
    """Tell where the twin is, then print each call until the task is cancelled or the twin is gone."""
    console = Console(highlight=False)
    async with httpx2.AsyncClient(base_url=base, auth=(KEY, ""), timeout=10) as client:
        secret = await _forward(client, forward_to) if forward_to is not None else None
        console.print(doors(base, forward_to, secret))
        console.print(_examples(base), soft_wrap=True)
        kept = f"The state is kept in {data}." if data else "Nothing is kept."
        console.print(f"[dim]Ctrl-C stops it. {kept} Calls as they come:[/dim]\n")
        await _follow(client, console)


async def _forward(client: httpx2.AsyncClient, url: str) -> str:
    """A webhook endpoint for every event, in place of that of an earlier run; answers its secret."""
    held = (await client.get("/v1/webhook_endpoints", params={"limit": 100})).json()
    for endpoint in held["data"]:
        if endpoint["url"] == url:
            await client.delete(f"/v1/webhook_endpoints/{endpoint['id']}")
    form = {"url": url, "enabled_events[0]": "*"}
    made = (await client.post("/v1/webhook_endpoints", data=form)).json()
    if "error" in made:
        raise SandboxMisused(f"--forward-to {url}: {made['error']['message']}")
    return str(made["secret"])


async def _follow(client: httpx2.AsyncClient, console: Console) -> None:
    told = (await client.get("/_twin/requests", params={"after": 10**9})).json()["last"]
    while True:
        await asyncio.sleep(_EVERY)
        try:
            found = (await client.get("/_twin/requests", params={"after": told})).json()
        except httpx2.TimeoutException:
            continue  # it is busy, as with the years of a long move of its clock
        except httpx2.HTTPError as error:
            raise SandboxMisused("The twin has ended.") from error
        # After a reset the numbers begin anew.
        told = found["last"] if found["last"] >= told else 0
        for exchange in found["requests"]:
            console.print(line(exchange), soft_wrap=True)


def line(exchange: dict[str, Any]) -> Text:
    """One call: when, what, and what came of it."""
    status = exchange["status"]
    color = "red" if status >= _BROKEN else "yellow" if status >= _REFUSED else "green"
    outcome = "lost" if exchange["lost"] else str(status)
    answer = exchange["answer"]
    sentence = str(part(answer, "error").get("message", "")).partition(". ")[0]
    about = sentence or str(answer.get("id", ""))
    at = datetime.fromtimestamp(exchange["at"], UTC)
    return Text.assemble(
        (f"{at:%Y-%m-%d %H:%M:%S}  ", "dim"),
        (f"{outcome:<5}", color),
        f"{exchange['method']:<7}{exchange['path']}  ",
        (about, "dim"),
    )


def doors(base: str, forward_to: str | None, secret: str | None) -> Table:
    """Where everything is."""
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]The Stripe twin is up[/bold]", "")
    table.add_row("API", base)
    table.add_row("test key", f"{KEY} [dim](any sk_test_… or rk_test_… will do)[/dim]")
    table.add_row("look inside", f"{base}/")
    if forward_to is not None:
        table.add_row("events go to", forward_to)
        table.add_row("their secret", str(secret))
    return table


def _examples(base: str) -> Text:
    """How each client is pointed at it; on lines of their own, to be copied."""
    where = urlsplit(base)
    node = f'{{host: "{where.hostname}", port: {where.port}, protocol: "http"}}'
    return Text.assemble(
        ("\nPython  ", "bold"),
        f'stripe.StripeClient("{KEY}", base_addresses={{"api": "{base}"}})',
        ("\nNode    ", "bold"),
        f'new Stripe("{KEY}", {node})',
        ("\ncurl    ", "bold"),
        f"curl {base}/v1/customers -u {KEY}: -d email=jenny@example.com\n",
    )
