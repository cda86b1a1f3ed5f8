"""How does a webhook get onto the tunnel and off it? The raw body with what is needed to verify it later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.bus.connection import Bus
from engine.bus.streams import TUNNEL_SUBJECT

SIGNATURE = "Stripe-Signature"
RECEIVED_AT = "Received-At"


class UnreadableWebhook(Exception):
    """The message is not a webhook of Stripe's; another look at it will not help."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What arrived, untouched, and when."""

    body: bytes
    signature: str
    received_at: datetime


class _Object(BaseModel):
    object: str
    id: str | None = None


class _Data(BaseModel):
    object: _Object


class StripeEvent(BaseModel):
    """That something happened to one object of Stripe's. What it is like now is fetched, never believed."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    type: str = Field(min_length=1)
    created: datetime
    livemode: bool
    account: str | None = None
    data: _Data

    @property
    def object_type(self) -> str:
        """What kind of object it is about, in Stripe's words."""
        return self.data.object.object

    @property
    def object_id(self) -> str | None:
        """Which object it is about; a few have no id."""
        return self.data.object.id


async def publish_webhook(bus: Bus, webhook: Webhook) -> None:
    """The webhook is in the stream when this returns; only then may Stripe be told that it arrived."""
    received_at = webhook.received_at.astimezone(UTC).isoformat()
    headers = {SIGNATURE: webhook.signature, RECEIVED_AT: received_at}
    await bus.streams.publish(TUNNEL_SUBJECT, webhook.body, headers=headers)


def read_webhook(body: bytes, headers: Mapping[str, str]) -> Webhook:
    """The webhook as it was published.

    Raises:
        UnreadableWebhook: the signature or the time of receipt is missing or malformed.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        return Webhook(body, named[SIGNATURE.lower()], _instant(named[RECEIVED_AT.lower()]))
    except KeyError as missing:
        raise UnreadableWebhook(f"the header {missing} is missing") from missing
    except ValueError as error:
        raise UnreadableWebhook(f"{RECEIVED_AT} is not a time") from error


def _instant(text: str) -> datetime:
    """ISO 8601 with a zone, or seconds or milliseconds since 1970: tunnels differ."""
    if text.isdigit():
        number = int(text)
        return datetime.fromtimestamp(number if number < 10**11 else number / 1000, UTC)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(UTC)


def read_event(body: bytes) -> StripeEvent:
    """The event that a verified body carries.

    Raises:
        UnreadableWebhook: it is not an event about an object.
    """
    try:
        return StripeEvent.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableWebhook("the body is not an event of Stripe's") from error
