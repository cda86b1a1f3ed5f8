"""The same story over HTTP and over NATS gets the same answers, refusals included."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.engine.e2e.conftest import OpenShop
from tests.engine.e2e.shop import Said, Shop

pytestmark = pytest.mark.stack

Door = Callable[[str, dict[str, Any]], Awaitable[Said]]
_ID = re.compile(r"\b([a-z]+(?:_test)?)_[A-Za-z0-9]{12,}")


def over_http(shop: Shop) -> Door:
    paths = {"preview": "attach/preview", "check_batch": "check/batch"}
    return lambda name, body: shop.call("POST", f"/v1/{paths.get(name, name)}", body)


def over_nats(shop: Shop) -> Door:
    return shop.ask


def masked(shop: Shop, value: Any) -> Any:
    """The answer without what differs between two customers: ids, and versions that webhooks move as well."""
    match value:
        case dict():
            items = {str(k): masked(shop, v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- JSON
            dropped = ("customer_version", "instance", "hosted_url", "url")
            return {k: v for k, v in items.items() if k not in dropped}
        case list():
            return [masked(shop, each) for each in value]  # pyright: ignore[reportUnknownVariableType] -- JSON
        case str():
            return _ID.sub(r"\1_", value.replace(shop.id, "CUSTOMER"))
        case _:
            return value


async def story(shop: Shop, door: Door) -> list[tuple[str, int, Any]]:
    """A life in calls: bought, used, upgraded, canceled, uncanceled, and refused in between."""
    who = shop.customer
    calls: list[tuple[str, dict[str, Any]]] = [
        ("preview", shop.asking("pro", quantities={"messages": 300})),
        ("attach", shop.asking("pro", quantities={"messages": 300})),
        ("attach", shop.asking("pro", quantities={"messages": 300})),
        ("attach", shop.asking("nothing-like-it")),
        ("attach", shop.asking("premium", custom={"price": 1})),
        ("attach", shop.asking("premium", misspelt=True)),
        ("attach", {"customer": {"type": "user", "id": "nobody"}, "product": "pro"}),
        ("check", {"customer": who, "feature": "messages", "required": 300}),
        ("check", {"customer": who, "feature": "nothing-like-it"}),
        ("track", {"customer": who, "event": "sent", "value": 40, "idempotency_key": "once"}),
        ("track", {"customer": who, "event": "sent", "value": 40, "idempotency_key": "once"}),
        ("track", {"customer": who, "feature": "messages", "value": 1000, "overage": "reject"}),
        ("check_batch", {"checks": [{"customer": who, "feature": name} for name in ("sso", "none")]}),
        ("usage", {"customer": who, "feature": "messages", "value": 7}),
        ("preview", shop.asking("premium")),
        ("attach", shop.asking("premium")),
        ("cancel", {"customer": who, "product": "premium", "mode": "end_of_cycle"}),
        ("cancel", {"customer": who, "product": "premium", "mode": "end_of_cycle"}),
        ("uncancel", {"customer": who, "product": "premium"}),
        ("uncancel", {"customer": who, "product": "premium"}),
        ("attach", shop.asking("boost", force_checkout=True)),
    ]
    said = [(name, await door(name, body)) for name, body in calls]
    return [(name, answer.status, masked(shop, answer.body)) for name, answer in said]


async def test_both_doors_answer_the_same(open_shop: OpenShop) -> None:
    one, other = await open_shop(), await open_shop()
    by_http = await story(one, over_http(one))
    by_nats = await story(other, over_nats(other))
    assert by_nats == by_http
    assert [status for _, status, _ in by_http] == [
        *(200, 200, 409, 404, 501, 400, 404),
        *(200, 404, 200, 200, 409, 200, 200),
        *(200, 200, 200, 409, 200, 409, 200),
    ]
    assert await one.holds() == await other.holds() == {"premium": "active"}


async def test_a_refusal_is_a_problem_with_code_and_status_on_both(shop: Shop) -> None:
    await shop.bought("pro")
    by_http, by_nats = await shop.attach("pro"), await shop.ask("attach", shop.asking("pro"))
    for said, instance in ((by_http, "/v1/attach"), (by_nats, "wallstreet.rpc.attach")):
        assert (said.status, said.body["status"], said.code) == (409, 409, "product_already_attached")
        assert said.body["instance"] == instance
        assert {"type", "title", "detail"} <= set(said.body)
        assert said.body["facts"]["file"].endswith("reject.yaml")


async def test_a_body_that_is_no_json_is_refused_on_both(shop: Shop) -> None:
    answer = await shop.http.post("/v1/attach", content=b"{", headers={"Content-Type": "application/json"})
    refused = await shop.client.request("wallstreet.rpc.attach", b"{", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert (refused.headers or {})["Nats-Service-Error-Code"] == "400"


async def test_a_key_given_at_one_door_is_known_at_the_other(shop: Shop) -> None:
    first = await shop.ask("attach", shop.asking("pro"), key="order-1")
    again = await shop.attach("pro", key="order-1")
    assert again == first
    assert len(await shop.purchases()) == 1
