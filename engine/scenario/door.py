"""How does a scenario speak? JSON over the public HTTP API, and the hosted pages as the buyer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2

TIMEOUT = httpx2.Timeout(120)


def part(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The record under that key; an empty one when there is none."""
    value = record.get(key)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


class NotBuilt(Exception):
    """The API answered that this is known and not built; the word names it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class DoorClosed(Exception):
    """The API could not be spoken to, or answered something that it never promised."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call said: its body, or the stable code of its refusal with a sentence."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def error(self) -> str | None:
        """The code of the refusal; nothing when the call succeeded."""
        return str(self.body.get("code", self.status)) if self.status >= httpx2.codes.BAD_REQUEST else None

    @property
    def sentence(self) -> str:
        """The refusal in words."""
        return str(self.body.get("detail") or self.body.get("title") or self.error or "")


class Door:
    """The public HTTP API of one running Wallstreet; holds no state of any scenario."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One call; a refusal is an answer, while what is not built and what is broken are raised."""
        try:
            response = await self._client.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise DoorClosed(f"{method} {path}: {type(error).__name__} {error}".rstrip()) from error
        answer = Answer(response.status_code, _json(method, path, response))
        if answer.error == "not_implemented":
            raise NotBuilt(answer.sentence.partition(" is not built")[0])
        return answer

    async def must(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One call that only prepares or observes; a refusal of it is raised."""
        answer = await self.call(method, path, body)
        if answer.error is not None:
            raise DoorClosed(f"{method} {path}: {answer.error}: {answer.sentence}")
        return answer.body

    async def hosted_page(self, url: str, form: Mapping[str, str]) -> Answer:
        """What the buyer does on a page of Stripe; a declined card is an answer."""
        try:
            response = await self._client.post(url, data=form, headers={"Accept": "application/json"})
        except httpx2.HTTPError as error:
            raise DoorClosed(f"POST {url}: {type(error).__name__} {error}".rstrip()) from error
        return Answer(response.status_code, _json("POST", url, response))


def _json(method: str, path: str, response: httpx2.Response) -> Mapping[str, Any]:
    if not response.content:
        return {}
    try:
        body = response.json()
    except ValueError as error:
        raise DoorClosed(f"{method} {path}: {response.status_code} without JSON") from error
    if not isinstance(body, dict):
        raise DoorClosed(f"{method} {path}: {response.status_code} with {type(body).__name__}")
    return cast("Mapping[str, Any]", body)
