"""What is going on in a Wallstreet that stays up? Where to find its doors, and each message as it goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from nats.aio.msg import Msg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.scenario.door import part
from engine.scenario.feed import connected, subscribe

COLORS: Mapping[str, str] = {"created": "green", "updated": "yellow", "deleted": "red"}
WIDEST_CHANGES = 4


async def watch(*, api_url: str, twin_url: str | None, nats_url: str) -> None:
    """Tell where everything is, then print the change feed until the task is cancelled."""
    console = Console(highlight=False)
    console.print(_doors(api_url, twin_url, nats_url))
    console.print("[dim]Ctrl-C stops everything. The change feed:[/dim]\n")

    async def hear(message: Msg) -> None:
        console.print(line(message.subject, json.loads(message.data)), soft_wrap=True)

    async with connected(nats_url) as client:
        await subscribe(client, hear)
        await asyncio.Event().wait()


def line(subject: str, body: Mapping[str, Any]) -> Text:
    """One message: what happened to which row, and what changed in it."""
    _, _, entity, owner, verb = (*subject.split("."), "", "", "", "", "")[:5]
    deed = verb.rpartition("V")[0]
    told = Text.assemble(
        (f"{str(body.get('at', ''))[:19]:<20}", "dim"),
        (f"{entity} {deed}", COLORS.get(deed, "")),
        f"  {owner}  ",
        (f"{body.get('id', '')}", "dim"),
    )
    changes = changed(body)
    return told.append(f"  {', '.join(changes)}" if changes else "", "bold")


def changed(body: Mapping[str, Any]) -> list[str]:
    """The changes of a message in words, the first few of them; a new row tells only its state."""
    changes = part(body, "changes")
    if not changes:
        state = part(body, "state").get("state")
        return [str(state)] if state else []
    parts = [
        f"{name} {_short(part(changes, name).get('from'))} → {_short(part(changes, name).get('to'))}"
        for name in changes
    ]
    more = len(parts) - WIDEST_CHANGES
    return parts[:WIDEST_CHANGES] + ([f"and {more} more"] if more > 0 else [])


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= len("2026-01-01T00:00:00Z") else f"{text[:19]}…"


def _doors(api_url: str, twin_url: str | None, nats_url: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Wallstreet is up[/bold]", "")
    table.add_row("API", api_url)
    table.add_row("OpenAPI page", f"{api_url}/docs")
    table.add_row("health, metrics", f"{api_url}/healthz  {api_url}/metrics")
    if twin_url is not None:
        table.add_row("Stripe twin", twin_url)
    table.add_row("bus", nats_url)
    return table
