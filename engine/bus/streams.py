"""Which streams are there? Our change feed, and the tunnel that brings Stripe's events."""

# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import BadRequestError, NotFoundError

FEED_STREAM = "WALLSTREET_CHANGE_FEED"
FEED_SUBJECTS = "wallstreet.change_feed.>"
TUNNEL_STREAM = "STRIPE_WEBHOOKS"
TUNNEL_SUBJECT = "tunnel.incoming-webhook-events.stripe"

_DUPLICATES = 120.0
"""Seconds in which the server drops a message whose id it has seen; the outbox gives each message one id."""


async def ensure_change_feed(streams: JetStreamContext) -> None:
    """The change feed exists and keeps everything; one that was made with other limits is left as it is."""
    await _ensure(
        streams,
        StreamConfig(
            name=FEED_STREAM,
            description="Every change of everything that Wallstreet owns.",
            subjects=[FEED_SUBJECTS],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            duplicate_window=_DUPLICATES,
            allow_direct=True,
        ),
    )


async def ensure_tunnel(streams: JetStreamContext) -> str:
    """The name of the stream that brings Stripe's events; made only when no stream takes that subject."""
    try:
        return await streams.find_stream_name_by_subject(TUNNEL_SUBJECT)
    except NotFoundError:
        await _ensure(
            streams,
            StreamConfig(
                name=TUNNEL_STREAM,
                description="Webhooks of Stripe as they were received.",
                subjects=[TUNNEL_SUBJECT],
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
            ),
        )
        return TUNNEL_STREAM


async def _ensure(streams: JetStreamContext, config: StreamConfig) -> None:
    assert config.name is not None
    try:
        await streams.stream_info(config.name)
    except NotFoundError:
        try:
            await streams.add_stream(config)
        except BadRequestError:
            # Another process made it in the meantime, or it cannot be made: then this says why.
            await streams.stream_info(config.name)
