"""How does a webhook of Stripe's get onto the tunnel where there is no tunnel? Verified, then published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.bus.connection import Bus
from engine.bus.tunnel import Webhook, publish_webhook
from engine.payments.signature import BadSignature, verify


@dataclass(frozen=True, slots=True)
class TunnelDoor:
    """The door for `POST /v1/webhooks/stripe`; shut while no secret is known."""

    bus: Bus
    secrets: Callable[[], Sequence[str]]

    def configured(self) -> bool:
        """Whether a secret is known to verify signatures with."""
        return bool(self.secrets())

    def verify(self, body: bytes, signature: str, *, received_at: datetime) -> bool:
        """Whether the raw body was signed by Stripe."""
        try:
            verify(body, signature, secrets=self.secrets(), received_at=received_at)
        except BadSignature:
            return False
        return True

    def check(self, webhook: Webhook) -> None:
        """Verify once more what came off the tunnel, against the time at which it was received.

        Raises:
            BadSignature: Stripe did not send it.
        """
        verify(
            webhook.body,
            webhook.signature,
            secrets=self.secrets(),
            received_at=webhook.received_at,
        )

    async def publish(self, body: bytes, *, signature: str, received_at: datetime) -> None:
        """Hand the raw body to the tunnel; returns when it is stored there."""
        await publish_webhook(self.bus, Webhook(body, signature, received_at))
