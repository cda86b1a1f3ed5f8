"""A customer of a running Wallstreet, the doors that it comes in by, and what is seen of it from outside."""

# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx2
import nats.errors
import pytest
from nats.aio.client import Client
from sqlalchemy import func, select

from engine.bootstrap import System
from persistence.models import Attachment, Customer, Decision, Outbox

Json = dict[str, Any]

BUYER = {"payment_method": "visa", "email": "buyer@example.com"}
JANUARY, MID_JANUARY, FEBRUARY = "2026-01-01T00:00:00Z", "2026-01-16T12:00:00Z", "2026-02-01T00:00:00Z"
CATALOG: Json = {
    "features": [
        {"id": "messages", "type": "metered", "consumable": True, "event_names": ["sent"]},
        {"id": "sso", "type": "boolean"},
    ],
    "products": [
        {
            "id": "free",
            "group": "main",
            "default": True,
            "items": [{"feature": "messages", "included": 10, "reset": "month"}],
        },
        {
            "id": "pro",
            "group": "main",
            "prices": [{"amount": 2000}],
            "items": [
                {"feature": "sso"},
                {
                    "feature": "messages",
                    "included": 100,
                    "reset": "month",
                    "overage": {"billing": "prepaid", "amount": 1000, "per": 100},
                },
            ],
        },
        {
            "id": "premium",
            "group": "main",
            "prices": [{"amount": 4999}],
            "items": [{"feature": "sso"}, {"feature": "messages", "included": 1000, "reset": "month"}],
        },
        {
            "id": "yearly",
            "group": "main",
            "prices": [{"amount": 19999, "interval": "year"}],
            "items": [{"feature": "sso"}],
        },
        {
            "id": "setup",
            "group": "main",
            "prices": [{"amount": 3100}, {"amount": 1500, "interval": "one_off"}],
            "items": [{"feature": "sso"}],
        },
        {
            "id": "boost",
            "prices": [{"amount": 700, "interval": "one_off"}],
            "items": [{"feature": "messages", "included": 50}],
        },
    ],
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, by whichever door it came."""

    status: int
    body: Json

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body["code"])


@dataclass(frozen=True, slots=True)
class Shop:
    """One customer on a clock of its own."""

    system: System
    http: httpx2.AsyncClient
    client: Client
    type: str
    id: str
    clock: str

    @property
    def customer(self) -> Json:
        """The customer as requests name it."""
        return {"type": self.type, "id": self.id}

    @property
    def path(self) -> str:
        """The customer as a path."""
        return f"/v1/customers/{self.type}/{self.id}"

    @property
    def token(self) -> str:
        """The customer as a token of a subject."""
        return f"{self.type}_{self.id}"

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Said:
        """One call over HTTP."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        answer = await self.http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            assert answer.headers["content-type"] == "application/problem+json"
        return Said(answer.status_code, answer.json())

    async def must(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """One call that has to succeed."""
        said = await self.call(method, path, body)
        assert said.status == 200, said
        return said.body

    async def ask(self, name: str, body: Mapping[str, Any], *, key: str | None = None) -> Said:
        """One call over NATS."""
        headers = {"Idempotency-Key": key} if key is not None else None
        data = json.dumps(body).encode()
        answer = await self.client.request(f"wallstreet.rpc.{name}", data, timeout=20, headers=headers)
        code = (answer.headers or {}).get("Nats-Service-Error-Code", "200")
        return Said(int(code), json.loads(answer.data))

    async def attach(self, product: str, *, key: str | None = None, **more: object) -> Said:
        """Attach a product over HTTP."""
        return await self.call("POST", "/v1/attach", self.asking(product, **more), key=key)

    def asking(self, product: str, **more: object) -> Json:
        """The body of an attach."""
        return {"customer": self.customer, "product": product, **more}

    async def bought(self, product: str, **more: Any) -> Json:
        """The answer to an attach that has to succeed."""
        said = await self.attach(product, **more)
        assert said.status == 200, said
        return said.body

    async def attachment(self, attached: Mapping[str, Any]) -> Json:
        """Everything known of what an attach did."""
        return await self.must("GET", f"/v1/attachments/{attached['id']}")

    async def view(self) -> Json:
        """The customer as it is now."""
        return await self.must("GET", self.path)

    async def holds(self) -> dict[str, str]:
        """The products that it holds or will hold, and their states."""
        return {p["product"]: p["state"] for p in (await self.view())["products"] if p["state"] != "ended"}

    async def put_card(self, card: str = "pm_card_visa") -> None:
        """Put a card on file."""
        await self.must("PUT", f"{self.path}/payment-method", {"payment_method": card})

    async def advance(self, to: str) -> None:
        """Move the customer's clock."""
        await self.must("POST", f"/v1/sandbox/clocks/{self.clock}/advance", {"to": to})

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        await self.must("POST", f"/v1/sandbox/clocks/{self.clock}/settle")

    async def at_stripe(self, path: str, **params: str) -> Json:
        """What Stripe has."""
        answer = await self.http.get(
            f"{self.system.twin_url}{path}", params=params, headers={"Authorization": "Bearer sk_test_e2e"}
        )
        return dict(answer.raise_for_status().json())

    async def listed(self, path: str) -> Sequence[Json]:
        """What Stripe has of one kind for this customer; nothing while Stripe does not know it."""
        stripe_id = (await self.row()).stripe_customer_id
        if stripe_id is None:
            return []
        listed: list[Json] = (await self.at_stripe(path, customer=stripe_id))["data"]
        return listed

    async def calls_so_far(self) -> int:
        """The number of the last call that Stripe got, of whichever customer."""
        return int((await self.at_stripe("/_twin/requests", after=str(10**9)))["last"])

    async def changes_at_stripe(self, *, after: int) -> list[Json]:
        """The calls after a number that were no mere reading."""
        told = await self.at_stripe("/_twin/requests", after=str(after))
        return [call for call in told["requests"] if call["method"] != "GET"]

    async def row(self) -> Customer:
        """The customer in the database."""
        async with self.system.database.session() as session:
            wanted = select(Customer).where(Customer.type == self.type, Customer.external_id == self.id)
            return (await session.scalars(wanted)).one()

    async def told(self, owner: str | None = None) -> int:
        """How many messages there are about the customer, or about another owner, published or not."""
        wanted = select(func.count()).select_from(Outbox).where(Outbox.owner == (owner or self.token))
        async with self.system.database.session() as session:
            return await session.scalar(wanted) or 0

    async def purchases(self) -> Sequence[Attachment]:
        """Every attach of the customer that was stored, without the default products it was given."""
        row = await self.row()
        async with self.system.database.session() as session:
            wanted = (
                select(Attachment)
                .join(Decision, Attachment.decision_id == Decision.id)
                .where(Attachment.customer_id == row.id, Decision.kind == "attach")
            )
            return (await session.scalars(wanted)).all()

    async def purchase_ids(self) -> list[str]:
        """The ids of its purchases."""
        return [purchase.id for purchase in await self.purchases()]

    async def messages(self, owner: str, count: int) -> list[tuple[str, Json, Mapping[str, str]]]:
        """The messages of the change feed about one owner: subject, body and headers; so many and no more."""
        stream = self.client.jetstream()
        subscription = await stream.subscribe(
            f"wallstreet.change_feed.*.{owner}.*", stream="WALLSTREET_CHANGE_FEED"
        )
        try:
            found = [await subscription.next_msg(timeout=10) for _ in range(count)]
            with pytest.raises(nats.errors.TimeoutError):
                await subscription.next_msg(timeout=0.2)
        finally:
            await subscription.unsubscribe()
        return [(message.subject, json.loads(message.data), message.headers or {}) for message in found]


async def opened(
    system: System,
    http: httpx2.AsyncClient,
    client: Client,
    *,
    catalog: str,
    card: str | None = "pm_card_visa",
) -> Shop:
    """A new organization in a catalog, on a clock that shows the first of January, with a card on file."""
    made = (await http.post("/v1/sandbox/clocks", json={"now": JANUARY})).json()
    shop = Shop(system, http, client, "organization", f"e2e-{token_hex(4)}", str(made["id"]))
    await shop.must("PUT", shop.path, {"catalog": catalog, "clock": shop.clock})
    if card is not None:
        await shop.put_card(card)
    await shop.settle()
    return shop
