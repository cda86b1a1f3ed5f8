"""What did the change feed say? Messages heard while scenarios run, kept apart by customer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
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
    """Is this the expected message? Its data may say more; of the customer only the type is compared."""
    subject = wanted.get("subject")
    named = subject is None or _same_subject(str(subject).split("."), str(message["subject"]).split("."))
    data: Mapping[str, Any] = message["data"]
    return named and _inside(wanted.get("data", {}), {**part(data, "state"), **data})


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
    client: Any = await nats.connect(  # pyright: ignore[reportUnknownMemberType]  # its options are untyped
        nats_url, allow_reconnect=False, connect_timeout=5
    )
    try:
        feed = Feed(client)
        await client.subscribe(SUBJECTS, cb=feed.hear)
        await client.flush()
        yield feed
    finally:
        await client.close()
