"""What did the change feed say? Messages heard while scenarios run, kept apart by customer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from engine.scenario.door import part

SUBJECTS = "wallstreet.change_feed.>"
OWNER = 3
"""Where the customer stands among the tokens of a subject."""


def matches(wanted: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Is this the expected message? Its data may say more; of the customer only the type is compared.

    A name of the data is looked for in the message and in the row that it is about.
    """
    subject = wanted.get("subject")
    named = subject is None or _same_subject(str(subject).split("."), str(message["subject"]).split("."))
    data: Mapping[str, Any] = message["data"]
    return named and all(
        any(key in told and _inside(value, told[key]) for told in (data, part(data, "state")))
        for key, value in part(wanted, "data").items()
    )


def _same_subject(wanted: Sequence[str], actual: Sequence[str]) -> bool:
    """Each run gives customers ids of their own, so that a file cannot name them."""
    return len(wanted) == len(actual) and all(
        one in ("*", other) or (place == OWNER and one.partition("_")[0] == other.partition("_")[0])
        for place, (one, other) in enumerate(zip(wanted, actual, strict=True))
    )


def _inside(wanted: object, actual: object) -> bool:
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        parts = cast("Mapping[object, object]", wanted)
        whole = cast("Mapping[object, object]", actual)
        return all(key in whole and _inside(value, whole[key]) for key, value in parts.items())
    return wanted == actual


class Feed:
    """Listens to the change feed; hands each message out once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._heard: dict[str, list[Mapping[str, Any]]] = defaultdict(list)

    async def hear(self, message: Msg) -> None:
        """Keep one message under its owner."""
        tokens = message.subject.split(".")
        if len(tokens) > OWNER:
            data = json.loads(message.data)
            self._heard[tokens[OWNER]].append({"subject": message.subject, "data": data})

    async def news(self, owners: Iterable[str]) -> list[Mapping[str, Any]]:
        """The messages about these owners that were not handed out before, in the order of their arrival."""
        await self._client.flush()
        return [message for owner in owners for message in self._heard.pop(owner, [])]


@asynccontextmanager
async def listening(nats_url: str) -> AsyncGenerator[Feed]:
    """A feed that listens from here on, and leaves no connection behind."""
    async with connected(nats_url) as client:
        feed = Feed(client)
        await subscribe(client, feed.hear)
        yield feed


@asynccontextmanager
async def connected(nats_url: str) -> AsyncGenerator[Client]:
    """A connection to the bus that is closed after the block; it fails at once rather than try for ever."""
    # What `connect` takes and `subscribe` keeps is only partly typed there.
    client: Client = await cast("Any", nats).connect(
        nats_url, allow_reconnect=False, connect_timeout=5, error_cb=_quietly
    )
    try:
        yield client
    finally:
        await client.close()


async def subscribe(client: Client, hear: Callable[[Msg], Awaitable[None]]) -> None:
    """Hear every message of the change feed; when this returns nothing that follows is missed."""
    await cast("Any", client).subscribe(SUBJECTS, cb=hear)
    await client.flush()


async def _quietly(_error: Exception) -> None:
    """A connection that breaks while everything is being stopped is nobody's news."""
