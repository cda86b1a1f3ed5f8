"""Faults and the dashboard in scenarios: what the twin is asked for, for whom, and when it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2

from engine.scenario.door import Door
from engine.scenario.format import Scenario
from engine.scenario.reading import Found
from engine.scenario.runner import Outcome, Runner, Status
from tests.engine.scenario.examples import attach, scenario
from tests.engine.scenario.fake import FakeWallstreet

LOST = {"kind": "lose_answer", "path": "/v1/subscriptions"}


class FakeTwin:
    """Keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if body is not None and body.get("kind") == "nonsense":
            return httpx2.Response(400, json={"error": "Unknown kind of fault: nonsense."})
        return httpx2.Response(201, json={"id": f"fault_{len(self.asked)}"})

    async def played(self, wanted: Scenario) -> Outcome:
        transport = httpx2.MockTransport(self.answer)
        async with (
            FakeWallstreet().client() as api,
            httpx2.AsyncClient(transport=transport, base_url="http://twin") as twin,
        ):
            return await Runner(Door(api), twin=Door(twin)).play(Found(Path("example.yaml"), wanted))


async def test_a_fault_hits_our_customer_and_is_healed_at_the_end() -> None:
    twin = FakeTwin()
    outcome = await twin.played(scenario({"do": "fault", "faults": [LOST]}, attach()))
    assert outcome.status is Status.PASSED
    (_, _, made), healed = twin.asked
    assert made | {"customer": ""} == LOST | {"customer": ""}
    assert made["customer"].startswith("cus_an-example")
    assert healed == ("DELETE", "/_twin/faults/fault_1", None)


async def test_a_fault_is_healed_when_told() -> None:
    twin = FakeTwin()
    steps = ({"do": "fault", "faults": [LOST, LOST]}, {"do": "heal"}, attach())
    assert (await twin.played(scenario(*steps))).status is Status.PASSED
    assert [(method, path) for method, path, _ in twin.asked] == [
        ("POST", "/_twin/faults"),
        ("POST", "/_twin/faults"),
        ("DELETE", "/_twin/faults/fault_2"),
        ("DELETE", "/_twin/faults/fault_1"),
    ]


async def test_an_unclear_fault_is_an_error_in_words() -> None:
    outcome = await FakeTwin().played(scenario({"do": "fault", "faults": [{"kind": "nonsense"}]}))
    assert (outcome.status, "Unknown kind of fault" in outcome.message) == (Status.ERROR, True)


async def test_what_is_done_in_the_dashboard_is_done_to_what_the_customer_has() -> None:
    twin = FakeTwin()
    steps = (
        attach(),
        {"do": "stripe", "action": "cancel_now"},
        {"do": "stripe", "action": "refund", "amount": 500},
        {"do": "stripe", "action": "delete_customer"},
    )
    assert (await twin.played(scenario(*steps))).status is Status.PASSED
    asked = [body for _, _, body in twin.asked]
    assert asked[0] == {"action": "cancel_now", "subscription": "sub_1"}
    assert asked[1] == {"action": "refund", "invoice": "in_0", "amount": 500}
    assert asked[2]["customer"].startswith("cus_an-example")


async def test_what_the_customer_does_not_have_is_told() -> None:
    outcome = await FakeTwin().played(scenario({"do": "stripe", "action": "cancel_now"}))
    assert outcome.status is Status.ERROR
    assert "no subscription at Stripe" in outcome.message


async def test_without_a_twin_such_steps_are_unsupported() -> None:
    for step in ({"do": "fault", "faults": [LOST]}, {"do": "stripe", "action": "cancel_now"}):
        async with FakeWallstreet().client() as api:
            outcome = await Runner(Door(api)).play(Found(Path("example.yaml"), scenario(step)))
        assert outcome.status is Status.UNSUPPORTED
        assert "without a twin" in outcome.message
