"""Only Stripe is believed, and however often it says the same, it happens once."""

# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped; what they return is typed.

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from hmac import digest
from secrets import token_hex
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from engine.bus.consumers import DURABLE
from engine.bus.streams import TUNNEL_STREAM
from persistence.models import Inbox
from tests.engine.bus.messages import until
from tests.engine.e2e.conftest import SECRET, OpenShop
from tests.engine.e2e.shop import BUYER, Shop

pytestmark = pytest.mark.stack


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """The headers with which Stripe would send the body (Stripe docs: webhooks, "Verify manually")."""
    seconds = int(time.time()) if at is None else at
    signature = digest(secret.encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return {"Stripe-Signature": f"t={seconds},v1={signature}", "Content-Type": "application/json"}


async def send(shop: Shop, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
    return await shop.http.post("/v1/webhooks/stripe", content=body, headers=dict(headers))


async def tunneled(shop: Shop) -> int:
    """How many webhooks went onto the tunnel so far."""
    return (await shop.client.jetstream().stream_info(TUNNEL_STREAM)).state.last_seq


async def all_is_handled(shop: Shop) -> None:
    """Return when the consumer has acknowledged whatever is on the tunnel."""

    async def idle() -> bool:
        info = await shop.client.jetstream().consumer_info(TUNNEL_STREAM, DURABLE)
        return not info.num_pending and not info.num_ack_pending

    await until(idle)


async def heard(shop: Shop, event: str) -> Inbox | None:
    async with shop.system.database.session() as session:
        return (await session.scalars(select(Inbox).where(Inbox.event_id == event))).one_or_none()


async def state_of(shop: Shop) -> tuple[Any, ...]:
    """Everything that an event could have changed."""
    invoices = await shop.must("GET", f"{shop.path}/invoices")
    return await shop.view(), invoices, await shop.told(), len(await shop.purchases())


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b"{}", {}, id="unsigned"),
        pytest.param(b"{}", signed(b"{}", secret="whsec_another"), id="by another"),
        pytest.param(b"{ }", signed(b"{}"), id="changed"),
        pytest.param(b"{}", {"Stripe-Signature": "t=1,v1=00"}, id="long ago"),
        pytest.param(b"{}", signed(b"{}", at=4102444800), id="from the future"),
        pytest.param(b"{}", {"Stripe-Signature": "nonsense"}, id="nonsense"),
    ],
)
async def test_what_stripe_did_not_sign_goes_nowhere(
    shop: Shop, body: bytes, headers: dict[str, str]
) -> None:
    before = await tunneled(shop)
    answer = await send(shop, body, headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert await tunneled(shop) == before


async def test_a_genuine_event_that_comes_again_changes_nothing(shop: Shop) -> None:
    await shop.bought("pro")
    await shop.settle()
    events = (await shop.at_stripe("/v1/events", limit="100"))["data"]
    customer = str((await shop.row()).stripe_customer_id)
    mine = [event for event in events if customer in json.dumps(event)]
    assert {event["type"] for event in mine} >= {"invoice.paid", "customer.subscription.created"}
    before, on_tunnel = await state_of(shop), await tunneled(shop)
    rows = {event["id"]: await heard(shop, event["id"]) for event in mine}

    for event in mine:
        body = json.dumps(event).encode()
        for _ in range(2):
            assert (await send(shop, body, signed(body))).status_code == 200
    assert await tunneled(shop) == on_tunnel + 2 * len(mine)
    await all_is_handled(shop)
    await shop.settle()

    assert await state_of(shop) == before
    for name, row in rows.items():
        again = await heard(shop, name)
        if row is not None:
            assert again is not None
            assert (again.handled_at, again.attempts) == (row.handled_at, row.attempts)


@pytest.mark.parametrize("kind", ["payout.paid", "invoice.nobody_knows_it", "v9.thing.happened"])
async def test_unknown_events_are_noted_and_change_nothing(shop: Shop, kind: str) -> None:
    before = await state_of(shop)
    event = {
        "id": f"evt_{token_hex(8)}",
        "object": "event",
        "type": kind,
        "created": 1767225600,
        "livemode": False,
        "data": {"object": {"id": f"thing_{token_hex(8)}", "object": kind.split(".", maxsplit=1)[0]}},
    }
    body = json.dumps(event).encode()
    assert (await send(shop, body, signed(body))).json() == {"received": True}
    await all_is_handled(shop)
    row = await heard(shop, str(event["id"]))
    assert row is not None
    assert row.handled_at is not None
    assert await state_of(shop) == before


async def test_a_lie_about_an_object_is_not_believed(shop: Shop) -> None:
    """An event is a hint: what counts is the object as Stripe has it."""
    await shop.bought("pro")
    await shop.settle()
    before = await state_of(shop)
    (subscription,) = await shop.listed("/v1/subscriptions")
    event = {
        "id": f"evt_{token_hex(8)}",
        "object": "event",
        "type": "customer.subscription.deleted",
        "created": 1767225600,
        "livemode": False,
        "data": {"object": {**subscription, "status": "canceled"}},
    }
    body = json.dumps(event).encode()
    assert (await send(shop, body, signed(body))).status_code == 200
    await all_is_handled(shop)
    assert await state_of(shop) == before


async def test_a_page_that_is_paid_twice_is_one_purchase(open_shop: OpenShop) -> None:
    shop = await open_shop(card=None)
    page = await shop.bought("pro")
    url = page["checkout"]["url"]
    first = await shop.http.post(url, data=BUYER)
    again = await shop.http.post(url, data=BUYER)
    assert (first.status_code, again.status_code) == (303, 400)
    await shop.settle()
    events = (await shop.at_stripe("/v1/events", type="checkout.session.completed", limit="100"))["data"]
    (mine,) = (e for e in events if e["data"]["object"].get("id") == page["checkout"]["session"])
    before = await state_of(shop)
    body = json.dumps(mine).encode()
    await send(shop, body, signed(body))
    await all_is_handled(shop)
    assert await state_of(shop) == before
    assert await shop.holds() == {"pro": "active"}
    (told,) = (await shop.must("GET", f"{shop.path}/invoices"))["data"]
    assert told["state"] == "paid"
